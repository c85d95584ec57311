"""The commands `explain`, `baseline`, `ignore` and `ignores` on the simulated firm."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from monitor.cli.exits import Exit
from tests.cli.conftest import Run
from tests.daemon.firms import Scene, scene

SAID = ("--owner", "ann", "--reason", "known since spring")


@pytest.fixture(scope="module")
def own_firm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """A firm whose store these tests may change."""
    with scene(tmp_path_factory.mktemp("ignored"), seed=4, deals=20) as opened:
        yield opened


@pytest.fixture
def own(own_firm: Scene, tieout: Run) -> Path:
    """Its landscape, looked at."""
    if not (own_firm.folder / "tieout.db").exists():
        assert tieout("once", own_firm.landscape, variables=own_firm.environment()).status == 1
    return own_firm.landscape


def read(tieout: Run, firm: Scene, *words: object) -> Any:
    ran = tieout(*words, "--json", variables=firm.environment())
    assert ran.out, ran.err
    return json.loads(ran.out)


def test_every_planted_break_is_explained(tieout: Run, firm: Scene, looked_at: Path) -> None:
    standing = read(tieout, firm, "breaks", "-l", looked_at)
    one_a_kind = {each["kind"]: each for each in standing}
    assert len(one_a_kind) > 5
    for kind, each in one_a_kind.items():
        told = read(tieout, firm, "explain", each["id"], "-l", looked_at)
        assert told["break"]["kind"] == kind
        assert told["why"].endswith(".")
        assert told["proposed_fix"].endswith(".")
        assert told["rule"]["settings"]
        assert told["since"]["cause"] != "not_repeated"
        assert told["since"]["at"] is not None
        assert told["cohorts"]["compared"] >= 40


def test_an_explanation_reads_as_lines(tieout: Run, firm: Scene, looked_at: Path) -> None:
    first = read(tieout, firm, "breaks", "-l", looked_at)[0]
    ran = tieout("explain", first["id"], "-l", looked_at, variables=firm.environment())
    assert ran.status == Exit.IN_ORDER
    for heading in ("Why ", "Rule ", "Since ", "Before ", "Shared by", "Fix "):
        assert f"\n{heading}" in ran.out


@pytest.mark.parametrize("name", ["ffffffffff", "", "%", "no such"])
def test_a_break_that_does_not_exist_is_refused(
    tieout: Run, firm: Scene, looked_at: Path, name: str
) -> None:
    ran = tieout("explain", name, "-l", looked_at, variables=firm.environment())
    assert ran.status == Exit.REFUSED
    assert f"no break is called '{name}'" in ran.err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--until", "2999-01-01"), "name breaks"),
        (("--rule", "*"), "say with --until"),
        (("--rule", "*", "--until", "2001-01-01"), "lie ahead"),
        (("--rule", "*", "--until", "some day"), "write an instant"),
        (("--end", "1", "--rule", "*"), "--end goes with"),
        (("ffff", "--until", "2999-01-01"), "no break is called 'ffff'"),
    ],
)
def test_an_ignore_that_cannot_be_is_refused(
    tieout: Run, firm: Scene, looked_at: Path, words: tuple[str, ...], why: str
) -> None:
    ran = tieout("ignore", *words, "-l", looked_at, *SAID, variables=firm.environment())
    assert ran.status == Exit.REFUSED
    assert why in " ".join(ran.err.replace("│", " ").split())


def test_an_ignore_without_a_reason_is_refused(tieout: Run, firm: Scene, looked_at: Path) -> None:
    said = ("--owner", "ann", "--reason", " ")
    ran = tieout("baseline", looked_at, *said, variables=firm.environment())
    assert ran.status == Exit.REFUSED


def test_from_the_baseline_to_its_end(tieout: Run, own_firm: Scene, own: Path) -> None:
    standing = {each["id"] for each in read(tieout, own_firm, "breaks", "-l", own)}
    would = read(tieout, own_firm, "baseline", own, *SAID, "--dry-run")
    assert {each["id"] for each in would["suppressed"]} == standing
    assert would["ignore"] is None
    assert read(tieout, own_firm, "ignores", "-l", own) == []

    done = read(tieout, own_firm, "baseline", own, *SAID)
    assert {each["id"] for each in done["suppressed"]} == standing
    ran = tieout("once", own, variables=own_firm.environment())
    assert ran.status == Exit.IN_ORDER
    assert f"ignored: {len(standing)} breaks; at risk:" in ran.out
    ran = tieout("breaks", "-l", own, variables=own_firm.environment())
    assert ran.status == Exit.IN_ORDER
    assert "no breaks stand but ignored ones" in ran.out
    listed = read(tieout, own_firm, "breaks", "-l", own)
    assert {each["state"] for each in listed} == {"suppressed"}
    told = read(tieout, own_firm, "explain", listed[0]["id"], "-l", own)
    assert told["ignored_by"]["owner"] == "ann"

    (kept,) = read(tieout, own_firm, "ignores", "-l", own)
    assert (kept["baseline"], kept["named"], kept["in_force"]) == (True, len(standing), True)
    ended = read(tieout, own_firm, "ignore", "--end", kept["id"], "-l", own, *SAID)
    assert {each["id"] for each in ended["heard_again"]} == standing
    ran = tieout("ignore", "--end", kept["id"], "-l", own, *SAID, variables=own_firm.environment())
    assert (ran.status, "in force" in ran.err) == (Exit.FAILED, True)
    assert read(tieout, own_firm, "ignores", "-l", own) == []
    (gone,) = read(tieout, own_firm, "ignores", "--all", "-l", own)
    assert (gone["ended_by"], gone["in_force"]) == ("ann", False)


def test_a_single_break_is_ignored_until_a_day(tieout: Run, own_firm: Scene, own: Path) -> None:
    first = read(tieout, own_firm, "breaks", "-l", own)[0]
    until = ("--until", "2999-01-01")
    done = read(tieout, own_firm, "ignore", first["id"], *until, "-l", own, *SAID)
    assert [each["id"] for each in done["suppressed"]] == [first["id"]]
    assert done["until"].startswith("2999-01-01T23:59")
    heard = {each["id"]: each["state"] for each in read(tieout, own_firm, "breaks", "-l", own)}
    assert [name for name, state in heard.items() if state == "suppressed"] == [first["id"]]
