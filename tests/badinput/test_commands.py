"""What a person sees of bad input: commands, the page, and the landscape in force."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from monitor.cli.exits import Exit
from tests.badinput.firm import DEALS, LANDSCAPE, MAPPING
from tests.cli.conftest import Run
from tests.servers import Reply, ScriptedServer

CSV = """\
id,deal,budget,status,starts
1,D1,11.00,active,2026-01-05
3,D3,ten,active,2026-01-05
,D4,10.00,active,2026-01-05
"""

SYSTEM = """\
    probe: files
    as_of: now
    settle: 0s
    streams:
      project:
        path: "${env:DATA}/projects.csv"
"""


@dataclass(frozen=True)
class Folder:
    """A landscape over two files, and the variables behind its references."""

    path: Path

    @property
    def landscape(self) -> Path:
        return self.path / "landscape.yaml"

    @property
    def variables(self) -> dict[str, str]:
        return {"DATA": str(self.path), "STORE": f"sqlite:///{self.path / 'tieout.db'}"}

    def write(self, name: str, text: str) -> None:
        (self.path / name).write_text(text, encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path)
    store = "store: {url: '${env:STORE}'}\n"
    made.write("landscape.yaml", store + LANDSCAPE + SYSTEM + MAPPING.replace("PREFIX", ""))
    made.write("opportunities.jsonl", "".join(f"{json.dumps(row)}\n" for row in DEALS))
    made.write("projects.csv", CSV)
    return made


def test_once_counts_what_was_set_aside(tieout: Run, folder: Folder) -> None:
    told = json.loads(tieout("once", folder.landscape, "--json", variables=folder.variables).out)
    assert told["quarantine"] == {"psa.project": 2}
    looks = {look["stream"]: look["set_aside"] for look in told["pass"]["looks"]}
    assert looks == {"crm.opportunity": 0, "psa.project": 2}
    said = tieout("once", folder.landscape, variables=folder.variables)
    assert "set aside: 2 rows of psa.project could not be read; see tieout quarantine" in said.out
    assert said.status == Exit.BREAKS


def test_quarantine_names_stream_record_reason_file_and_line(tieout: Run, folder: Folder) -> None:
    tieout("once", folder.landscape, variables=folder.variables)
    ran = tieout("quarantine", "-l", folder.landscape, "--json", variables=folder.variables)
    assert ran.status == Exit.BLIND
    told = sorted(json.loads(ran.out), key=lambda each: str(each["record"]))
    assert [(each["stream"], each["record"], each["reason"], each["detail"]) for each in told] == [
        ("psa.project", "3", "wrong_type",
         "projects.csv line 3: 'amount' should be a number, is other text"),
        ("psa.project", None, "no_id", "projects.csv line 4: 'id' holds no identifier"),
    ]  # fmt: skip
    assert all(each["first_seen_at"] <= each["last_seen_at"] for each in told)
    assert not any("payload" in each for each in told)


def test_quarantine_shows_what_was_sent_only_when_asked(tieout: Run, folder: Folder) -> None:
    tieout("once", folder.landscape, variables=folder.variables)
    listed = tieout("quarantine", "-l", folder.landscape, variables=folder.variables)
    assert "(no id)" in listed.out
    assert '"budget"' not in listed.out
    whole = tieout("quarantine", "-l", folder.landscape, "--payload", variables=folder.variables)
    assert '"budget": "ten"' in whole.out


def test_quarantine_is_empty_for_other_systems_and_once_the_rows_are_mended(
    tieout: Run, folder: Folder
) -> None:
    tieout("once", folder.landscape, variables=folder.variables)
    ran = tieout(
        "quarantine", "-l", folder.landscape, "--system", "crm", variables=folder.variables
    )
    assert (ran.status, ran.out) == (Exit.IN_ORDER, "no row is set aside\n")
    folder.write("projects.csv", CSV.replace("ten", "10.00").replace("\n,D4", "\n4,D4"))
    tieout("once", folder.landscape, variables=folder.variables)
    ran = tieout("quarantine", "-l", folder.landscape, variables=folder.variables)
    assert (ran.status, ran.out) == (Exit.IN_ORDER, "no row is set aside\n")


def test_once_says_of_a_blind_stream_why(tieout: Run, folder: Folder) -> None:
    folder.write("projects.csv", CSV.replace("budget", "budgets"))
    ran = tieout("once", folder.landscape, variables=folder.variables)
    why = "projects.csv has no column 'budget'; did you mean 'budgets'?"
    assert ran.status == Exit.BLIND
    assert f"blind: psa.project (never seen: {why}); what needs it is unknown" in ran.out
    told = json.loads(tieout("once", folder.landscape, "--json", variables=folder.variables).out)
    assert told["failures"] == {"psa.project": why}


def test_names_of_records_cannot_steer_the_terminal(tieout: Run, folder: Folder) -> None:
    name = "3\x1b]0;owned\x07\x9b31m"
    folder.write("projects.csv", CSV.replace("\n3,", f"\n{name},"))
    folder.write("opportunities.jsonl", json.dumps({"id": f"D1{name}", "amount": "1"}))
    tieout("once", folder.landscape, variables=folder.variables)
    for words in (("quarantine", "--payload"), ("transactions",), ("breaks",)):
        said = tieout(*words, "-l", folder.landscape, variables=folder.variables).out
        assert not {"\x1b", "\x07", "\x9b"} & set(said)
        assert "\u241b]0;" in said or words == ("breaks",)


def test_check_shows_the_landscape_in_force_without_its_secrets(
    tieout: Run, folder: Folder
) -> None:
    ran = tieout("check", folder.landscape, "--effective", variables=folder.variables)
    assert ran.status == Exit.IN_ORDER
    told = json.loads(ran.out)
    assert told["store"]["url"] == "${env:STORE}"
    project = told["systems"]["psa"]["streams"]["project"]
    assert project["path"] == "${env:DATA}/projects.csv"
    assert project["stale_after"] == "PT15M"
    assert str(folder.path) not in ran.out


def test_a_sample_names_the_record_that_cannot_be_read(tieout: Run, folder: Folder) -> None:
    ran = tieout("check", "--sample", folder.landscape, variables=folder.variables)
    assert ran.status == Exit.BLIND
    assert "3: projects.csv line 3: 'amount' should be a number, is other text" in ran.out


def test_a_path_that_leads_nowhere_is_answered_with_what_is_there(
    tieout: Run, folder: Folder
) -> None:
    system = "    probe: rest\n    base_url: ${env:PSA}\n    streams:\n      project:\n"
    read = "        read: {path: /projects, select: data}\n"
    landscape = LANDSCAPE + system + read + MAPPING.replace("PREFIX", "")
    folder.write("landscape.yaml", landscape)
    with ScriptedServer({"/projects": Reply({"items": [], "next": None})}) as server:
        variables = {**folder.variables, "PSA": server.url}
        said = tieout("check", "--sample", folder.landscape, variables=variables).out
        assert "the answer has nothing at 'data'; it has items, next" in said
        refused = tieout("check", folder.landscape, variables={**variables, "PSA": "nowhere"})
        assert "expected an address such as https://crm.firm.example" in refused.err


def test_a_store_in_a_folder_that_is_not_there_is_said_so(tieout: Run, folder: Folder) -> None:
    variables = {**folder.variables, "STORE": f"sqlite:///{folder.path}/none/tieout.db"}
    ran = tieout("once", folder.landscape, variables=variables)
    assert ran.status == Exit.FAILED
    assert "does its folder exist?" in ran.err
