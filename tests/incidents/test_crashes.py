"""Processes killed at every step of telling Slack, and two of them on one store.

A part of the sweep; `python -m tests.incidents.sweep` and the end-to-end tests run more of it.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import PostgreSQL, SQLite
from tests.incidents.crashes import Result, Run, Shift, Stage, at_random, down_for_an_hour
from tests.incidents.killed import Step
from tests.incidents.sweep import deaths_at


@pytest.fixture(scope="module")
def stage(sqlite: SQLite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    store = sqlite.migrated(tmp_path_factory.mktemp("store"))
    with Stage(tmp_path_factory.mktemp("stage"), store) as made:
        yield made


@pytest.mark.parametrize("step", list(Step))
def test_a_death_there_loses_nothing_and_says_nothing_twice(stage: Stage, step: Step) -> None:
    results = deaths_at(stage, step)
    assert [why for each in results for why in each.violations] == []
    assert sum(each.died for each in results) >= 5


def test_after_an_hour_without_slack_every_one_is_told_once(stage: Stage) -> None:
    result = stage.play(down_for_an_hour())
    assert (result.violations, result.told) == ([], 5)


def test_a_conversation_that_cannot_be_read_may_hear_twice_and_misses_nothing(
    stage: Stage,
) -> None:
    death = (Step.AFTER_CALL, 5)  # Slack has the first new message, and nobody knows
    result = stage.play(Run((Shift(10, (death,)),), can_tell=False))
    assert (result.died, result.violations) == (1, [])
    assert result.told == 6


@pytest.mark.parametrize("seed", [1, 2])
def test_two_side_by_side_on_one_server_say_it_once(
    postgresql: PostgreSQL, tmp_path: Path, seed: int
) -> None:
    with Stage(tmp_path, postgresql.emptied()) as stage:
        assert stage.play(at_random(seed, side_by_side=2)).violations == []


def test_two_that_nobody_kills_say_it_once(postgresql: PostgreSQL, tmp_path: Path) -> None:
    with Stage(tmp_path, postgresql.emptied()) as stage:
        result = stage.play(Run((Shift(10, (None, None)),)))
    assert (result.violations, result.told) == ([], 5)


def test_what_is_told_twice_is_found_out(stage: Stage) -> None:
    """The sweep sees what it is to see."""
    run = Run(())
    stage.play(run)
    stage.slack.messages.append(stage.slack.messages[0])
    lost = stage.slack.messages.pop(1)
    result = Result(run)
    stage.judge(result)
    assert {why.split(":")[0] for why in result.violations} == {"told 2 times", "never told"}
    assert lost["text"].startswith("Resolved: ")
