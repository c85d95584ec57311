"""Money splits, merges and moves; sums stay what they are."""

import random
from collections.abc import Sequence
from decimal import Context, Decimal
from typing import Any

import hypothesis
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.breaks import Classification
from monitor.core.ports import Rule
from monitor.core.screens import Screened
from tests.reconcilers.scene import Row, Scene, findings, in_order, row, rule
from tests.reconcilers.test_screens import held

SIDES = {"agreed": [{"stream": "contracts.contract"}], "billed": [{"stream": "erp.invoice"}]}
TOLERANCE = Decimal("0.005")
EXACT = Context(prec=60)

few = hypothesis.settings(max_examples=30, deadline=None)

micros = st.integers(-(10**21), 10**21)
"""Up to ±10¹⁵ in millionths."""


def ask(**settings: Any) -> Rule:
    return rule("tie_out", sides=SIDES, **settings)


def decimal(millionths: int) -> Decimal:
    return Decimal(millionths).scaleb(-6, EXACT)


def lines(prefix: str, values: Sequence[int], currency: str | None = None) -> list[Row]:
    return [
        row("OPP-1", f"{prefix}{number}", amount=decimal(value), currency=currency)
        for number, value in enumerate(values)
    ]


def scene(agreed: Sequence[int], billed: Sequence[int]) -> Scene:
    return Scene({"contracts.contract": lines("C", agreed), "erp.invoice": lines("I", billed)})


def split(total: int, parts: int) -> list[int]:
    """Evenly; whoever comes first gets what is left over."""
    least, left = divmod(total, parts)
    return [least + (number < left) for number in range(parts)]


@few
@given(cents=st.integers(1, 10**17), parts=st.integers(1, 40))
def test_cents_that_are_split_among_lines_always_tie_out(cents: int, parts: int) -> None:
    billed = [part * 10_000 for part in split(cents, parts)]
    assert findings(ask(), scene([cents * 10_000], billed)) == ()


@few
@given(cents=st.integers(1000, 10**17), parts=st.integers(1, 40))
def test_a_split_that_rounds_each_line_leaves_a_residual_and_no_drift(
    cents: int, parts: int
) -> None:
    each = int((Decimal(cents) / parts).to_integral_value())
    found = findings(ask(), scene([cents * 10_000], [each * 10_000] * parts))
    assert len(found) == (each * parts != cents)
    assert {one.classification for one in found} <= {Classification.ROUNDING}


@few
@given(
    agreed=st.lists(micros, min_size=1, max_size=6), billed=st.lists(micros, min_size=1, max_size=6)
)
def test_sums_are_exact_however_large_or_small(agreed: list[int], billed: list[int]) -> None:
    apart = decimal(sum(billed) - sum(agreed))
    found = findings(ask(tolerance=str(TOLERANCE)), scene(agreed, billed))
    assert [each.value_at_risk for each in found] == [abs(apart)] * (abs(apart) > TOLERANCE)


@few
@given(
    amounts=st.lists(st.integers(1, 10**15), min_size=1, max_size=8),
    more=st.sampled_from([1, -1]),
    chance=st.randoms(use_true_random=False),
)
def test_a_planted_difference_is_found_and_a_repaired_one_is_gone(
    amounts: list[int], more: int, chance: random.Random
) -> None:
    asked = ask(tolerance=str(TOLERANCE))
    faulty = list(amounts)
    faulty[chance.randrange(len(faulty))] += more * 5_001
    (found,) = findings(asked, scene([sum(amounts)], faulty))
    assert found.value_at_risk == Decimal("0.005001")
    assert findings(asked, scene([sum(amounts)], amounts)) == ()


@few
@given(
    amounts=st.lists(st.integers(10**6, 10**12), min_size=2, max_size=8, unique=True),
    chance=st.randoms(use_true_random=False),
)
def test_a_part_that_is_left_out_is_missed(amounts: list[int], chance: random.Random) -> None:
    absent = chance.randrange(len(amounts))
    billed = [amount for number, amount in enumerate(amounts) if number != absent]
    (found,) = findings(ask(residual=0), scene(amounts, [sum(billed)]))
    assert found.classification is Classification.MISSING_PART
    assert found.value_at_risk == decimal(amounts[absent])


@few
@given(
    parts=st.lists(
        st.tuples(
            st.sampled_from(["contracts.contract", "crm.change_order", "erp.invoice"]),
            st.integers(-(10**10), 10**10),
            st.sampled_from(["EUR", "USD", None]),
            st.sampled_from(["OPP-1", "OPP-2"]),
        ),
        max_size=12,
    ),
    empty=st.sampled_from(["silent", "zero"]),
    currency=st.sampled_from(["EUR", None]),
    chance=st.randoms(use_true_random=False),
)
def test_neither_order_nor_repetition_matters_and_no_screen_lets_a_difference_go(
    parts: list[tuple[str, int, str | None, str]],
    empty: str,
    currency: str | None,
    chance: random.Random,
) -> None:
    rows: dict[str, list[Row]] = {}
    for number, (stream, amount, code, deal) in enumerate(parts):
        each = row(deal, str(number), amount=decimal(amount), currency=code)
        rows.setdefault(stream, []).append(each)
    sides = {
        "agreed": [
            {"stream": "contracts.contract"},
            {"stream": "crm.change_order", "sign": "-", "currency": None},
        ],
        "billed": SIDES["billed"],
    }
    asked = rule("tie_out", sides=sides, empty=empty, currency=currency)
    whole = Scene(rows)
    straight = asked.evaluate(whole.scope())
    assert in_order(asked.evaluate(whole.scope(chance))) == in_order(straight)
    assert isinstance(asked, Screened)
    screen = asked.screen(whole.now)
    assert screen is not None
    assert {each.transaction for each in straight.findings} <= held(screen, whole.scope())


@few
@given(
    amount=st.integers(1, 10**9),
    weights=st.lists(st.integers(1, 10), min_size=2, max_size=5),
)
def test_an_invoice_that_is_shared_among_deals_is_billed_once_in_all(
    amount: int, weights: list[int]
) -> None:
    """The shares of a whole are decimals that sum to one; so do what the deals bear."""
    total = sum(weights)
    shares = [decimal(part) for part in _shares(weights, total)]
    share = {"stream": "psa.assignment", "field": "rate", "match": "invoice"}
    sides = {
        "agreed": [{"stream": "contracts.contract"}],
        "billed": [{"stream": "erp.invoice", "times": share}],
    }
    deals = [f"OPP-{number}" for number in range(len(weights))]
    invoice = Decimal(amount)
    whole = Scene(
        {
            "contracts.contract": [row(deal, deal, amount=Decimal(0)) for deal in deals],
            "psa.assignment": [
                row(deal, f"A-{deal}", keys=["invoice:I"], rate=each)
                for deal, each in zip(deals, shares, strict=True)
            ],
            "erp.invoice": [row(deal, "I", keys=["invoice:I"], amount=invoice) for deal in deals],
        }
    )
    found = findings(rule("tie_out", sides=sides), whole)
    assert sum(each.value_at_risk or Decimal(0) for each in found) == invoice


def _shares(weights: Sequence[int], total: int) -> list[int]:
    """In millionths; the last one bears what is left over."""
    shares = [weight * 10**6 // total for weight in weights[:-1]]
    return [*shares, 10**6 - sum(shares)]
