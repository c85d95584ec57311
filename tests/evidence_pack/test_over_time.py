"""Plots of a report: times of hand-offs, and how many deals were in order as the period went on."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from monitor.core.statistics import class_of
from monitor.evidence_pack.document import show_length
from monitor.evidence_pack.over_time import POINTS, latency_of, share_in_order
from monitor.store.episodes import EPISODES

START = datetime(2026, 3, 1, tzinfo=UTC)
END = START + timedelta(days=30)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def test_percentiles_are_those_of_the_arrivals_to_within_a_class() -> None:
    times = Counter({class_of(HOUR): 50, class_of(10 * HOUR): 40, class_of(100 * HOUR): 10})
    (row,) = latency_of({"won-to-project": times}).iter_rows(named=True)
    assert (row["hand_off"], row["arrived"]) == ("won-to-project", 100)
    for name, hours in (("p50_seconds", 1), ("p90_seconds", 10), ("p99_seconds", 100)):
        assert row[name] == pytest.approx(3600 * hours, rel=0.2)


def episodes(*stood: tuple[str, datetime, datetime | None]) -> pl.DataFrame:
    rows = [
        {"transaction": deal, "opened_at": opened, "closed_at": closed}
        for deal, opened, closed in stood
    ]
    return pl.concat([pl.DataFrame(schema=EPISODES), pl.DataFrame(rows)], how="diagonal_relaxed")


def test_a_deal_is_out_of_order_from_when_its_break_opened_until_it_closed() -> None:
    told = share_in_order(
        episodes(
            ("D1", START + 5 * DAY, START + 10 * DAY),
            ("D2", START - DAY, None),
            ("D2", START + 5 * DAY, None),
        ),
        START,
        END,
        deals=4,
    )
    assert told["at"][0] == START
    assert told["at"][-1] == END
    broken = dict(told.select("at", "with_breaks").iter_rows())
    assert [broken[START + day * DAY] for day in (0, 4, 5, 9, 10, 30)] == [1, 1, 2, 2, 1, 1]


def test_a_population_without_deals_has_no_share() -> None:
    assert share_in_order(episodes(), START, END, deals=0).height == 0
    assert share_in_order(episodes(), START, END, deals=1).height == POINTS


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(5, "5 s"), (90, "1.5 min"), (7_200, "2.0 h"), (200_000, "2.3 d")],
)
def test_a_length_is_shown_in_the_unit_that_people_would_choose(seconds: int, shown: str) -> None:
    assert show_length(seconds) == shown
