"""One turn of the daemon: what may go ahead by itself does, within its limits, and nothing else."""

from datetime import timedelta
from decimal import Decimal

import pytest

from monitor import jobs
from monitor.core.breaks import BreakState
from monitor.core.corrections import CorrectionState, PlanState
from monitor.correcting.executing import execute
from monitor.correcting.halting import halt, resume
from monitor.correcting.task import tasks_of
from monitor.correcting.working import return_unresolved, take_turn
from monitor.store.database import Database
from monitor.store.plans import list_plans, move_plan
from tests.correcting.small import CorrectedFirm

AUTO = {"budget": {"mode": "auto", "limits": {"corrections": 1, "share": 1}}}


@pytest.fixture
def firm(sqlite_database: Database) -> CorrectedFirm:
    return CorrectedFirm(sqlite_database, policies=AUTO)


def wrong(firm: CorrectedFirm, *deals: str) -> None:
    for deal in deals:
        firm.win(deal)
        firm.staff(deal, amount="1.00")
    firm.look()


def plans(firm: CorrectedFirm) -> list[PlanState]:
    with firm.database.read() as connection:
        return [each.state for each in list_plans(connection)]


def test_what_its_policy_lets_go_ahead_is_corrected_without_a_person(firm: CorrectedFirm) -> None:
    wrong(firm, "D1")
    turn = jobs.correct(firm.estate, firm.runtime)
    assert turn is not None
    assert [state for _, state in turn.done] == [CorrectionState.VERIFIED]
    assert [flow for flow, _ in turn.repairs] == ["sales"]
    assert firm.psa.rows["p-D1"].fields["amount"] == Decimal("1000.00")
    firm.cycle()
    assert firm.breaks() == []
    assert plans(firm) == [PlanState.DONE]


def test_what_a_command_repaired_is_counted_too_and_once(sqlite_database: Database) -> None:
    """A person applies the plan; whichever process takes the next turn counts it."""
    firm = CorrectedFirm(sqlite_database)
    wrong(firm, "D1")
    firm.later(minutes=1)
    firm.look()
    plan = firm.approved()
    firm.later(minutes=5)
    firm.apply(plan)
    firm.later(minutes=2)
    turn = take_turn(firm.estate, firm.database, firm.clock)
    assert [(flow, took >= timedelta(minutes=5)) for flow, took in turn.repairs] == [
        ("sales", True)
    ]
    assert take_turn(firm.estate, firm.database, firm.clock).repairs == []
    firm.later(days=2)
    assert take_turn(firm.estate, firm.database, firm.clock).repairs == []


def test_more_than_its_limit_is_refused_as_a_whole_and_asked_about_once(
    firm: CorrectedFirm,
) -> None:
    wrong(firm, "D1", "D2")
    take_turn(firm.estate, firm.database, firm.clock)
    assert plans(firm) == [PlanState.REFUSED]
    calls = firm.psa.calls
    take_turn(firm.estate, firm.database, firm.clock)
    assert firm.psa.calls == calls
    assert firm.target.ledger == []


def test_nothing_begins_while_everything_is_stopped(firm: CorrectedFirm) -> None:
    wrong(firm, "D1")
    halt(firm.database, "ann", "a restore", firm.clock)
    take_turn(firm.estate, firm.database, firm.clock)
    assert firm.target.ledger == []
    resume(firm.database, "ann", "done", firm.clock)
    take_turn(firm.estate, firm.database, firm.clock)
    assert len(firm.target.ledger) == 1


def test_what_people_approved_is_applied_and_what_they_did_not_is_not(
    sqlite_database: Database,
) -> None:
    firm = CorrectedFirm(sqlite_database)
    wrong(firm, "D1")
    plan = firm.propose()
    take_turn(firm.estate, firm.database, firm.clock)
    assert firm.target.ledger == []
    firm.approve(plan)
    take_turn(firm.estate, firm.database, firm.clock)
    assert firm.states(plan) == [CorrectionState.VERIFIED]


def test_a_break_that_its_rule_still_finds_is_open_again(sqlite_database: Database) -> None:
    firm = CorrectedFirm(sqlite_database)
    wrong(firm, "D1")
    plan = firm.approved()
    firm.apply(plan)
    firm.later(minutes=1)
    firm.target.edit("p-D1", amount=Decimal("2.00"))
    assert return_unresolved(firm.database, firm.clock) == []
    firm.look()
    [returned] = return_unresolved(firm.database, firm.clock)
    assert returned.state is BreakState.OPEN
    assert [each.state for each in firm.breaks()] == [BreakState.OPEN]


def test_two_processes_at_one_plan_write_each_correction_once(database: Database) -> None:
    firm = CorrectedFirm(database)
    wrong(firm, "D1", "D2")
    plan = firm.approved()
    with database.write() as connection:
        move_plan(connection, plan, PlanState.APPROVED, PlanState.APPLYING, "", firm.clock())
        tasks = tasks_of(connection, firm.estate, firm.plan(plan))

    def other() -> None:
        firm.target.before_look = lambda: None
        for task in tasks:
            execute(task, firm.estate, database, firm.clock)

    firm.target.before_look = other
    for task in tasks:
        execute(task, firm.estate, database, firm.clock)
    assert len(firm.target.ledger) == 2
    assert set(firm.states(plan)) == {CorrectionState.VERIFIED}


def test_the_gauges_say_what_the_store_says(firm: CorrectedFirm) -> None:
    wrong(firm, "D1")
    take_turn(firm.estate, firm.database, firm.clock)
    halt(firm.database, "ann", "a restore", firm.clock)
    jobs.refresh_metrics(firm.estate, firm.runtime)
    shown = firm.runtime.metrics.expose("")[0].decode()
    assert 'tieout_corrections{state="verified"} 1.0' in shown
    assert 'tieout_plans{state="done"} 1.0' in shown
    assert "tieout_corrections_halted 1.0" in shown
