"""Everything planted can be seen over HTTP by who reads it all, and nothing else looks wrong."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.errors import Permanent
from monitor.simulation import FaultKind, SimulatedFirm, VirtualClock
from monitor.simulation.faults import FAULTS, Fault
from tests.simulation.conftest import NEW_YEAR, StartFirm
from tests.simulation.reader import Reader
from tests.simulation.recount import Seen, expected, recount


def found(firm: SimulatedFirm) -> set[Seen]:
    return recount(Reader(firm), firm.clock())


def booked(firm: SimulatedFirm) -> set[Seen]:
    return {expected(entry) for entry in firm.ledger()}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_ledger_is_exactly_what_a_recount_finds(start_firm: StartFirm, seed: int) -> None:
    firm = start_firm(seed=seed, deals=200)
    assert {entry.kind for entry in firm.ledger()} == set(FaultKind)
    assert found(firm) == booked(firm)
    assert len(booked(firm)) == len(firm.ledger())


def test_a_firm_without_faults_has_decoys_and_no_breaks(start_firm: StartFirm) -> None:
    firm = start_firm(deals=150, faults=0)
    assert firm.ledger() == ()
    assert found(firm) == set()
    typed = {row["externalReference"] for row in Reader(firm).rows("erp", "projects")}
    assert any(text != text.strip() for text in typed)
    assert any(text.islower() for text in typed)
    assert any(text.upper().startswith("CRM:") for text in typed)


def test_time_alone_makes_no_breaks_although_deals_are_under_way(start_firm: StartFirm) -> None:
    firm = start_firm(deals=120, faults=0)
    before = len(Reader(firm).rows("erp", "invoices"))
    for _ in range(4):
        firm.advance(timedelta(days=4, hours=7))
        assert found(firm) == set()
    assert len(Reader(firm).rows("erp", "invoices")) > before


def test_history_stays_broken_as_time_passes(start_firm: StartFirm) -> None:
    firm = start_firm(deals=200)
    firm.advance(timedelta(days=40))
    assert found(firm) == booked(firm)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: f"{fault.kind}-{fault.system}")
def test_a_fault_planted_later_is_seen_and_its_repair_undoes_it(
    start_firm: StartFirm, fault: Fault
) -> None:
    firm = start_firm(deals=40, faults=0)
    entry = firm.plant(fault.kind, system=fault.system)
    assert entry.symptom.system == fault.system
    assert found(firm) == {expected(entry)}
    repaired = firm.repair(entry)
    assert repaired.repaired_at == firm.clock()
    assert firm.ledger() == ()
    assert found(firm) == set()


def test_a_repaired_deal_can_go_wrong_again(start_firm: StartFirm) -> None:
    firm = start_firm(deals=40, faults=0)
    first = firm.plant(FaultKind.AMOUNT_DRIFT)
    firm.repair(first)
    second = firm.plant(FaultKind.CURRENCY_DRIFT, deal=first.deal)
    assert found(firm) == {expected(second)}


def test_an_orphan_gets_the_key_it_is_given_unless_some_deal_has_it(
    start_firm: StartFirm,
) -> None:
    firm = start_firm(deals=40, faults=0)
    entry = firm.plant(FaultKind.ORPHAN_INVOICE, deal=" opp-77 ")
    assert entry.deal == "OPP-77"
    assert found(firm) == {expected(entry)}
    for key in ("OPP-77", "OPP-10001"):
        with pytest.raises(Permanent, match="no deal suits"):
            firm.plant(FaultKind.ORPHAN_INVOICE, deal=key)


def test_each_deal_carries_one_fault_at_a_time(start_firm: StartFirm) -> None:
    firm = start_firm(deals=40, faults=0)
    first = firm.plant(FaultKind.AMOUNT_DRIFT)
    with pytest.raises(Permanent, match="no deal suits"):
        firm.plant(FaultKind.CURRENCY_DRIFT, deal=first.deal)


def test_a_deal_is_free_again_once_its_late_rows_have_come_and_gone(
    start_firm: StartFirm,
) -> None:
    firm = start_firm(deals=40, faults=0)
    late = firm.late_commit(timedelta(hours=1), FaultKind.AMOUNT_DRIFT)
    firm.repair(late)
    with pytest.raises(Permanent, match="no deal suits"):
        firm.plant(FaultKind.CURRENCY_DRIFT, deal=late.deal)
    firm.advance(timedelta(hours=1))
    entry = firm.plant(FaultKind.CURRENCY_DRIFT, deal=late.deal)
    firm.advance(timedelta(hours=2))
    assert found(firm) == {expected(entry)}


def test_a_repaired_fault_cannot_be_repaired_again(start_firm: StartFirm) -> None:
    firm = start_firm(deals=40, faults=0)
    entry = firm.plant(FaultKind.DEAD_LETTER)
    firm.repair(entry)
    with pytest.raises(Permanent, match="does not stand"):
        firm.repair(entry)


Step = Callable[[SimulatedFirm], object]


def _repair_first(firm: SimulatedFirm) -> None:
    for entry in firm.ledger()[:1]:
        firm.repair(entry)


def _plant(kind: FaultKind) -> Step:
    def step(firm: SimulatedFirm) -> None:
        with suppress(Permanent):  # no deal suits any more
            firm.plant(kind)

    return step


def _commit_late(firm: SimulatedFirm) -> None:
    with suppress(Permanent):
        firm.late_commit(timedelta(hours=9), FaultKind.AMOUNT_DRIFT)


def _repair_last(firm: SimulatedFirm) -> None:
    for entry in [entry for entry in firm.history() if entry.repaired_at is None][-1:]:
        firm.repair(entry)


STEPS: list[Step] = [
    *(_plant(kind) for kind in FaultKind),
    _repair_first,
    _repair_last,
    _commit_late,
    lambda firm: firm.advance(timedelta(hours=5)),
    lambda firm: firm.advance(timedelta(days=3)),
]


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 1_000), st.lists(st.sampled_from(STEPS), min_size=4, max_size=16))
def test_the_ledger_stays_exact_whatever_is_planted_repaired_or_awaited(
    seed: int, steps: list[Step]
) -> None:
    with SimulatedFirm(seed, 25, VirtualClock(NEW_YEAR), faults=3) as firm:
        for step in steps:
            step(firm)
        assert found(firm) == booked(firm)
