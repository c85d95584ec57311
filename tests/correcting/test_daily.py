"""The limits of a day, over plans as they are really made, approved and applied."""

from datetime import timedelta
from typing import Any

import pytest

from monitor.core.corrections import CorrectionState, Guard, PlanState
from monitor.correcting import applying, rechecking
from monitor.correcting.rechecking import Check
from monitor.correcting.working import take_turn
from monitor.store.database import Database
from monitor.store.plans import list_plans
from monitor.store.refusals import refusals_of
from tests.correcting.small import CorrectedFirm


def a_firm(database: Database, mode: str = "auto", **daily: Any) -> CorrectedFirm:
    """Eight deals; of each whose budget is made wrong, it is put right."""
    settings = {"limits": {"corrections": 1, "share": 1}, "daily": daily}
    firm = CorrectedFirm(database, policies={"budget": {"mode": mode}}, corrections=settings)
    for number in range(1, 9):
        firm.win(f"D{number}")
        firm.staff(f"D{number}")
    firm.look()
    return firm


def spoil(firm: CorrectedFirm, deal: str) -> None:
    firm.staff(deal, amount="1.00")
    firm.look()


def spoil_and_work(firm: CorrectedFirm, deal: str) -> None:
    spoil(firm, deal)
    take_turn(firm.estate, firm.database, firm.clock)
    firm.look()


def reasons(firm: CorrectedFirm) -> set[Guard]:
    with firm.database.read() as connection:
        return {
            said.guard
            for each in firm.breaks()
            for said in refusals_of(connection, each.fingerprint)
        }


def test_a_fault_that_keeps_breaking_deals_is_not_corrected_for_ever(
    sqlite_database: Database,
) -> None:
    firm = a_firm(sqlite_database, corrections=3)
    for number in range(1, 5):
        firm.later(minutes=20)
        spoil_and_work(firm, f"D{number}")
    assert len(firm.target.ledger) == 3
    assert reasons(firm) == {Guard.DAILY}


def test_a_day_later_it_goes_on(sqlite_database: Database) -> None:
    firm = a_firm(sqlite_database, corrections=1)
    spoil_and_work(firm, "D1")
    spoil_and_work(firm, "D2")
    assert len(firm.target.ledger) == 1
    firm.later(days=1, seconds=1)
    firm.look()
    take_turn(firm.estate, firm.database, firm.clock)
    assert len(firm.target.ledger) == 2


def test_money_of_all_plans_adds_up(sqlite_database: Database) -> None:
    firm = a_firm(sqlite_database, money="1500")
    for deal in ("D1", "D2"):
        spoil_and_work(firm, deal)
    assert len(firm.target.ledger) == 1
    assert reasons(firm) == {Guard.DAILY}


def test_of_two_that_begin_at_once_one_waits_for_the_day_to_pass(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both were judged before either began; the second is judged again as it begins."""
    firm = a_firm(database, "propose", corrections=1)
    plans = []
    for deal in ("D1", "D2"):
        spoil(firm, deal)
        firm.later(seconds=1)
        plans.append(firm.approved())
    judge = rechecking.recheck

    def overtaken(*asked: Any) -> Check:
        monkeypatch.setattr(applying, "recheck", judge)
        check = judge(*asked)
        firm.apply(plans[0])
        return check

    monkeypatch.setattr(applying, "recheck", overtaken)
    late = firm.apply(plans[1])
    assert {each.guard for each in late.refusals} == {Guard.DAILY}
    assert firm.states(plans[0]) == [CorrectionState.VERIFIED]
    assert len(firm.target.ledger) == 1
    assert firm.plan_state(plans[1]) is PlanState.APPROVED


def test_people_hear_of_it_when_they_plan(sqlite_database: Database) -> None:
    firm = a_firm(sqlite_database, "propose", corrections=1)
    spoil(firm, "D1")
    firm.apply(firm.approved())
    firm.later(hours=1)
    spoil(firm, "D2")
    told = firm.draft().refusals
    assert [each.guard for each in told] == [Guard.DAILY]
    assert told[0].why == (
        "within 24 hours all plans together would make 2 corrections; the limit is 1"
    )
    with firm.database.read() as connection:
        [plan] = list_plans(connection)
    assert plan.made_at <= firm.clock() - timedelta(hours=1)
