"""The audit log says who asked, who approved, what was sent, what came back, what was verified."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from monitor.core.corrections import idempotency_key
from monitor.correcting.failpoints import Failpoint, arm
from monitor.store.audit import verify_audit
from monitor.store.database import Database
from monitor.store.schema import audit
from tests.correcting.small import CorrectedFirm
from tests.correcting.target import Mishap


class Crash(BaseException):
    """The process is gone: nothing in the code may catch it."""


@pytest.fixture
def firm(database: Database) -> CorrectedFirm:
    firm = CorrectedFirm(database)
    firm.win("D1")
    firm.staff("D1", amount="1.00")
    firm.look()
    return firm


def entries(firm: CorrectedFirm) -> list[tuple[str, str, dict[str, Any]]]:
    with firm.database.read() as connection:
        assert verify_audit(connection) is None
        rows = connection.execute(select(audit).order_by(audit.c.sequence)).all()
    told = [(row.action, row.who, json.loads(row.detail)) for row in rows]
    return [entry for entry in told if entry[0] != "apply"]  # that a landscape was taken over


def test_a_correction_is_told_from_the_asking_to_the_proof(firm: CorrectedFirm) -> None:
    plan = firm.approved()
    firm.apply(plan)
    told = entries(firm)
    assert [action for action, _, _ in told] == [
        "propose",
        "apply plan",
        "correction intended",
        "correction applied",
        "correction verified",
        "plan done",
    ]
    details = {action: detail for action, _, detail in told}
    assert told[0][1] == "carl"
    assert details["apply plan"]["approved_by"] == ["ann"]
    sent = details["correction intended"]
    assert sent["write"]["before"] == {"amount": "1.00"}
    assert sent["write"]["after"] == {"amount": "1000.00"}
    kept = firm.plan(plan)
    assert sent["idempotency_key"] == idempotency_key(kept, kept.corrections[0])
    assert sent["idempotency_key"] == firm.target.ledger[0].key
    assert details["correction applied"]["answer"] == '{"ok": true}'
    assert details["correction verified"]["plan"] == plan


def test_what_is_not_known_and_how_it_was_settled_are_told(firm: CorrectedFirm) -> None:
    plan = firm.approved()
    firm.target.mishaps = [Mishap.LOST]
    firm.apply(plan)
    firm.later(minutes=1)
    firm.settle_now()
    told = [action for action, _, _ in entries(firm) if action.startswith("correction")]
    assert told == [
        "correction intended",
        "correction unknown",
        "correction applied",
        "correction verified",
    ]


@pytest.mark.parametrize(
    ("point", "last"),
    [
        (Failpoint.WITHIN_INTENT, "apply plan"),
        (Failpoint.AFTER_INTENT, "correction intended"),
        (Failpoint.WITHIN_OUTCOME, "correction intended"),
        (Failpoint.WITHIN_VERIFICATION, "correction applied"),
    ],
)
def test_a_state_and_its_entry_are_there_together_or_not_at_all(
    firm: CorrectedFirm, point: Failpoint, last: str
) -> None:
    plan = firm.approved()

    def die(reached: Failpoint) -> None:
        if reached is point:
            raise Crash

    arm(die)
    try:
        with pytest.raises(Crash):
            firm.apply(plan)
    finally:
        arm()
    assert entries(firm)[-1][0] == last
    [state] = firm.states(plan)
    assert state.value == last.removeprefix("correction ") or state.value == "planned"
