"""Several people speak of one plan at the same moment: each is heard once, one outcome stands."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest

from monitor.core.corrections import PlanState
from monitor.core.errors import TieoutError
from monitor.correcting.applying import apply_plan
from monitor.correcting.approving import Answer, approve, expire_overdue, load_named, reject
from monitor.correcting.keeping import keep_draft
from monitor.store.approvals import approvals_of
from monitor.store.audit import verify_audit
from monitor.store.database import Database
from tests.correcting.firm import CORRECTIONS, Firm

Said = Answer | TieoutError


@pytest.fixture
def firm(database: Database) -> Firm:
    """A plan of theirs needs two approvals."""
    limits = {"corrections": 20, "share": 1}
    needed = {"limits": limits, "quorum": [{"approvals": 2}]}
    firm = Firm(database, corrections={**CORRECTIONS, **needed})
    firm.agree(3)
    firm.staff("OPP-3", "900.00")
    firm.settle_down()
    return firm


def propose(firm: Firm) -> str:
    return keep_draft(firm.draft(), firm.database, firm.clock).plan.hash


def at_once(*deeds: Callable[[], Said]) -> list[Said]:
    """What came of each, all begun at the same moment."""
    start = Barrier(len(deeds))

    def do(deed: Callable[[], Said]) -> Said:
        start.wait()
        try:
            return deed()
        except TieoutError as error:
            return error

    with ThreadPoolExecutor(len(deeds)) as threads:
        return list(threads.map(do, deeds))


def yes(firm: Firm, plan: str, who: str) -> Callable[[], Said]:
    return lambda: approve(firm.estate, firm.database, plan, who, "yes", firm.clock)


def no(firm: Firm, plan: str, who: str) -> Callable[[], Said]:
    return lambda: reject(firm.estate, firm.database, plan, who, "no", firm.clock)


def heard(answers: Sequence[Said]) -> list[Answer]:
    return [each for each in answers if isinstance(each, Answer) and not each.refusals]


def state_of(firm: Firm, plan: str) -> PlanState:
    return load_named(firm.estate, firm.database, plan).state


def said_of(firm: Firm, plan: str) -> list[tuple[str, bool]]:
    with firm.database.read() as connection:
        assert verify_audit(connection) is None
        return sorted((each.who, each.is_approved) for each in approvals_of(connection, plan))


def test_two_who_approve_at_once_are_both_counted(firm: Firm) -> None:
    plan = propose(firm)
    answers = at_once(yes(firm, plan, "ann"), yes(firm, plan, "bob"))
    assert len(heard(answers)) == 2
    assert sorted(each.state for each in heard(answers)) == [
        PlanState.APPROVED,
        PlanState.PROPOSED,
    ]
    assert state_of(firm, plan) is PlanState.APPROVED
    assert said_of(firm, plan) == [("ann", True), ("bob", True)]


def test_one_who_approves_four_times_at_once_counts_once(firm: Firm) -> None:
    plan = propose(firm)
    answers = at_once(*[yes(firm, plan, "ann")] * 4)
    assert len(heard(answers)) == 1
    assert state_of(firm, plan) is PlanState.PROPOSED
    assert said_of(firm, plan) == [("ann", True)]


def test_a_no_beside_two_yes_leaves_the_plan_ended_or_nothing_of_the_no(firm: Firm) -> None:
    plan = propose(firm)
    answers = at_once(yes(firm, plan, "ann"), yes(firm, plan, "bob"), no(firm, plan, "cy"))
    if ("cy", False) in said_of(firm, plan):
        assert state_of(firm, plan) is PlanState.REJECTED
    else:
        assert state_of(firm, plan) is PlanState.APPROVED
        assert len(heard(answers)) == 2


def test_a_plan_that_ends_while_it_is_approved_is_never_written(firm: Firm) -> None:
    plan = propose(firm)
    assert heard(at_once(yes(firm, plan, "ann")))
    firm.later(hours=4, seconds=-1)
    late = firm.clock() + timedelta(seconds=2)

    def expire() -> Said:
        expire_overdue(firm.database, lambda: late)
        return Answer(plan, PlanState.EXPIRED)

    at_once(yes(firm, plan, "bob"), expire)
    firm.later(seconds=2)
    expire()
    assert state_of(firm, plan) is PlanState.EXPIRED
    at_once(lambda: _applied(firm, plan))
    assert firm.psa.pen.effects == []


def test_two_who_carry_out_an_approved_plan_at_once_write_it_once(firm: Firm) -> None:
    plan = propose(firm)
    for who in ("ann", "bob"):
        assert heard(at_once(yes(firm, plan, who)))
    at_once(*[lambda: _applied(firm, plan)] * 3)
    assert firm.psa.pen.effects == [("update", "psa.project", "p-OPP-3")]
    assert state_of(firm, plan) is PlanState.DONE


def _applied(firm: Firm, plan: str) -> Answer:
    apply_plan(firm.estate, firm.database, plan, firm.clock)
    return Answer(plan, PlanState.APPLYING)
