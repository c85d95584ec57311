"""The firm is made from a seed, and what is read of it follows the clock."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.clock import system_clock
from monitor.simulation import VirtualClock, generate
from monitor.simulation.chance import seeded
from monitor.simulation.deals import WON, canonical_key, spell, split_amount
from monitor.simulation.planting import Planter
from monitor.simulation.rows import BillingLine, Contract, Invoice, Message, Milestone, Opportunity
from monitor.simulation.tables import Version
from tests.simulation.conftest import NEW_YEAR


def make(seed: int = 1, deals: int = 80) -> Planter:
    return generate(seed, deals, VirtualClock(NEW_YEAR))


def everything(planter: Planter) -> list[Version]:
    return [version for table in planter.world.tables.values() for version in table.ordered()]


def test_the_same_seed_gives_the_same_world_and_ledger() -> None:
    first, second = make(), make()
    assert everything(first) == everything(second)
    assert first.ledger.entries() == second.ledger.entries()


def test_another_seed_gives_another_world() -> None:
    assert everything(make(1)) != everything(make(2))


def test_nothing_is_visible_before_it_was_committed() -> None:
    planter = make(deals=200)
    assert all(version.visible_at <= NEW_YEAR for version in everything(planter))
    assert all(version.modified_at <= NEW_YEAR for version in everything(planter))


def test_more_happens_as_the_clock_moves() -> None:
    clock = VirtualClock(NEW_YEAR)
    planter = generate(1, 100, clock)
    before = everything(planter)
    clock.advance(timedelta(days=15))
    after = everything(planter)
    assert len(after) > len(before)
    assert max(version.modified_at for version in after) > NEW_YEAR


def test_schedules_and_milestones_add_up_to_the_contract_and_bills_follow_milestones() -> None:
    world = generate(3, 60, VirtualClock(NEW_YEAR), faults=0).world
    signed = [deal for deal in world.deals if world.rows(BillingLine, deal)]
    assert len(signed) > 30
    for deal in signed:
        (contract,) = world.rows(Contract, deal)
        milestones = world.rows(Milestone, deal)
        assert sum(line.amount for line in world.rows(BillingLine, deal)) == contract.value
        assert sum(milestone.amount for milestone in milestones) == contract.value
        billed = {invoice.amount for invoice in world.rows(Invoice, deal)}
        assert billed <= {step.amount for step in milestones if step.completed_at is not None}


def test_every_message_of_a_settled_deal_has_arrived() -> None:
    world = generate(3, 60, VirtualClock(NEW_YEAR), faults=0).world
    settled = [deal for deal in world.deals.values() if deal.won and deal.settled_at < NEW_YEAR]
    words = {
        message.status.lower() for deal in settled for message in world.rows(Message, deal.key)
    }
    assert words == {"done", "delivered"}


@pytest.mark.parametrize("deals", [0, 1, 5])
def test_a_small_firm_carries_as_many_faults_as_suit(deals: int) -> None:
    planter = make(deals=deals)
    carriers = [
        entry.deal for entry in planter.ledger.standing() if entry.deal in planter.world.deals
    ]
    assert len(carriers) == len(set(carriers)) <= deals


@given(st.decimals("0.01", "1e9", places=3), st.integers(1, 12))
def test_splitting_an_amount_loses_nothing(amount: Decimal, parts: int) -> None:
    assert sum(split_amount(amount, parts)) == amount


@given(st.integers(0, 10**9), st.integers())
def test_every_spelling_of_a_key_has_one_true_form(number: int, seed: int) -> None:
    assert canonical_key(spell(f"OPP-{number}", seeded(seed))) == f"OPP-{number}"


def test_some_deals_are_under_way_and_some_are_still_to_be_won() -> None:
    world = make(deals=200).world
    stages = [row.stage for deal in world.deals for row in world.rows(Opportunity, deal)]
    assert "Negotiation" in stages
    waiting = [
        deal
        for deal in world.deals
        if any(row.stage in WON for row in world.rows(Opportunity, deal))
        and not world.rows(Contract, deal)
    ]
    assert len(waiting) > 3


def test_a_virtual_clock_stands_still_and_moves_on_only_forward() -> None:
    clock = VirtualClock(NEW_YEAR)
    assert clock() == clock() == NEW_YEAR
    assert clock.advance(timedelta(hours=2)) == NEW_YEAR + timedelta(hours=2)
    with pytest.raises(ValueError, match="moved back"):
        clock.advance(timedelta(seconds=-1))
    with pytest.raises(ValueError, match="aware"):
        VirtualClock(datetime(2026, 1, 1))  # noqa: DTZ001 - what is to be refused


def test_a_virtual_clock_can_follow_another() -> None:
    with freeze_time(datetime(2030, 6, 1, tzinfo=UTC)) as machine:
        clock = VirtualClock(NEW_YEAR, follow=system_clock)
        machine.tick(timedelta(minutes=3))
        clock.advance(timedelta(minutes=4))
        assert clock() == NEW_YEAR + timedelta(minutes=7)
