"""The drawn way of a deal."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.circumstances import HopState
from monitor.core.model import StreamId
from monitor.core.transactions import TransactionStatus
from monitor.reports.deal import DealTrace, Hop, Stop
from monitor.reports.timeline import MarkKind, draw_timeline, tell_time

START = datetime(2026, 1, 5, 9, tzinfo=UTC)
CRM, PSA, ERP, BUS = (
    StreamId("crm", "opportunity"),
    StreamId("psa", "project"),
    StreamId("erp", "project"),
    StreamId("bus", "message"),
)


def stop(stream: StreamId, at: datetime | None, *, deleted: bool = False) -> Stop:
    entity = "message" if stream == BUS else stream.stream
    return Stop(stream, entity, f"{stream.system}-1", at, {}, deleted)


def traced(stops: Sequence[Stop], *hops: Hop) -> DealTrace:
    return DealTrace("sales", "D1", TransactionStatus.MATCHED, START, hops, stops, (), {})


def test_each_system_has_a_lane_in_the_order_of_the_flow() -> None:
    hops = (Hop("a", CRM, PSA, HopState.DONE), Hop("b", PSA, ERP, HopState.MISSING))
    drawn = draw_timeline(traced([stop(BUS, START), stop(CRM, START)], *hops))
    assert [lane.name for lane in drawn.lanes] == ["crm", "psa", "erp", "bus"]
    assert len({lane.y for lane in drawn.lanes}) == 4


def test_a_hand_off_leads_to_where_it_arrived_or_to_the_end_where_it_did_not() -> None:
    hops = (Hop("a", CRM, PSA, HopState.DONE), Hop("b", PSA, ERP, HopState.MISSING))
    stops = [stop(CRM, START), stop(PSA, START + timedelta(hours=3)), stop(BUS, START)]
    drawn = draw_timeline(traced(stops, *hops))
    places = {mark.about: (mark.x, mark.y) for mark in drawn.marks}
    arrived, lost = drawn.arrows
    assert (arrived.start, arrived.end) == (places["opportunity crm-1"], places["project psa-1"])
    assert lost.start == places["project psa-1"]
    assert lost.end[1] == next(lane.y for lane in drawn.lanes if lane.name == "erp")


def test_marks_say_what_they_are() -> None:
    drawn = draw_timeline(
        traced(
            [stop(CRM, START), stop(BUS, START), stop(PSA, START, deleted=True), stop(ERP, None)]
        )
    )
    assert [mark.kind for mark in drawn.marks] == [
        MarkKind.RECORD,
        MarkKind.MESSAGE,
        MarkKind.DELETED,
    ]


@given(st.lists(st.integers(0, 10**8), min_size=1, max_size=60))
def test_later_is_always_farther_right_and_inside_the_picture(seconds: list[int]) -> None:
    instants = [START + timedelta(seconds=each) for each in seconds]
    drawn = draw_timeline(traced([stop(CRM, at) for at in instants]))
    marks = sorted(drawn.marks, key=lambda mark: mark.at)
    for before, after in pairwise(marks):
        assert (before.x < after.x) == (before.at < after.at)
    assert all(0 < mark.x < drawn.width and 0 < mark.y < drawn.height for mark in marks)


@pytest.mark.parametrize(
    ("time", "said"),
    [
        (timedelta(days=12, hours=5), "12 d"),
        (timedelta(hours=5, minutes=59), "5 h"),
        (timedelta(minutes=12), "12 min"),
        (timedelta(seconds=8), "8 s"),
    ],
)
def test_a_gap_is_told_in_its_largest_unit(time: timedelta, said: str) -> None:
    assert tell_time(time) == said


def test_a_deal_without_records_is_drawn_empty() -> None:
    drawn = draw_timeline(traced([], Hop("a", CRM, PSA, HopState.NOT_STARTED)))
    assert (drawn.marks, drawn.arrows, drawn.gaps) == ((), (), ())
