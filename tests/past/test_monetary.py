"""Monetary units against published factors, and the laws that a drawing has to keep."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.audit_sampling.chances import expansion_factor, poisson_limit
from monitor.audit_sampling.monetary import (
    Hit,
    Item,
    Misstatement,
    MonetaryPlan,
    conclude_monetary,
    draw_monetary,
    plan_monetary,
)

CONFIDENT = Fraction("0.95")

# AICPA Audit Guide "Audit Sampling", appendix C: confidence factors, and those for expected
# misstatement as a part of the tolerable one.
FACTORS = ["3.00", "4.75", "6.30", "7.76", "9.16", "10.52", "11.85", "13.15", "14.44", "15.71"]
EXPANDED = {"0": "3.00", "0.05": "3.31", "0.10": "3.68", "0.15": "4.11", "0.20": "4.63"}
EXPANDED |= {"0.25": "5.24", "0.30": "6.00", "0.35": "6.92", "0.40": "8.09", "0.45": "9.59"}
EXPANDED |= {"0.50": "11.54"}


def test_factors_are_those_of_the_table() -> None:
    assert [str(poisson_limit(errors, CONFIDENT)) for errors in range(10)] == FACTORS
    assert str(poisson_limit(0, Fraction("0.9"))) == "2.31"
    assert {part: str(expansion_factor(Fraction(part), CONFIDENT)) for part in EXPANDED} == EXPANDED


def plan(tolerable: str = "30000", expected: str = "0", seed: str = "1") -> MonetaryPlan:
    return plan_monetary(CONFIDENT, Decimal(tolerable), Decimal(expected), seed)


def test_the_interval_is_the_tolerable_misstatement_by_the_factor() -> None:
    assert plan().interval == Decimal(10_000)
    assert 0 < plan().start <= plan().interval
    assert plan(seed="1").start == plan(seed="1").start != plan(seed="2").start


amounts = st.decimals("-500", "25000", places=2)
books = st.lists(amounts, max_size=60).map(
    lambda values: [Item(f"{place:03}", value) for place, value in enumerate(values)]
)


@settings(deadline=None)
@given(items=books, seed=st.text(max_size=3))
def test_a_unit_is_drawn_out_of_each_interval(items: list[Item], seed: str) -> None:
    how = plan(seed=seed)
    hits = list(draw_monetary(items, how))
    assert list(draw_monetary(items, how)) == hits
    whole = {hit.item for hit in hits if hit.is_whole}
    assert whole == {item for item in items if item.amount >= how.interval}
    assert all(hit.item.amount > 0 for hit in hits)
    rest = sum((item.amount for item in items if 0 < item.amount < how.interval), Decimal(0))
    drawn = [hit for hit in hits if not hit.is_whole]
    expected = 0 if rest < how.start else int((rest - how.start) / how.interval) + 1
    assert len(drawn) == len({hit.item for hit in drawn}) == expected


@settings(deadline=None, max_examples=30)
@given(before=books, amount=st.decimals("0.01", "9999", places=2), after=st.integers(0, 9))
def test_an_item_is_drawn_as_often_as_its_part_of_the_interval(
    before: list[Item], amount: Decimal, after: int
) -> None:
    item = Item("x", amount)
    steps = 100
    starts = [Decimal(10_000) * (step + 1) / steps for step in range(steps)]
    drawn = sum(
        Hit(item, is_whole=False)
        in draw_monetary([*before, item, *before[:after]], replace(plan(), start=start))
        for start in starts
    )
    assert abs(drawn - amount / 10_000 * steps) <= 1


def test_nothing_found_leaves_the_basic_precision() -> None:
    said = conclude_monetary(plan(), [])
    assert (said.projected, said.upper_limit) == (Decimal(0), Decimal(30_000))
    assert said.is_accepted


def test_taints_weigh_by_the_steps_of_the_factors() -> None:
    """Worked by hand: 10,000 x (3.00 + 1.75 x 0.5 + 1.55 x 0.1) and 700 that is known."""
    said = conclude_monetary(
        plan(),
        [
            misstated("2000", "200"),
            misstated("800", "400"),
            misstated("15000", "700", is_whole=True),
            misstated("500", "-60"),
        ],
    )
    assert said.known == Decimal(700)
    assert said.projected == Decimal(6_700)
    assert said.upper_limit == Decimal("41000.00")
    assert said.understated == Decimal(60)
    assert not said.is_accepted


def misstated(amount: str, by: str, *, is_whole: bool = False) -> Misstatement:
    return Misstatement(Hit(Item("x", Decimal(amount)), is_whole), Decimal(by))


errors = st.lists(
    st.tuples(st.decimals("1", "9999", places=2), st.decimals("0", "1", places=3), st.booleans()),
    max_size=12,
).map(
    lambda drawn: [
        Misstatement(Hit(Item("x", amount), is_whole), amount * taint)
        for amount, taint, is_whole in drawn
    ]
)


@settings(deadline=None)
@given(found=errors, shuffle=st.randoms(use_true_random=False))
def test_the_limit_is_never_below_what_is_projected(found: list[Misstatement], shuffle) -> None:  # type: ignore[no-untyped-def]  # a random.Random
    said = conclude_monetary(plan(), found)
    assert said.upper_limit >= said.projected + plan().interval
    assert said.projected >= said.known
    shuffle.shuffle(found)
    assert conclude_monetary(plan(), found) == said
    worse = [*found, misstated("100", "1")]
    assert conclude_monetary(plan(), worse).upper_limit >= said.upper_limit


@pytest.mark.parametrize(
    ("confidence", "tolerable", "expected", "says"),
    [
        ("1", "1000", "0", "confidence"),
        ("0.95", "0", "0", "well below"),
        ("0.95", "1000", "950", "well below"),
        ("0.95", "1000", "-1", "well below"),
        ("0.95", "0.000001", "0", "too small"),
    ],
)
def test_what_no_sample_can_show_is_refused(
    confidence: str, tolerable: str, expected: str, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        plan_monetary(Fraction(confidence), Decimal(tolerable), Decimal(expected), "1")
