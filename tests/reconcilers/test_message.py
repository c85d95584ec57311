from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from monitor.core.breaks import BreakKind
from monitor.core.ports import Deadline
from tests.reconcilers.scene import NOW, Row, Scene, at, findings, in_order, row, rule, said

DEAD = rule("dead_letter", stream="bus.message", status=["dead"])
STUCK = rule("stuck", stream="bus.message", after="2h")


def message(status: str | None, updated: float | None = -3, **fields: str) -> Row:
    stamp = None if updated is None else at(updated)
    return row("OPP-1", "M-1", status=status, updated_at=stamp, **fields)


def scene(*messages: Row) -> Scene:
    deal = row("OPP-1", "006A", amount=Decimal(5), currency="EUR")
    return Scene({"crm.opportunity": [deal], "bus.message": messages})


def test_a_message_that_was_given_up_is_a_dead_letter() -> None:
    (finding,) = findings(DEAD, scene(message("Dead", error="no such customer")))
    assert finding.kind is BreakKind.DEAD_LETTER
    assert (finding.system, finding.stream, finding.record_id) == ("bus", "message", "M-1")
    assert (finding.expected, finding.actual) == ("delivered", "Dead: no such customer")
    assert (finding.value_at_risk, finding.currency) == (Decimal(5), "EUR")
    assert (finding.owner, finding.since) == ("integration", at(-3))


@pytest.mark.parametrize("status", ["done", "pending", None])
def test_any_other_message_is_none(status: str | None) -> None:
    assert in_order(DEAD.evaluate(scene(message(status)).scope())) == said()


def test_a_message_without_a_change_for_too_long_is_stuck() -> None:
    (finding,) = findings(STUCK, scene(message("processing")))
    assert finding.kind is BreakKind.STUCK
    assert (finding.actual, finding.since) == ("processing", at(-1))


def test_one_that_moved_lately_has_a_deadline() -> None:
    verdict = STUCK.evaluate(scene(message("pending", -1)).scope())
    assert in_order(verdict) == said(Deadline("OPP-1", at(1)))


def test_it_is_not_stuck_before_the_middleware_was_looked_at_so_far() -> None:
    unseen = Scene({"bus.message": [message("pending")]}, looked={"bus.message": at(-2)})
    assert in_order(STUCK.evaluate(unseen.scope())) == said(Deadline("OPP-1", at(-1)))


def test_without_a_stamp_of_its_own_the_records_stamp_counts() -> None:
    assert len(findings(STUCK, scene(message("pending", None)))) == 1
    timeless = {**message("pending", None), "_modified_at": None}
    assert in_order(STUCK.evaluate(scene(timeless).scope())) == said()


@given(st.integers(-300, 300))
@example(120)
def test_a_message_is_stuck_or_will_be(minutes: int) -> None:
    moved = row("OPP-1", "M", status="pending", updated_at=NOW - timedelta(minutes=minutes))
    verdict = STUCK.evaluate(scene(moved).scope())
    assert bool(verdict.findings) is (minutes >= 120)
    assert bool(verdict.deadlines) is (minutes < 120)


def test_an_unknown_stream_is_refused() -> None:
    with pytest.raises(ValueError, match=r"unknown stream 'bus\.messages'; did you mean"):
        rule("stuck", stream="bus.messages", after="1h")
