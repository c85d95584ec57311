"""When versions hold, by their stamps and by when they were seen."""

import random
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.store.columns import from_microseconds, to_microseconds
from monitor.store.past import VERSIONS, place_in_time, state_at

START = datetime(2026, 1, 1, tzinfo=UTC)

Stamped = tuple[int | None, int]
"""Minutes of a version's stamp and of when it was seen."""


def versions(*records: list[Stamped]) -> pl.DataFrame:
    rows = [
        (
            number, sequence, "crm.opportunity", f"r{number}", "[]",
            None if stamp is None else micros(stamp), None, micros(seen), False, f"{sequence}",
        )
        for number, chain in enumerate(records, start=1)
        for sequence, (stamp, seen) in enumerate(chain)
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=VERSIONS, orient="row")


def micros(minute: int) -> int:
    return to_microseconds(at(minute))


def at(minute: int) -> datetime:
    return START + timedelta(minutes=minute)


@pytest.mark.parametrize(
    ("chain", "held_from"),
    [
        # Each from its stamp, though seen a little later.
        ([(10, 12), (20, 22)], [10, 20]),
        # A stamp ahead of its time: it was there when it was seen.
        ([(15, 12)], [12]),
        # Without a stamp, or with the one before: a record found deleted.
        ([(None, 12), (None, 22)], [12, 22]),
        ([(10, 12), (10, 32)], [10, 32]),
        # A source restored from a copy: an older stamp is no word on when.
        ([(10, 12), (5, 32)], [10, 32]),
        # A late stamp cannot hold before the version that it replaced.
        ([(10, 12), (None, 30), (20, 40)], [10, 30, 30]),
    ],
)
def test_a_version_holds_from(chain: list[Stamped], held_from: list[int]) -> None:
    placed = place_in_time(versions(chain))
    assert [from_microseconds(each) for each in placed["held_from"]] == [
        at(each) for each in held_from
    ]
    assert placed["held_until"].to_list() == [*placed["held_from"].to_list()[1:], None]


def test_a_version_stamped_anew_holds_from_its_first_stamp() -> None:
    stored = versions([(40, 12), (50, 52)]).with_columns(
        first_stamp=pl.Series([micros(10), None], dtype=pl.Int64)
    )
    placed = place_in_time(stored)
    assert placed["held_from"].to_list() == [micros(10), micros(50)]
    assert state_at(placed, at(30))["modified_at"].to_list() == [micros(10)]
    assert state_at(placed, at(45))["modified_at"].to_list() == [micros(40)]


chains = st.lists(
    st.tuples(st.none() | st.integers(0, 90), st.integers(0, 9)), min_size=1, max_size=6
).map(lambda steps: [(stamp, 10 * place + later) for place, (stamp, later) in enumerate(steps)])


@settings(deadline=None)
@given(records=st.lists(chains, min_size=1, max_size=4), shuffle=st.integers())
def test_at_each_instant_at_most_one_version_holds_and_none_is_seen_too_late(
    records: list[list[Stamped]], shuffle: int
) -> None:
    stored = versions(*records)
    order = list(range(stored.height))
    random.Random(shuffle).shuffle(order)
    placed = place_in_time(stored[order])
    assert placed.equals(place_in_time(stored))
    for minute in range(0, 100, 3):
        held = state_at(placed, at(minute))
        assert held["record"].is_unique().all()
        for number, chain in enumerate(records, start=1):
            # What had been seen by then holds, unless its stamp was overtaken by a later one.
            seen = [place for place, (_, when) in enumerate(chain) if when <= minute]
            now = held.filter(pl.col("record") == number)["sequence"].to_list()
            assert not seen or now >= [seen[-1]]
        stamps = held["modified_at"].drop_nulls().to_list() + held["observed_at"].to_list()
        assert all(stamp <= micros(minute) for stamp in stamps)
