"""The commands about controls, over the simulated firm; it is a stand-in of our own."""

import csv
import io
import json
import zipfile
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.daemon.firms import Scene

CONTROLS = """
controls:
  contracts-complete:
    title: Won deals are under contract
    objective: Every won deal is under contract within a week, at the amount that was won.
    owner: sales-operations
    frequency: 1h
    precision: One deal; one unit of the currency.
    assertions: [completeness, accuracy]
    flow: sales-to-cash
    rules: [contract-signed, contracted-amount]
"""


@pytest.fixture(scope="session")
def controlled(firm: Scene) -> Path:
    """The firm's landscape with a control and a folder for keys."""
    path = firm.folder / "controlled.yaml"
    settings = firm.landscape.read_text("utf-8")
    keys = firm.folder / "control-keys"
    path.write_text(f"{settings}\nevidence:\n  keys: {keys}\n{CONTROLS}", "utf-8")
    return path


@pytest.fixture
def applied(firm: Scene, controlled: Path, tieout: Run) -> dict[str, str]:
    """The landscape was applied to a store of its own; the variables that lead to it."""
    variables = firm.environment("controlled.db")
    if not (firm.folder / "controlled.db").exists():
        assert tieout("once", controlled, variables=variables).status == 1
    return variables


def test_check_names_the_rules_that_no_control_stands_on(
    tieout: Run, firm: Scene, controlled: Path
) -> None:
    ran = tieout("check", controlled, variables=firm.environment())
    assert "no control stands on sales-to-cash.project-opened" in ran.out
    assert "contract-signed" not in ran.out


def test_a_card_says_what_the_control_is_and_when_it_did_not_run(
    tieout: Run, controlled: Path, applied: dict[str, str]
) -> None:
    ran = tieout("control", "show", "-l", controlled, "contracts-complete", variables=applied)
    # It was looked at once; for the rest of the last thirty days nobody can say.
    assert ran.status == 4
    assert "MISSED" in ran.out
    assert "assertions  completeness, accuracy" in ran.out
    assert "rule        sales-to-cash.contract-signed, version" in ran.out
    listed = tieout("control", "list", "-l", controlled, "--json", variables=applied)
    (card,) = json.loads(listed.out)
    assert card["exceptions"]["standing"] == card["exceptions"]["opened"] > 0


def test_a_control_that_is_not_there_is_refused(
    tieout: Run, controlled: Path, applied: dict[str, str]
) -> None:
    for command in (("control", "show"), ("control", "diff"), ("report", "--control")):
        words = (*command, "strange", "-l", controlled, "--from", "2026-01-01")
        ran = tieout(*words, variables=applied)
        assert (ran.status, "contracts-complete" in ran.err) == (2, True)


def test_the_difference_of_two_landscapes_is_told_from_the_store(
    tieout: Run, firm: Scene, controlled: Path, applied: dict[str, str]
) -> None:
    other = firm.folder / "other.yaml"
    text = controlled.read_text("utf-8").replace("within: 7d", "within: 9d")
    other.write_text(text.replace("precision: One deal;", "precision: Two deals;"), "utf-8")
    tieout("once", other, variables=applied)
    ran = tieout("control", "diff", "contracts-complete", "-l", other, variables=applied)
    assert ran.status == 1
    assert "hand_offs.contract-signed.within was changed from" in ran.out
    assert "controls.contracts-complete.precision was changed from" in ran.out
    tieout("once", controlled, variables=applied)


def test_a_pack_of_a_control_asks_its_rules_alone_and_verifies(
    tieout: Run, firm: Scene, controlled: Path, applied: dict[str, str], tmp_path: Path
) -> None:
    if not (firm.folder / "control-keys").exists():
        assert tieout("keys", "create", "-l", controlled, variables=applied).status == 0
    out = tmp_path / "pack.zip"
    words = ("--control", "contracts-complete", "--from", "2026-01-01", "--out", out, "--json")
    made = tieout("report", "-l", controlled, *words, variables=applied)
    assert made.status in {1, 5}, made.err
    with zipfile.ZipFile(out) as pack:
        text = pack.read("tables/exceptions.csv").decode()
        manifest = json.loads(pack.read("manifest.json"))
        runs = pack.read("tables/control_runs.csv").decode()
    assert "missed" in {row["outcome"] for row in csv.DictReader(io.StringIO(runs))}
    rules = {row["rule"] for row in csv.DictReader(io.StringIO(text, newline=""))}
    assert rules
    assert rules <= {"contract-signed", "contracted-amount"}
    assert manifest["request"]["subject"] == "control"
    assert tieout("verify", out).status == 0
    number = json.loads(made.out)["report"]
    signing = ("signoff", number, "-l", controlled, "--as", "preparer", "--who", "ann")
    assert tieout(*signing, variables=applied).status == 0
    shown = tieout("control", "show", "contracts-complete", "-l", controlled, variables=applied)
    assert f"signed      report {number} by ann as preparer" in shown.out
