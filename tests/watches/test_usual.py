"""How rare a day is: against exact figures, and whatever the numbers."""

import math
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconcilers.watches.usual import deviation, equal_weekdays, poisson_at_most, rarity

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
    seen = rarity(sorted(history)[len(history) // 2], history)
    assert min(seen.as_few, seen.as_many) > 0.01


@given(st.permutations([3, 8, 12, 9, 7, 40]), st.integers(0, 60))
def test_the_order_of_the_weeks_does_not_matter(history: list[int], count: int) -> None:
    assert rarity(count, history) == rarity(count, sorted(history))


def test_a_day_without_anything_is_rare_where_twenty_are_usual_and_not_where_three_are() -> None:
    assert rarity(0, [20, 22, 19, 21, 20, 18]).as_few < 1e-4
    assert rarity(0, [3, 4, 2, 3, 3, 5]).as_few > 1e-3


def test_wide_swings_make_a_day_less_rare() -> None:
    steady, swinging = [100] * 8, [60, 140, 70, 130, 100, 90, 110, 100]
    assert rarity(60, steady).as_few < 1e-3 < rarity(60, swinging).as_few


def test_figures_stay_finite() -> None:
    for history in ([0, 0, 0, 0], [10**7] * 4, [0, 10**7, 0, 10**7]):
        seen = rarity(5, history)
        assert all(map(math.isfinite, (seen.usual, seen.as_few, seen.as_many)))
