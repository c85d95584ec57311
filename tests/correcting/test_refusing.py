"""What would be a disaster is refused, and each break says why."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from monitor.core.corrections import CorrectionState, Guard, Mode, PlanState
from monitor.core.errors import Permanent
from monitor.correcting.halting import halt, resume
from monitor.correcting.keeping import Kept, keep_draft
from monitor.correcting.planning import Request, draft_plan
from monitor.store.audit import verify_audit
from monitor.store.correction_tables import correction
from monitor.store.corrections import list_corrections
from monitor.store.plans import list_plans, move_plan
from monitor.store.refusals import count_refused, refusals_of
from tests.correcting.firm import CORRECTIONS, POLICIES, Firm


def keep(firm: Firm, **asked: object) -> Kept:
    return keep_draft(firm.draft(**asked), firm.database, firm.clock)


def guards_on(firm: Firm, fingerprint: str) -> set[Guard]:
    """Why nothing was done about a break, as stored."""
    with firm.database.read() as connection:
        return {each.guard for each in refusals_of(connection, fingerprint)}


def assert_refused(firm: Firm, guard: Guard) -> None:
    """The plan is refused for the record, each break says why, and nothing can come of it."""
    kept = keep(firm)
    assert kept.state is PlanState.REFUSED
    assert guard in {each.guard for each in kept.refusals}
    for each in kept.plan.corrections:
        assert guard in guards_on(firm, each.fingerprint)
    with firm.database.read() as connection:
        [entry] = list_plans(connection)
        assert entry.state is PlanState.REFUSED
        assert entry.ended_why
        states = {each.state for each in list_corrections(connection)}
        assert states == {CorrectionState.DROPPED}
        assert count_refused(connection)[guard] == len(kept.plan.corrections)
        assert verify_audit(connection) is None


def test_mass_drift_is_refused(firm: Firm) -> None:
    for number in range(1, 4):
        firm.staff(f"OPP-{number}", "900.00")
    firm.settle_down()
    assert_refused(firm, Guard.SHARE)


def test_more_than_can_be_looked_at_is_refused_without_a_call(firm: Firm) -> None:
    firm.change(corrections={**CORRECTIONS, "limits": {"corrections": 2, "share": 1}})
    for number in range(1, 4):
        firm.staff(f"OPP-{number}", "900.00")
    firm.settle_down()
    calls = firm.psa.calls
    assert_refused(firm, Guard.COUNT)
    assert firm.psa.calls == calls


def test_an_emptied_source_makes_no_plan(firm: Firm) -> None:
    firm.settle_down()
    firm.psa.rows.clear()
    assert firm.settle_down() == []
    drafted = firm.draft()
    assert drafted.plan.corrections == ()


def test_a_shrunken_source_is_refused(firm: Firm) -> None:
    firm.change(corrections={**CORRECTIONS, "limits": {"share": 1}})
    firm.settle_down()
    for number in range(1, 5):
        del firm.psa.rows[f"p-OPP-{number}"]
    firm.settle_down()
    assert len(firm.breaks("won-to-project")) == 4
    assert_refused(firm, Guard.SHRUNKEN_SOURCE)


def test_a_closed_period_keeps_a_break_out_of_the_plan(firm: Firm) -> None:
    firm.change(
        corrections={
            **CORRECTIONS,
            "periods": {"psa.project": {"field": "start_on", "closed_until": "2026-02-28"}},
        }
    )
    firm.psa.edit("p-OPP-1", amount=Decimal(900), start_on=date(2026, 2, 10))
    firm.psa.edit("p-OPP-2", amount=Decimal(900), start_on=date(2026, 3, 10))
    firm.settle_down()
    kept = keep(firm)
    assert kept.state is PlanState.PROPOSED
    [left] = kept.plan.corrections
    assert left.transaction == "OPP-2"
    by_deal = {each.finding.transaction: each.fingerprint for each in firm.breaks()}
    assert guards_on(firm, by_deal["OPP-1"]) == {Guard.CLOSED_PERIOD}
    assert guards_on(firm, by_deal["OPP-2"]) == set()


def test_a_source_whose_clock_is_wrong_is_refused(firm: Firm) -> None:
    firm.staff("OPP-1", "900.00")
    firm.settle_down()
    firm.psa.skew = timedelta(minutes=10)
    assert_refused(firm, Guard.CLOCK)


def test_our_own_clock_going_back_is_refused(firm: Firm) -> None:
    firm.staff("OPP-1", "900.00")
    firm.settle_down()
    back = timedelta(minutes=8)
    firm.psa.skew = firm.crm.skew = -back
    request = Request("sales", requester="rita")
    now = firm.clock() - back
    drafted = draft_plan(firm.estate, request, firm.database, lambda: now)
    assert {each.guard for each in drafted.refusals} == {Guard.CLOCK}


def test_nothing_is_planned_while_everything_is_halted(firm: Firm) -> None:
    firm.staff("OPP-1", "900.00")
    firm.settle_down()
    halt(firm.database, "eve", "the auditors are here", firm.clock)
    assert_refused(firm, Guard.KILL_SWITCH)
    firm.later(minutes=1)
    resumed = resume(firm.database, "eve", "they left", firm.clock)
    assert resumed is not None
    assert keep(firm).state is PlanState.PROPOSED
    assert resume(firm.database, "eve", "again", firm.clock) is None


def test_the_first_halt_stands(firm: Firm) -> None:
    halt(firm.database, "eve", "first", firm.clock)
    assert halt(firm.database, "ann", "second", firm.clock).who == "eve"


def test_a_fix_that_is_undone_again_and_again_is_given_up(firm: Firm) -> None:
    firm.staff("OPP-1", "900.00")
    firm.settle_down()
    [found] = firm.breaks()
    for _ in range(3):
        kept = keep(firm)
        assert kept.state is PlanState.PROPOSED
        _pretend_applied(firm, kept)
        firm.later(minutes=1)
    left = keep(firm)
    assert left.plan.corrections == ()
    assert guards_on(firm, found.fingerprint) == {Guard.FIX_LOOP}
    firm.later(days=8)
    firm.look()
    assert keep(firm).state is PlanState.PROPOSED


def _pretend_applied(firm: Firm, kept: Kept) -> None:
    """As if the plan had been carried out, and something undid it."""
    with firm.database.write() as connection:
        now = firm.clock()
        connection.execute(
            correction.update()
            .where(correction.c.plan == kept.plan.hash)
            .values(state="verified", intended_at=now, ended_at=now)
        )
        move_plan(connection, kept.plan.hash, PlanState.PROPOSED, PlanState.DONE, "done", now)


def test_a_break_is_in_one_open_plan_only(firm: Firm) -> None:
    firm.staff("OPP-1", "900.00")
    firm.settle_down()
    first = keep(firm)
    assert first.state is PlanState.PROPOSED
    second = keep(firm)
    assert (second.state, second.plan.corrections) == (None, ())
    [refusal] = second.refusals
    assert refusal.guard is Guard.IN_FLIGHT
    assert first.plan.id in refusal.why


def test_of_two_who_keep_at_once_one_is_told_to_plan_again(firm: Firm) -> None:
    firm.staff("OPP-1", "900.00")
    firm.settle_down()
    one, other = firm.draft(), firm.draft(requester="ron")
    keep_draft(one, firm.database, firm.clock)
    with pytest.raises(Permanent, match="plan again"):
        keep_draft(other, firm.database, firm.clock)


def test_the_same_refusal_is_kept_once(firm: Firm) -> None:
    for number in range(1, 4):
        firm.staff(f"OPP-{number}", "900.00")
    firm.settle_down()
    assert keep(firm).state is PlanState.REFUSED
    firm.later(minutes=1)
    assert keep(firm).state is None
    with firm.database.read() as connection:
        assert len(list_plans(connection)) == 1


def test_people_may_propose_for_a_later_hour_and_what_goes_by_itself_waits(firm: Firm) -> None:
    firm.change(
        policies={**POLICIES, "budget": {"mode": "auto"}},
        corrections={**CORRECTIONS, "allow": [{"opens": "22:00", "closes": "23:00"}]},
    )
    firm.staff("OPP-1", "900.00")
    firm.settle_down()
    waiting = keep(firm, mode=Mode.AUTO)
    assert waiting.state is None
    assert {each.guard for each in waiting.refusals} == {Guard.NOT_ALLOWED_NOW}
    [found] = firm.breaks()
    assert guards_on(firm, found.fingerprint) == {Guard.NOT_ALLOWED_NOW}
    assert keep(firm).state is PlanState.PROPOSED
    assert guards_on(firm, found.fingerprint) == set()


def test_a_dry_run_leaves_no_trace(firm: Firm) -> None:
    for number in range(1, 4):
        firm.staff(f"OPP-{number}", "900.00")
    firm.settle_down()
    firm.draft()
    with firm.database.read() as connection:
        assert list_plans(connection) == []
        assert count_refused(connection) == {}
