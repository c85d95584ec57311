"""A part of the failpoint sweep; `make failpoints` runs all of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.core.corrections import CorrectionState
from monitor.correcting import settling
from monitor.correcting.failpoints import Failpoint
from monitor.correcting.judging import Outcome
from tests.correcting.crashes import Run, Scenario, Stage, at_random
from tests.correcting.kills import Scene
from tests.correcting.target import Mishap


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return Stage(tmp_path_factory.mktemp("stage"))


@pytest.mark.parametrize("point", list(Failpoint))
def test_a_death_there_neither_doubles_nor_loses_anything(stage: Stage, point: Failpoint) -> None:
    result = stage.play(Run(Scenario.REPAIR, ((point, 1),), (Mishap.LOST,)))
    assert result.violations == []
    assert result.died == 1


@pytest.mark.parametrize("seed", [3, 7])
def test_several_deaths_with_mishaps_and_edits_come_to_an_end(stage: Stage, seed: int) -> None:
    assert stage.play(at_random(seed)).violations == []


def test_who_gives_up_too_early_is_found_out(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sweep sees what it is to see."""
    early = Outcome(CorrectionState.FAILED, "It is not there.")
    monkeypatch.setattr(settling, "while_unknown", lambda *_, **__: early)
    result = stage.play(Run(Scenario.REPAIR, (), (Mishap.LOST,)))
    assert [each for each in result.violations if "says that it did not" in each]


@pytest.fixture
def scene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    for name in ("READ_TOKEN", "WRITE_TOKEN", "TARGET_URL"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv(name, "")  # so that what is set meanwhile is gone afterwards
    with Scene(tmp_path) as made:
        yield made


def test_a_killed_process_leaves_nothing_undone_and_nothing_done_twice(scene: Scene) -> None:
    result = scene.kill_at(Failpoint.AFTER_CALL)
    assert result.violations == []
    assert result.died == 1
