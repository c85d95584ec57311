"""Sizes and limits against published tables, and against every population that there is."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.audit_sampling.attribute import draw, sample_size, upper_limit
from monitor.audit_sampling.chances import hypergeometric_at_most

CONFIDENT = Fraction("0.95")


@pytest.mark.parametrize(
    ("tolerable", "expected", "drawn", "borne"),
    [
        # AICPA Audit Guide "Audit Sampling", table A-1, risk of overreliance 5 %.
        ("0.02", "0", 149, 0),
        ("0.03", "0", 99, 0),
        ("0.04", "0", 74, 0),
        ("0.05", "0", 59, 0),
        ("0.06", "0", 49, 0),
        ("0.07", "0", 42, 0),
        ("0.08", "0", 36, 0),
        ("0.09", "0", 32, 0),
        ("0.10", "0", 29, 0),
        ("0.15", "0", 19, 0),
        ("0.20", "0", 14, 0),
        ("0.05", "0.0025", 93, 1),
        ("0.05", "0.01", 93, 1),
        ("0.05", "0.0125", 124, 2),
        ("0.05", "0.015", 124, 2),
        ("0.05", "0.0175", 153, 3),
        ("0.05", "0.02", 181, 4),
        ("0.06", "0.01", 78, 1),
        ("0.07", "0.01", 66, 1),
        ("0.08", "0.01", 58, 1),
        ("0.10", "0.01", 46, 1),
        ("0.03", "0.005", 157, 1),
    ],
)
def test_sizes_are_those_of_the_table(
    tolerable: str, expected: str, drawn: int, borne: int
) -> None:
    size = sample_size(CONFIDENT, Fraction(tolerable), Fraction(expected))
    assert size == (drawn, borne)


@pytest.mark.parametrize(
    ("drawn", "found", "limit"),
    [
        # The same guide, table A-3: upper limits in per cent at 5 % risk.
        (25, 0, "11.3"),
        (50, 2, "12.1"),
        (60, 0, "4.9"),
        (60, 1, "7.7"),
        (80, 1, "5.8"),
        (100, 0, "3.0"),
        (100, 1, "4.7"),
    ],
)
def test_limits_are_those_of_the_table(drawn: int, found: int, limit: str) -> None:
    assert (upper_limit(found, drawn, CONFIDENT) * 100).quantize(Decimal("0.1")) == Decimal(limit)


def test_a_sample_without_a_sound_record_shows_nothing() -> None:
    assert upper_limit(7, 7, CONFIDENT) == 1
    assert upper_limit(7, 7, CONFIDENT, 20) == 1


def test_everything_examined_leaves_no_doubt() -> None:
    assert upper_limit(3, 40, CONFIDENT, 40) == Decimal("0.075")
    assert sample_size(CONFIDENT, Fraction("0.05"), Fraction(0), 10) == (10, 0)


@pytest.mark.parametrize("population", [12, 31])
@pytest.mark.parametrize("drawn", [5, 11])
def test_the_limit_holds_as_often_as_it_says(population: int, drawn: int) -> None:
    """Over every possible sample of every possible population."""
    limits = [upper_limit(found, drawn, CONFIDENT, population) for found in range(drawn + 1)]
    for deviating in range(population + 1):
        too_low = [found for found in range(drawn + 1) if limits[found] * population < deviating]
        chance = (
            hypergeometric_at_most(max(too_low), drawn, deviating, population) if too_low else 0
        )
        assert chance <= 1 - CONFIDENT


@settings(deadline=None)
@given(
    population=st.integers(20, 400),
    tolerable=st.sampled_from(["0.05", "0.1", "0.2"]),
    expected=st.sampled_from(["0", "0.01", "0.03"]),
)
def test_a_sample_that_bears_no_more_than_planned_shows_what_was_asked(
    population: int, tolerable: str, expected: str
) -> None:
    drawn, borne = sample_size(CONFIDENT, Fraction(tolerable), Fraction(expected), population)
    endless, _ = sample_size(CONFIDENT, Fraction(tolerable), Fraction(expected))
    assert drawn <= min(population, endless)
    if drawn < population:
        assert upper_limit(borne, drawn, CONFIDENT, population) < Decimal(tolerable)
        assert borne >= drawn * Fraction(expected)


@pytest.mark.parametrize(
    ("confidence", "tolerable", "expected", "says"),
    [
        ("1", "0.05", "0", "confidence"),
        ("0.95", "0", "0", "tolerable rate"),
        ("0.95", "0.0001", "0", "examine them all"),
        ("0.95", "0.05", "0.05", "less than"),
        ("0.95", "0.05", "0.049", "too near"),
    ],
)
def test_what_no_sample_can_show_is_refused(
    confidence: str, tolerable: str, expected: str, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        sample_size(Fraction(confidence), Fraction(tolerable), Fraction(expected))


ids = st.lists(st.text(min_size=1, max_size=4), unique=True, max_size=30)


@settings(deadline=None)
@given(ids=ids, shuffle=st.randoms(use_true_random=False), seed=st.text(max_size=3))
def test_the_order_of_rows_does_not_matter(ids: list[str], shuffle, seed: str) -> None:  # type: ignore[no-untyped-def]  # a random.Random
    first = draw(ids, 7, seed)
    shuffle.shuffle(ids)
    assert draw(ids, 7, seed) == first
    assert len(set(first)) == len(first) == min(7, len(ids))


def test_every_record_is_drawn_about_as_often() -> None:
    names = [str(number) for number in range(20)]
    times = dict.fromkeys(names, 0)
    for seed in range(2_000):
        for name in draw(names, 5, str(seed)):
            times[name] += 1
    # 500 are expected of each, with a standard deviation of about 19; the draws are fixed.
    assert all(400 < count < 600 for count in times.values())
