"""Samples of a report's population: from a seed, by deals or by money."""

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.errors import Permanent, Reason
from monitor.evidence_pack.population import POPULATION
from monitor.evidence_pack.request import Request, SampleAsked, Subject
from monitor.evidence_pack.sampling import draw_deals
from tests.cycle.small_firm import START

DEALS = 200


def population(amounts: list[int]) -> pl.DataFrame:
    """A deal for each amount; the first one has money in two currencies."""
    rows = [
        ("sales", f"D{number}", "matched", 1, Decimal(amount), "EUR")
        for number, amount in enumerate(amounts)
    ]
    second = ("sales", "D0", "matched", 2, Decimal(5), "USD")
    return pl.DataFrame([*rows, second], schema=POPULATION, orient="row").sort("deal", "part")


MANY = population([100] * DEALS)


def test_as_many_deals_are_drawn_as_the_figures_need_and_none_twice() -> None:
    drawn = draw_deals(MANY, SampleAsked("attribute", "q1", tolerable="0.05"))
    # 59 of an endless population; fewer where it is small.
    assert 45 < drawn.height < 59
    assert drawn["deal"].is_unique().all()
    assert drawn["number"].to_list() == list(range(1, drawn.height + 1))


@given(seed=st.text(min_size=1, max_size=8))
@settings(max_examples=20)
def test_a_seed_draws_the_same_deals_in_whatever_order_they_come(seed: str) -> None:
    asked = SampleAsked("attribute", seed, tolerable="0.1")
    assert draw_deals(MANY, asked).equals(draw_deals(MANY.reverse(), asked))


def test_another_seed_draws_others() -> None:
    drawn = [
        draw_deals(MANY, SampleAsked("attribute", seed, tolerable="0.05"))["deal"].to_list()
        for seed in ("a", "b")
    ]
    assert set(drawn[0]) != set(drawn[1])


def test_what_is_as_large_as_the_interval_is_drawn_for_certain() -> None:
    asked = SampleAsked("monetary", "q1", tolerable="6000", currency="EUR")
    drawn = draw_deals(population([100] * 50 + [9_000]), asked)
    (whole,) = drawn.filter("whole").iter_rows(named=True)
    assert (whole["deal"], whole["amount"], whole["currency"]) == ("D50", Decimal(9_000), "EUR")


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (SampleAsked("attribute", "q", tolerable="0.05", expected="0.05"), "expected rate"),
        (SampleAsked("monetary", "q", tolerable="10", currency="JPY"), "'JPY'"),
    ],
)
def test_a_sample_that_cannot_be_drawn_is_refused(asked: SampleAsked, why: str) -> None:
    with pytest.raises(Permanent, match=why) as refused:
        draw_deals(MANY, asked)
    assert refused.value.reason is Reason.REFUSED


def test_a_report_that_was_made_before_editions_is_made_again_in_the_first() -> None:
    request = Request(Subject.FLOW, "sales", "sales", (), START, START, START)
    kept = request.as_json()
    assert Request.read(kept) == request
    del kept["edition"]
    first = Request.read(kept)
    assert first.edition == 1
    assert first.as_json() == kept
