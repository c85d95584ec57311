"""How rare a day is: against exact figures, and whatever the numbers."""

import math
import random
from collections.abc import Callable
from datetime import date, timedelta
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcilers.watches.usual import deviation, dispersion, equal_weekdays, poisson_at_most, rarity

MONDAY = date(2026, 3, 16)


@given(st.integers(-1, 60), st.floats(0.01, 80))
def test_the_poisson_distribution_agrees_with_its_definition(count: int, mean: float) -> None:
    terms = (mean**number / math.factorial(number) for number in range(count + 1))
    assert poisson_at_most(count, mean) == pytest.approx(math.exp(-mean) * sum(terms), abs=1e-9)


@given(st.integers(0, 3000), st.floats(0, 2000))
def test_a_probability_is_one_and_grows_with_the_count(count: int, mean: float) -> None:
    lower, higher = poisson_at_most(count, mean), poisson_at_most(count + 1, mean)
    assert 0.0 <= lower <= higher <= 1.0 + 1e-12


def test_the_normal_and_the_exact_distribution_meet() -> None:
    for count in (850, 950, 1000, 1100):
        exact, normal = poisson_at_most(count, 1000.0), poisson_at_most(count, 1000.0001)
        assert exact == pytest.approx(normal, abs=0.003)


def test_one_outlier_moves_nothing() -> None:
    assert deviation([10, 11, 10, 9, 10, 500]) == deviation([10, 11, 10, 9, 10, 12])


def test_only_equal_weekdays_count_and_a_day_without_anything_is_zero() -> None:
    counts = {MONDAY - timedelta(days=days): days for days in range(1, 30) if days != 14}
    assert equal_weekdays(counts, MONDAY, weeks=8) == [7, 0, 21, 28]


@given(st.lists(st.integers(0, 200), min_size=4, max_size=12))
def test_the_usual_count_is_never_rare(history: list[int]) -> None:
    seen = rarity(round(median(history)), history)
    assert min(seen.as_few, seen.as_many) > 0.01


@given(st.permutations([3, 8, 12, 9, 7, 40]), st.integers(0, 60))
def test_the_order_of_the_weeks_does_not_matter(history: list[int], count: int) -> None:
    assert rarity(count, history) == rarity(count, sorted(history))


def test_a_day_without_anything_is_rare_where_twenty_are_usual_and_not_where_three_are() -> None:
    assert rarity(0, [20, 22, 19, 21, 20, 18]).as_few < 1e-4
    assert rarity(0, [3, 4, 2, 3, 3, 5]).as_few > 1e-3


def daily(count: Callable[[date], int]) -> dict[date, int]:
    days = (MONDAY - timedelta(days=number) for number in range(1, 57))
    return {day: count(day) for day in days}


def test_seasons_of_the_week_are_no_spread_but_batches_are() -> None:
    assert dispersion(daily(lambda day: 2 if day.weekday() > 4 else 40), MONDAY, weeks=8) == 1.0
    batches = daily(lambda day: 11 if day.toordinal() % 3 == 0 else 0)
    assert dispersion(batches, MONDAY, weeks=8) == pytest.approx(11, rel=0.3)


def test_one_week_out_of_the_ordinary_is_no_spread() -> None:
    counts = daily(lambda day: 20 + day.toordinal() % 3)
    odd = {MONDAY - timedelta(days=number): 4000 for number in range(8, 14)}
    assert dispersion({**counts, **odd}, MONDAY, weeks=8) == 1.0


def test_a_day_is_less_rare_where_records_come_in_batches() -> None:
    history = [60, 140, 70, 130, 100, 90, 110, 100]
    assert rarity(60, history).as_few < 1e-3 < rarity(60, history, scale=11.0).as_few


def test_figures_stay_finite() -> None:
    for history in ([0, 0, 0, 0], [10**7] * 4, [0, 10**7, 0, 10**7]):
        seen = rarity(5, history)
        assert all(map(math.isfinite, (seen.usual, seen.as_few, seen.as_many)))


def test_the_days_judged_do_not_say_what_is_usual() -> None:
    counts = daily(lambda day: 20)
    later = {MONDAY + timedelta(days=number): 4000 for number in range(7)}
    assert dispersion({**counts, **later}, MONDAY, weeks=8) == 1.0


def test_false_alarms_are_as_rare_as_promised() -> None:
    """Ten weeks of a Poisson stream, a thousand times over, from one seed."""
    chance = random.Random(7)
    alarms = 0
    for _ in range(1000):
        counts = daily(lambda day: _draw(chance, 2.0 if day.weekday() > 4 else 15.0))
        seen = rarity(
            _draw(chance, 15.0),
            equal_weekdays(counts, MONDAY, weeks=8),
            dispersion(counts, MONDAY, weeks=8),
        )
        alarms += min(seen.as_few, seen.as_many) < 0.001
    assert alarms <= 4


def _draw(chance: random.Random, mean: float) -> int:
    """One Poisson variable, by the gaps of its process."""
    time, count = chance.expovariate(mean), 0
    while time < 1.0:
        time, count = time + chance.expovariate(mean), count + 1
    return count
