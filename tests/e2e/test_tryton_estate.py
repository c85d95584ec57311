"""What is planted in real systems is found, all of it and nothing else."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.e2e.deals import Deal, Stage
from tests.e2e.estate import Outcome, RunningEstate
from tests.e2e.plan import Planted
from tests.e2e.tryton import hold_sale

# The first test of a run brings the estate up, which takes minutes where nothing is cached.
pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

BREAKS, BLIND = 1, 4
"""Bits of the exit status."""


@pytest.fixture
def unordered(estate: RunningEstate) -> Deal:
    """A deal just won, not yet ordered in the ERP, nor due to be."""
    just_won = estate.plan.with_fault(None, Stage.JUST_WON)
    return next(deal for deal in just_won if not deal.is_quoted and deal.currency == "EUR")


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


def test_exactly_the_planted_faults_are_found(
    estate: RunningEstate, first_look: tuple[Outcome, Path]
) -> None:
    outcome, _ = first_look

    assert outcome.breaks == list(estate.plan.ledger)
    assert outcome.status == BREAKS
    assert outcome.blind == set()
    assert outcome.document["quarantine"] == {}


def test_a_second_look_changes_nothing(estate: RunningEstate, looked: str) -> None:
    again = estate.once(looked)

    assert again.breaks == list(estate.plan.ledger)
    assert again.transitions == []


def test_the_same_is_found_with_the_store_on_a_postgresql_server(estate: RunningEstate) -> None:
    estate.postgresql.create("store")

    outcome = estate.once(estate.postgresql.url("store", "postgresql+psycopg"))

    assert outcome.breaks == list(estate.plan.ledger)
    assert outcome.status == BREAKS


def test_a_correction_in_the_erp_resolves_that_break_alone(
    estate: RunningEstate, looked: str, wrong: Deal
) -> None:
    had = estate.reprice(wrong, wrong.amount)
    try:
        outcome = estate.once(looked)
    finally:
        estate.reprice(wrong, had)

    assert outcome.transitions == [("resolved", wrong.key)]
    assert set(estate.plan.ledger) - set(outcome.breaks) == {amount_break(wrong)}
    assert set(outcome.breaks) <= set(estate.plan.ledger)


def test_a_record_broken_later_opens_one_break_and_its_repair_resolves_it(
    estate: RunningEstate, looked: str, sound: Deal
) -> None:
    had = estate.reprice(sound, sound.amount + Decimal("0.01"))
    try:
        broken = estate.once(looked)
    finally:
        estate.reprice(sound, had)
    repaired = estate.once(looked)

    assert set(broken.breaks) - set(estate.plan.ledger) == {amount_break(sound)}
    assert set(estate.plan.ledger) <= set(broken.breaks)
    assert {key for _, key in broken.transitions} == {sound.key}
    assert repaired.transitions == [("resolved", sound.key)]
    assert repaired.breaks == list(estate.plan.ledger)


def test_a_sale_committed_late_behind_a_newer_one_is_found(
    estate: RunningEstate, looked: str, unordered: Deal, sound: Deal
) -> None:
    with hold_sale(estate.installation, unordered.key, Decimal("1.00")) as commit:
        newer = estate.touch(sound)
        before = estate.once(looked)
        commit.touch()
    try:
        late = estate.stamp(unordered)
        after = estate.once(looked)
    finally:
        estate.reprice(unordered, unordered.amount)

    assert late < newer, "the held sale must bear the older stamp"
    assert before.breaks == list(estate.plan.ledger)
    assert set(after.breaks) - set(before.breaks) == {amount_break(unordered)}
    assert set(before.breaks) <= set(after.breaks)


def test_a_replayed_dead_letter_is_resolved(estate: RunningEstate, looked: str) -> None:
    message = estate.replay_first_dead_letter()
    try:
        outcome = estate.once(looked)
    finally:
        estate.give_up(message)

    assert outcome.transitions == [("resolved", message.deal)]
    gone = Planted(message.deal, "dead_letter", "middleware")
    assert set(estate.plan.ledger) - set(outcome.breaks) == {gone}


def test_a_second_project_opens_a_duplicate_and_its_deletion_resolves_it(
    estate: RunningEstate, looked: str, sound: Deal
) -> None:
    project = estate.create_project(sound)
    try:
        replayed = estate.once(looked)
    finally:
        estate.delete_project(project)
    deleted = estate.once(looked)

    duplicate = Planted(sound.key, "duplicate", "psa")
    assert set(replayed.breaks) - set(estate.plan.ledger) == {duplicate}
    assert deleted.transitions == [("resolved", sound.key)]
    assert deleted.breaks == list(estate.plan.ledger)


def test_a_stopped_erp_gives_unknown_and_nothing_missing_from_it(
    estate: RunningEstate, tmp_path: Path
) -> None:
    with estate.without("erp"):
        outcome = estate.once(f"sqlite:///{tmp_path / 'tieout.db'}")

    seen = [each for each in estate.plan.ledger if each.system in ("psa", "middleware")]
    assert outcome.breaks == seen
    assert outcome.blind == {"erp.sale", "erp.invoice"}
    assert outcome.status == BREAKS | BLIND
    assert outcome.document["transactions"]["sales-to-cash"]["matched"] == 0


def test_breaks_known_before_the_erp_stopped_neither_resolve_nor_multiply(
    estate: RunningEstate, looked: str
) -> None:
    with estate.without("erp"):
        blind = estate.once(looked)
    seeing = estate.once(looked)

    assert blind.transitions == seeing.transitions == []
    assert blind.breaks == seeing.breaks == list(estate.plan.ledger)
    assert blind.status == BREAKS | BLIND
    assert seeing.blind == set()
