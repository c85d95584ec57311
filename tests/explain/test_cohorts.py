"""Who shares a break: what stands out is told, and chance is not."""

from collections.abc import Mapping
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.explaining.cohorts import LEAST_LIFT, LEAST_SHARED, Traits, find_cohorts


def deals(count: int, first: int = 0, **traits: str) -> dict[str, Traits]:
    return {
        f"D{number}": {name: frozenset({value}) for name, value in traits.items()}
        for number in range(first, first + count)
    }


def spread(count: int) -> dict[str, Traits]:
    """An estate over four regions and two connector versions."""
    regions = ("north", "south", "east", "west")
    return {
        f"E{number}": {
            "region": frozenset({regions[number % 4]}),
            "connector_version": frozenset({"2.3" if number % 10 == 0 else "2.4"}),
        }
        for number in range(count)
    }


def test_a_value_that_broken_deals_share_beyond_chance_is_told_with_its_figures() -> None:
    broken = {
        f"D{n}": {
            "region": frozenset({("north", "south", "east", "west")[n % 4]}),
            "connector_version": frozenset({"2.3"}),
        }
        for n in range(12)
    }
    (cohort,) = find_cohorts("D0", broken, spread(1000))
    assert (cohort.dimension, cohort.value) == ("connector_version", "2.3")
    assert (cohort.broken, cohort.of_broken) == (12, 12)
    assert (cohort.compared, cohort.of_compared) == (100, 1000)
    assert cohort.lift == pytest.approx(9.92, abs=0.01)


def test_four_deals_are_no_cohort_however_alike() -> None:
    broken = deals(LEAST_SHARED - 1, connector_version="2.3")
    assert find_cohorts("D0", broken, spread(1000)) == ()


def test_what_most_of_the_estate_has_is_no_cohort() -> None:
    broken = deals(50, connector_version="2.4")
    assert find_cohorts("D0", broken, spread(1000)) == ()


def test_a_cohort_is_told_only_of_the_deals_that_belong_to_it() -> None:
    broken = deals(12, connector_version="2.3") | deals(1, 50, connector_version="2.4")
    assert find_cohorts("D0", broken, spread(1000))
    assert find_cohorts("D50", broken, spread(1000)) == ()


def test_names_that_are_almost_different_in_each_deal_are_no_cohort() -> None:
    estate = {f"E{n}": {"owner": frozenset({f"person {n}"})} for n in range(1000)}
    assert find_cohorts("D0", deals(8, owner="person 1"), estate) == ()


def test_nothing_is_told_without_anything_to_compare_with() -> None:
    assert find_cohorts("D0", deals(20, region="north"), {}) == ()
    assert find_cohorts("D0", {}, spread(10)) == ()


@given(st.integers(min_value=0, max_value=10_000), st.integers(min_value=5, max_value=40))
@settings(max_examples=60)
def test_a_cohort_always_has_enough_deals_and_lift(seed: int, count: int) -> None:
    drawn = Random(seed)
    estate = spread(400)
    chosen = drawn.sample(sorted(estate), count)
    broken: Mapping[str, Traits] = {key: estate[key] for key in chosen}
    for cohort in find_cohorts(chosen[0], broken, estate):
        assert cohort.broken >= LEAST_SHARED
        assert cohort.lift >= LEAST_LIFT


def test_deals_drawn_by_lot_seldom_look_like_a_cohort() -> None:
    estate = spread(400)
    told = 0
    for seed in range(300):
        chosen = Random(seed).sample(sorted(estate), 20)
        told += bool(find_cohorts(chosen[0], {key: estate[key] for key in chosen}, estate))
    assert told <= 9
