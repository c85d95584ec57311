"""The allowance is kept, by the minute, by the day and by the vendor's quota."""

from datetime import timedelta
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.errors import Reason, Transient
from monitor.core.streams import BudgetSettings
from probes.engine.budget import Budget
from tests.probes.clocks import NOON, FakeTime

MINUTE = timedelta(minutes=1)


def budget(time: FakeTime, calls_today: int = 0, **settings: object) -> Budget:
    return Budget(BudgetSettings.model_validate(settings), time.clock, time.sleep, calls_today)


@given(
    allowed=st.integers(1, 6),
    gaps=st.lists(st.floats(0, 90, allow_nan=False), min_size=1, max_size=60),
    longest=st.floats(0, 120),
)
def test_no_minute_holds_more_calls_than_allowed(
    allowed: int, gaps: list[float], longest: float
) -> None:
    time = FakeTime()
    kept = budget(time, calls_per_minute=allowed)
    made, refusals = [], list[Transient]()
    for gap in gaps:
        time.advance(gap)
        try:
            kept.spend(time.limit(longest))
        except Transient as spent:
            refusals.append(spent)
            continue
        made.append(time.now)
    for first, beyond in zip(made, made[allowed:], strict=False):
        assert beyond - first >= MINUTE
    assert kept.made == len(made)
    assert all(refusal.reason is Reason.BUDGET_SPENT for refusal in refusals)
    assert all((refusal.retry_after or 0) > longest for refusal in refusals)


@given(
    allowed=st.integers(1, 5),
    steps=st.lists(st.tuples(st.floats(0, 40), st.floats(0, 4000)), max_size=40),
)
def test_a_clock_that_is_set_back_neither_blocks_nor_lets_more_through(
    allowed: int, steps: list[tuple[float, float]]
) -> None:
    time = FakeTime()
    kept = budget(time, calls_per_minute=allowed)
    elapsed = FakeTime()
    made = []
    for gap, back in steps:
        time.advance(gap)
        elapsed.advance(gap)
        kept.remaining()
        time.set_back(back)
        before = len(time.slept)
        kept.spend(time.limit(61))
        elapsed.advance(sum(time.slept[before:]))
        made.append(elapsed.now)
    for first, beyond in zip(made, made[allowed:], strict=False):
        assert beyond - first >= MINUTE - timedelta(milliseconds=1)


def test_threads_share_one_minute() -> None:
    time = FakeTime()
    kept = budget(time, calls_per_minute=10)
    refused = []

    def call() -> None:
        for _ in range(5):
            try:
                kept.spend(time.limit(0))
            except Transient as spent:
                refused.append(spent)

    threads = [Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kept.made == 10
    assert len(refused) == 10


def test_the_eleventh_call_waits_for_its_turn() -> None:
    time = FakeTime()
    kept = budget(time, calls_per_minute=10)
    for _ in range(11):
        kept.spend(time.limit(60))
    assert time.now == NOON + MINUTE


def test_calls_of_before_a_restart_count() -> None:
    time = FakeTime()
    kept = budget(time, calls_today=99, calls_per_day=100)
    kept.spend(time.limit())
    with pytest.raises(Transient) as caught:
        kept.spend(time.limit())
    assert caught.value.reason is Reason.BUDGET_SPENT
    assert caught.value.retry_after == 12 * 3600
    assert kept.made == 1


def test_a_new_day_begins_at_midnight_utc() -> None:
    time = FakeTime()
    kept = budget(time, calls_today=100, calls_per_day=100)
    time.advance(12 * 3600 - 1)
    with pytest.raises(Transient):
        kept.spend(time.limit())
    time.advance(1)
    kept.spend(time.limit())
    assert kept.remaining() == {"day": 99}


def test_a_part_of_the_vendors_quota_is_left_to_others() -> None:
    time = FakeTime()
    kept = budget(time, share=0.25, limit_header="X-Limit", remaining_header="X-Left")
    kept.spend(time.limit())
    kept.learn({"x-limit": "100", "x-left": "77"})
    assert kept.remaining() == {"vendor": 2}
    kept.spend(time.limit())
    kept.spend(time.limit())
    with pytest.raises(Transient) as caught:
        kept.spend(time.limit())
    assert caught.value.reason is Reason.BUDGET_SPENT
    assert kept.remaining() == {"vendor": 0}


def test_one_call_a_minute_looks_whether_the_quota_recovered() -> None:
    time = FakeTime()
    kept = budget(time, share=0.5, limit_header="limit", remaining_header="left")
    kept.learn({"limit": "100", "left": "10"})
    with pytest.raises(Transient) as caught:
        kept.spend(time.limit())
    assert caught.value.retry_after == 60
    time.advance(60)
    kept.spend(time.limit())
    with pytest.raises(Transient):
        kept.spend(time.limit())
    kept.learn({"limit": "100", "left": "100"})
    kept.spend(time.limit())
    assert kept.remaining() == {"vendor": 49}


@pytest.mark.parametrize(
    ("headers", "left"),
    [
        ({"sforce-limit-info": "api-usage=18/5000"}, 2482),
        ({"sforce-limit-info": "api-usage=18/5000; per-app-api-usage=1/250(app)"}, 2482),
        ({"sforce-limit-info": "api-usage=4000/5000"}, 0),
    ],
)
def test_used_and_total_in_one_header(headers: dict[str, str], left: float) -> None:
    time = FakeTime()
    kept = budget(time, limit_header="Sforce-Limit-Info")
    kept.learn(headers)
    assert kept.remaining() == {"vendor": left}


def test_headers_without_a_number_are_no_news() -> None:
    time = FakeTime()
    kept = budget(time, limit_header="limit", remaining_header="left")
    kept.learn({"limit": "unlimited", "left": ""})
    assert kept.remaining() == {}


def test_without_limits_nothing_is_held_back() -> None:
    time = FakeTime()
    kept = budget(time)
    for _ in range(1000):
        kept.spend(time.limit(0))
    assert time.slept == []
    assert kept.remaining() == {}


def test_what_is_left_is_shown() -> None:
    time = FakeTime()
    kept = budget(time, calls_per_minute=10, calls_per_day=100)
    kept.spend(time.limit())
    assert kept.remaining() == {"minute": 9, "day": 99}
    time.advance(60)
    assert kept.remaining() == {"minute": 10, "day": 99}
