"""What is planted in real systems is found, all of it and nothing else."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.e2e.estate import RunningEstate
from tests.e2e.plan import Deal, Fault, Planted, Stage
from tests.e2e.tryton import hold_sale

# The first test of a run brings the estate up, which takes minutes where nothing is cached.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

BREAKS, BLIND = 1, 4
"""Bits of the exit status."""


@pytest.fixture
def store(tmp_path: Path) -> str:
    """A store that knows nothing yet."""
    return f"sqlite:///{tmp_path / 'tieout.db'}"


@pytest.fixture
def wrong(estate: RunningEstate) -> Deal:
    """A deal whose amount the ERP has wrong."""
    return estate.plan.with_fault(Fault.WRONG_AMOUNT)[0]


@pytest.fixture
def sound(estate: RunningEstate) -> Deal:
    """A deal in order whose sale may still be changed: a quotation."""
    return next(deal for deal in estate.plan.with_fault(None) if deal.is_quoted)


@pytest.fixture
def unordered(estate: RunningEstate) -> Iterator[Deal]:
    """A deal just won, not yet ordered in the ERP, nor due to be; in order again afterwards."""
    deal = next(deal for deal in estate.plan.with_fault(None, Stage.JUST_WON) if not deal.is_quoted)
    yield deal
    estate.reprice(deal, deal.amount)


def amount_break(deal: Deal) -> Planted:
    return Planted(deal.key, "mismatch", "erp", "amount")


def test_the_estate_has_two_hundred_deals_and_a_ledger_of_distinct_ones(
    estate: RunningEstate,
) -> None:
    ledger = estate.plan.ledger
    kinds = [planted.kind for planted in ledger]

    assert len(estate.tryton["crm"].read("sale.opportunity", [], ["id"])) == 200
    assert len({planted.deal for planted in ledger}) == len(ledger) >= 25
    assert {kind: kinds.count(kind) >= 3 for kind in set(kinds)} == dict.fromkeys(
        ("missing", "duplicate", "mismatch", "orphan", "contradiction", "dead_letter"), True
    )


def test_exactly_the_planted_faults_are_found(estate: RunningEstate, store: str) -> None:
    outcome = estate.once(store)

    assert outcome.breaks == list(estate.plan.ledger)
    assert outcome.status == BREAKS
    assert outcome.blind == set()
    assert outcome.document["quarantine"] == {}


def test_a_second_look_changes_nothing(estate: RunningEstate, store: str) -> None:
    estate.once(store)

    again = estate.once(store)

    assert again.breaks == list(estate.plan.ledger)
    assert again.transitions == []


def test_the_same_is_found_with_the_store_on_a_postgresql_server(estate: RunningEstate) -> None:
    estate.postgresql.create("store")

    outcome = estate.once(estate.postgresql.url("store", "postgresql+psycopg"))

    assert outcome.breaks == list(estate.plan.ledger)
    assert outcome.status == BREAKS


def test_a_correction_in_the_erp_resolves_that_break_alone(
    estate: RunningEstate, store: str, wrong: Deal
) -> None:
    estate.once(store)
    had = estate.reprice(wrong, wrong.amount)
    try:
        outcome = estate.once(store)
    finally:
        estate.reprice(wrong, had)

    assert outcome.transitions == [("resolved", wrong.key)]
    assert set(estate.plan.ledger) - set(outcome.breaks) == {amount_break(wrong)}
    assert set(outcome.breaks) <= set(estate.plan.ledger)


def test_a_record_broken_later_opens_one_break_and_its_repair_resolves_it(
    estate: RunningEstate, store: str, sound: Deal
) -> None:
    estate.once(store)
    had = estate.reprice(sound, sound.amount + Decimal("0.01"))
    try:
        broken = estate.once(store)
    finally:
        estate.reprice(sound, had)
    repaired = estate.once(store)

    assert set(broken.breaks) - set(estate.plan.ledger) == {amount_break(sound)}
    assert {key for _, key in broken.transitions} == {sound.key}
    assert repaired.transitions == [("resolved", sound.key)]
    assert repaired.breaks == list(estate.plan.ledger)


def test_a_sale_committed_late_behind_a_newer_one_is_found(
    estate: RunningEstate, store: str, unordered: Deal, sound: Deal
) -> None:
    with hold_sale(estate.installation, unordered.key, Decimal("1.00")) as commit:
        newer = estate.touch(sound)
        before = estate.once(store)
        commit.touch()
    late = estate.stamp(unordered)
    after = estate.once(store)

    assert late < newer, "the held sale must bear the older stamp"
    assert amount_break(unordered) not in before.breaks
    assert set(after.breaks) - set(before.breaks) == {amount_break(unordered)}


def test_a_stopped_erp_gives_unknown_and_nothing_missing_from_it(
    estate: RunningEstate, store: str
) -> None:
    with estate.without("erp"):
        outcome = estate.once(store)

    seen = [each for each in estate.plan.ledger if each.system in ("psa", "middleware")]
    assert outcome.breaks == seen
    assert outcome.blind == {"erp.sale", "erp.invoice"}
    assert outcome.status == BREAKS | BLIND
    assert sum(outcome.document["transactions"]["sales-to-cash"].values()) >= 200
    assert "in_order" not in outcome.document["transactions"]["sales-to-cash"]


def test_breaks_known_before_the_erp_stopped_neither_resolve_nor_multiply(
    estate: RunningEstate, store: str
) -> None:
    estate.once(store)
    with estate.without("erp"):
        blind = estate.once(store)
    seeing = estate.once(store)

    assert blind.transitions == seeing.transitions == []
    assert blind.breaks == seeing.breaks == list(estate.plan.ledger)
    assert seeing.blind == set()
