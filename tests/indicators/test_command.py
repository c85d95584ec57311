"""`tieout indicators` as people type it."""

import json
from fractions import Fraction
from pathlib import Path

import pytest

from monitor.indicators.table import INDICATORS
from tests.cli.conftest import Ran, Run
from tests.daemon.firms import Scene


@pytest.fixture
def ask(tieout: Run, firm: Scene, looked_at: Path) -> Run:
    def run(*words: str) -> Ran:
        return tieout("indicators", "-l", looked_at, *words, variables=firm.environment())

    return run


def test_every_indicator_is_told_to_people(ask: Run) -> None:
    told = ask("--since", "2020-01-01")
    assert told.status == 0
    for definition in INDICATORS.values():
        assert f"\n {definition.title} " in told.out
    assert "by the firm's assumption" in told.out


def test_machines_get_exact_figures(ask: Run) -> None:
    told = ask("--since", "2020-01-01", "--json")
    (flow,) = json.loads(told.out)
    figures = {(each["indicator"], each["part"]): each for each in flow["figures"]}
    assert {name for name, _ in figures} == {each.value for each in INDICATORS}
    matched = figures["match_rate", ""]
    assert Fraction(matched["ratio"]) == Fraction(matched["part_count"], matched["count"])
    assert set(figures["hand_off_time", "project-opened"]["plain"]) == {"p50", "p90", "p99", "max"}
    assert flow["blind"] == []


def test_a_time_in_which_nothing_happened_has_nothing_to_compare(ask: Run) -> None:
    told = ask("--since", "1999-01-01", "--until", "1999-12-31", "--json")
    (flow,) = json.loads(told.out)
    shares = [each for each in flow["figures"] if "ratio" in each]
    assert {(each["count"], each["ratio"]) for each in shares} == {(0, None)}
    assert "nothing to compare" in ask("--since", "1999-01-01", "--until", "1999-12-31").out


def test_a_time_that_ends_before_it_begins_is_refused(ask: Run) -> None:
    told = ask("--since", "2026-02-01", "--until", "2026-01-01")
    assert told.status == 2
    assert "must begin before it ends" in told.err


def test_parts_of_the_firm_are_told_when_asked_for(ask: Run) -> None:
    assert ask("--by", "region").status == 0
