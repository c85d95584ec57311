"""Commands about incidents."""

import json

from monitor.cli.exits import Exit
from tests.cli.conftest import Run
from tests.daemon.firms import Scene


def test_every_break_that_stands_is_in_an_incident(
    tieout: Run, firm: Scene, looked_at: object
) -> None:
    variables = firm.environment()
    ran = tieout("incidents", "-l", firm.landscape, "--json", variables=variables)
    assert ran.status == Exit.BREAKS
    told = json.loads(ran.out)
    assert sum(each["standing"] for each in told) == len(firm.planted())
    assert {each["history"][0]["kind"] for each in told} == {"opened"}
    shown = tieout("incidents", "-l", firm.landscape, variables=variables)
    assert len(shown.out.splitlines()) >= len(told) + 1


def test_somebody_looks_after_an_incident_and_the_list_says_so(
    tieout: Run, firm: Scene, looked_at: object
) -> None:
    place, variables = ("-l", firm.landscape), firm.environment()
    number = json.loads(tieout("incidents", *place, "--json", variables=variables).out)[0]["id"]
    ran = tieout("acknowledge", number, *place, "--who", "anna", "--for", "2h", variables=variables)
    assert ran.status == Exit.IN_ORDER
    assert ran.out.startswith(f"anna looks after incident {number} until ")
    told = json.loads(tieout("incidents", *place, "--json", variables=variables).out)
    (mine,) = [each for each in told if each["id"] == number]
    assert (mine["state"], mine["acknowledged_by"]) == ("acknowledged", "anna")
    assert mine["history"][-1]["who"] == "anna"


def test_what_cannot_be_looked_after_is_refused(
    tieout: Run, firm: Scene, looked_at: object
) -> None:
    place, variables = ("-l", firm.landscape), firm.environment()
    unknown = tieout("acknowledge", 9999, *place, "--who", "anna", variables=variables)
    assert (unknown.status, unknown.err) == (Exit.FAILED, "tieout: there is no incident 9999\n")
    for options in (("--who", " "), ("--who", "anna", "--for", "ever")):
        ran = tieout("acknowledge", 1, *place, *options, variables=variables)
        assert ran.status == Exit.REFUSED
