"""Hand-offs that are slower than usual: what is measured, and when it is told."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.breaks import BreakKind, Severity
from monitor.core.model import StreamId
from monitor.core.ports import INSTANT
from monitor.core.statistics import Hop, HopDay, Statistics, class_of
from monitor.estate import HandOff
from monitor.single_pass import pass_once
from monitor.store.database import Database
from monitor.store.statistics import load_statistics
from monitor.transits import measure_transits, transits_of
from tests.cycle.small_firm import OPPORTUNITY, PROJECT, START, SmallFirm
from tests.watches.streams import DEALS, NOW, PROJECTS, build, found

HOP = Hop("sales", "won-to-project")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
TUESDAY = NOW + DAY


def history(typical: timedelta, deals: int = 8, weeks: int = 9) -> dict[date, HopDay]:
    return {
        NOW.date() - timedelta(weeks=week): HopDay({class_of(typical): deals})
        for week in range(weeks)
    }


def hints(days: Mapping[date, HopDay], seen: tuple[StreamId, ...] = (PROJECTS,)) -> list[str]:
    statistics = Statistics(hops={HOP: days})
    return [each.hop for each in found(build("latency"), statistics, TUESDAY, seen)]


def test_a_hand_off_far_slower_than_usual_is_told_as_a_hint() -> None:
    days = history(HOUR)
    assert hints(days) == []
    days[NOW.date()] = HopDay({class_of(3 * HOUR): 8})
    assert hints(days) == ["won-to-project"]
    (hint,) = found(build("latency"), Statistics(hops={HOP: days}), TUESDAY)
    assert (hint.kind, hint.severity) == (BreakKind.ANOMALY, Severity.INFO)
    assert (hint.transaction, hint.owner) == ("hand-off:sales/won-to-project", "delivery")


def test_a_little_slower_or_much_faster_is_no_hint() -> None:
    days = history(HOUR)
    for length in (HOUR * 3 / 2, MINUTE):
        days[NOW.date()] = HopDay({class_of(length): 8})
        assert hints(days) == []


def test_few_deals_or_little_history_say_nothing() -> None:
    slow = HopDay({class_of(30 * HOUR): 4})
    assert hints({**history(HOUR), NOW.date(): slow}) == []
    slow = HopDay({class_of(30 * HOUR): 8})
    assert hints({**history(HOUR, weeks=4), NOW.date(): slow}) == []


def test_a_hand_off_that_always_varied_is_given_room() -> None:
    days = history(HOUR)
    for week in range(1, 9):
        swing = HOUR * 4 if week % 2 else HOUR / 4
        days[NOW.date() - timedelta(weeks=week)] = HopDay({class_of(swing): 8})
    days[NOW.date()] = HopDay({class_of(6 * HOUR): 8})
    assert hints(days) == []


def test_a_blind_end_gives_no_hint() -> None:
    days = {**history(HOUR), NOW.date(): HopDay({class_of(30 * HOUR): 8})}
    assert hints(days, seen=(DEALS,)) == []


def test_a_flow_that_does_not_exist_cannot_be_watched() -> None:
    with pytest.raises(ValueError, match="unknown flow 'purchase'"):
        build("latency", flows=["purchase"])


@given(st.integers(1, 10_000_000), st.integers(1, 200))
def test_the_median_of_a_day_is_true_to_a_tenth(seconds: int, deals: int) -> None:
    day = HopDay({class_of(timedelta(seconds=seconds)): deals})
    assert day.typical().total_seconds() == pytest.approx(seconds, rel=0.1)


HAND_OFF = HandOff("won-to-project", DEALS, PROJECTS, "closed_at", "created_at")


def frame(field: str, rows: list[tuple[str, str, datetime | None, list[str]]]) -> pl.DataFrame:
    schema = {
        "_transaction": pl.String(),
        "_record": pl.String(),
        field: INSTANT,
        "_keys": pl.List(pl.String()),
    }
    return pl.DataFrame(rows, schema=schema, orient="row")


def test_the_time_runs_from_the_latest_start_before_the_first_arrival() -> None:
    up = frame(
        "closed_at",
        [
            ("D1", "o1", NOW - 9 * HOUR, []),
            ("D1", "o2", NOW - 2 * HOUR, []),
            ("D1", "o3", NOW + HOUR, []),
            ("D2", "o4", None, []),
        ],
    )
    down = frame("created_at", [("D1", "p1", NOW, []), ("D1", "p2", NOW + HOUR, [])])
    assert transits_of(up, down, HAND_OFF, ["p1", "p2"]) == {NOW.date(): {class_of(2 * HOUR): 1}}


def test_what_was_counted_before_or_has_no_start_is_not_counted() -> None:
    up = frame("closed_at", [("D1", "o1", NOW - HOUR, []), ("D2", "o2", NOW + HOUR, [])])
    down = frame("created_at", [("D1", "p1", NOW, []), ("D2", "p2", NOW, [])])
    assert transits_of(up, down, HAND_OFF, ["p2"]) == {}


def test_records_are_paired_by_their_key_where_the_hand_off_says_so() -> None:
    paired = replace(HAND_OFF, match="order")
    up = frame(
        "closed_at",
        [
            ("D1", "o1", NOW - HOUR, ["order:A"]),
            ("D1", "o2", NOW - 4 * HOUR, ["order:B", "deal:D"]),
        ],
    )
    down = frame("created_at", [("D1", "p1", NOW, ["order:B"]), ("D1", "p2", NOW, ["order:A"])])
    assert transits_of(up, down, paired, ["p1", "p2"]) == {
        NOW.date(): {class_of(HOUR): 1, class_of(4 * HOUR): 1}
    }


def test_every_arrival_is_counted_once_however_often_is_measured(database: Database) -> None:
    firm = SmallFirm(database)
    (flow,) = firm.estate.flows
    hand_off = HandOff("won-to-project", OPPORTUNITY, PROJECT, "closed_at")
    firm.estate = replace(firm.estate, flows=(replace(flow, hand_offs=(hand_off,)),))
    for number in range(5):
        firm.win(f"D{number}")
    firm.later(hours=1)
    for number in range(3):
        firm.staff(f"D{number}")
    for _ in range(3):
        pass_once(firm.estate, firm.runtime)
        measure_transits(firm.estate, {HOP}, database, firm.clock())
        firm.later(hours=1)
    firm.staff("D3")
    firm.staff("D0", amount="7")
    pass_once(firm.estate, firm.runtime)
    measure_transits(firm.estate, {HOP}, database, firm.clock())
    with database.read() as connection:
        days = load_statistics(connection, firm.clock()).hops[HOP]
    assert days == {
        START.astimezone(UTC).date(): HopDay({class_of(HOUR): 3, class_of(4 * HOUR): 1})
    }
