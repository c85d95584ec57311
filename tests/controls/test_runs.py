"""A control looked while all of its streams were looked at; longer gaps are its exceptions."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.controls.runs import Stretch, runs_of
from monitor.core.model import StreamId
from monitor.store.looks import LookSpan

START = datetime(2026, 3, 1, tzinfo=UTC)
CRM, ERP = StreamId("crm", "opportunity"), StreamId("erp", "invoice")
HOUR = timedelta(hours=1)


def at(hour: int) -> datetime:
    return START + hour * HOUR


def spans(*hours: tuple[int, int]) -> list[LookSpan]:
    return [LookSpan(at(since), at(until), at(until)) for since, until in hours]


def stretches(*hours: tuple[int, int]) -> list[Stretch]:
    return [Stretch(at(since), at(until)) for since, until in hours]


def test_a_control_looked_while_all_of_its_streams_were() -> None:
    seen = {CRM: spans((0, 10)), ERP: spans((2, 4), (5, 12))}
    runs = runs_of([CRM, ERP], seen, at(0), at(12), 2 * HOUR)
    assert runs.stretches == stretches((2, 10))
    assert runs.missed == stretches()


def test_looks_of_a_night_each_are_a_run_where_a_day_may_pass() -> None:
    seen = {CRM: spans((1, 1), (25, 25), (49, 49)), ERP: spans((2, 2), (26, 26), (50, 50))}
    runs = runs_of([CRM, ERP], seen, at(0), at(50), 25 * HOUR)
    assert runs == (stretches((2, 49)), [])
    assert runs_of([CRM, ERP], seen, at(0), at(50), 23 * HOUR).missed == stretches((0, 50))


@pytest.mark.parametrize(
    ("seen", "missed"),
    [
        ([(0, 4), (8, 12)], [(4, 8)]),
        ([(4, 12)], [(0, 4)]),
        ([(0, 6)], [(6, 12)]),
        ([], [(0, 12)]),
        ([(0, 3), (5, 5), (7, 12)], []),
    ],
)
def test_what_was_longer_than_its_frequency_is_missed(
    seen: list[tuple[int, int]], missed: list[tuple[int, int]]
) -> None:
    runs = runs_of([CRM], {CRM: spans(*seen)}, at(0), at(12), 2 * HOUR)
    assert runs.missed == stretches(*missed)


def test_a_stream_that_was_never_looked_at_leaves_its_control_without_a_run() -> None:
    runs = runs_of([CRM, ERP], {CRM: spans((0, 12))}, at(0), at(12), HOUR)
    assert runs == ([], stretches((0, 12)))


def is_covered(own: list[LookSpan], moment: datetime, frequency: timedelta) -> bool:
    """Whether a stream was looked at around a moment, and not longer apart than that."""
    before = [each for each in own if each.seen_from < moment]
    after = [each for each in own if each.seen_until > moment]
    return bool(before and after) and after[0].seen_from - before[-1].seen_until <= frequency


hours = st.sets(st.integers(0, 48), max_size=12).map(sorted)


@given(first=hours, second=hours, frequency=st.integers(1, 6))
def test_every_hour_is_looked_at_missed_or_within_the_frequency(
    first: list[int], second: list[int], frequency: int
) -> None:
    seen = {
        stream: spans(*zip(each[::2], each[1::2], strict=False))
        for stream, each in ((CRM, first), (ERP, second))
    }
    runs = runs_of(seen.keys(), seen, at(0), at(48), frequency * HOUR)
    for hour in range(48):
        middle = at(hour) + HOUR / 2
        looked = all(is_covered(own, middle, frequency * HOUR) for own in seen.values())
        assert looked == any(since < middle < until for since, until in runs.stretches)
        assert not (looked and any(since < middle < until for since, until in runs.missed))
    assert all(stretch.length > frequency * HOUR for stretch in runs.missed)
