"""A part of the failpoint sweep; `make failpoints` runs all of it."""

from collections.abc import Iterator

import pytest

from monitor.core.corrections import CorrectionState
from monitor.correcting import giving_up, settling
from monitor.correcting.failpoints import Failpoint
from monitor.correcting.judging import Outcome
from tests.correcting.crashes import LATE_ARRIVALS, Medium, Run, Scenario, at_random
from tests.correcting.intermediary import Passage
from tests.correcting.stage import Stage
from tests.correcting.target import Mishap
from tests.correcting.wire import Wire


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Stage:
    return Stage(tmp_path_factory.mktemp("stage"))


@pytest.mark.parametrize("point", list(Failpoint))
def test_a_death_there_neither_doubles_nor_loses_anything(stage: Stage, point: Failpoint) -> None:
    mishap = Mishap.VERY_LATE if point in LATE_ARRIVALS else Mishap.LOST
    result = stage.play(Run(Scenario.REPAIR, ((point, 1),), (mishap,)))
    assert result.violations == []
    assert result.died == 1


@pytest.mark.parametrize("seed", [3, 7])
def test_several_deaths_with_mishaps_and_edits_come_to_an_end(stage: Stage, seed: int) -> None:
    assert stage.play(at_random(seed)).violations == []


def test_who_gives_up_too_early_is_found_out(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """The sweep sees what it is to see."""
    early = Outcome(CorrectionState.FAILED, "It is not there.")
    monkeypatch.setattr(settling, "while_unknown", lambda *_, **__: early)
    monkeypatch.setattr(giving_up, "after_giving_up", lambda *_, **__: None)
    result = stage.play(Run(Scenario.REPAIR, (), (Mishap.LOST,)))
    assert [each for each in result.violations if "says that it did not" in each]


@pytest.fixture(scope="module")
def wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wire]:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("READ_TOKEN", "WRITE_TOKEN", "TARGET_URL"):
            patch.setenv(name, "")  # so that what is set meanwhile is gone afterwards
        with Wire(tmp_path_factory.mktemp("wire")) as made:
            yield made


@pytest.mark.parametrize("passage", [each for each in Passage if each is not Passage.REPLY_LATE])
def test_whatever_lies_between_neither_doubles_nor_loses_anything(
    wire: Wire, passage: Passage
) -> None:
    result = wire.play(Run(Scenario.REPAIR, (), (passage, passage), medium=Medium.HTTP))
    assert result.violations == []
    assert result.met == {passage}


def test_a_killed_process_leaves_nothing_undone_and_nothing_done_twice(wire: Wire) -> None:
    result = wire.kill_at(Failpoint.AFTER_CALL)
    assert result.violations == []
    assert result.died == 1


def test_so_does_one_that_is_killed_while_it_waits_for_an_answer(wire: Wire) -> None:
    result = wire.kill_in_the_call()
    assert result.violations == []
    assert result.died == 1
