"""People choose a definition by what it can do, what it wants, and how far it is proven."""

import json

from monitor.cli.exits import Exit
from probes.definitions.definition import definition_names
from tests.cli.conftest import Run


def test_every_definition_has_a_line_with_its_tier(tieout: Run) -> None:
    ran = tieout("connectors")
    assert ran.status == Exit.IN_ORDER
    lines = {words[0]: words[-1] for line in ran.out.splitlines() if (words := line.split())}
    assert definition_names() == [name for name in lines if name != "use"]
    assert lines["salesforce"] == "B"
    assert lines["workday"] == "D"


def test_one_says_what_must_and_what_may_be_given(tieout: Run) -> None:
    said = tieout("connectors", "docusign").out
    needed, given = (
        said.index("needs, under 'values':"),
        said.index("may be given, under 'values':"),
    )
    assert needed < said.index("account: account id") < given < said.index("otherwise DealId")


def test_what_is_said_is_also_there_as_json(tieout: Run) -> None:
    (told,) = json.loads(tieout("connectors", "docusign", "--json").out)
    assert told["tier"] == "B"
    assert told["values"]["deal_field"] == "DealId"
    assert "by key" in told["abilities"]


def test_a_name_that_is_none_is_refused(tieout: Run) -> None:
    ran = tieout("connectors", "salesfroce")
    assert ran.status == Exit.REFUSED
    assert "there is no definition 'salesfroce'" in ran.err
