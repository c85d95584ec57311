"""What follows from looking: decided from what was planned and what is seen, and nothing else."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.corrections import CorrectionState
from monitor.core.errors import UNSENT, Permanent, Reason, Transient
from monitor.core.model import KeyRole, KeyUse, Record
from monitor.core.writing import Operation, Write
from monitor.correcting.judging import (
    LONGEST_WAIT,
    after_call,
    after_reading,
    before_writing,
    next_look,
    while_unknown,
)
from tests.cycle.small_firm import PROJECT, START

KEYS = (KeyUse(KeyRole.REFERS, "deal", "D1"),)
HALF_AN_HOUR = timedelta(minutes=30)


def record(amount: str) -> Record:
    return Record(PROJECT, "project", "p-1", {"amount": Decimal(amount)}, KEYS, None)


BEFORE, AFTER, OTHER = record("1.00"), record("2.00"), record("3.00")
INTENDED = {"amount": Decimal("2.0")}


def write(operation: Operation) -> Write:
    if operation is Operation.CREATE:
        return Write(operation, PROJECT, "", KEYS, "", {}, INTENDED)
    return Write(operation, PROJECT, "p-1", KEYS, BEFORE.version, BEFORE.fields, INTENDED)


@pytest.mark.parametrize(
    ("operation", "now", "expected"),
    [
        (Operation.CREATE, None, None),
        (Operation.CREATE, OTHER, CorrectionState.NEEDLESS),
        (Operation.UPDATE, BEFORE, None),
        (Operation.UPDATE, AFTER, CorrectionState.NEEDLESS),
        (Operation.UPDATE, OTHER, CorrectionState.STALE),
        (Operation.UPDATE, None, CorrectionState.STALE),
        (Operation.DELETE, BEFORE, None),
        (Operation.DELETE, OTHER, CorrectionState.STALE),
        (Operation.DELETE, None, CorrectionState.NEEDLESS),
        (Operation.REPLAY, BEFORE, None),
        (Operation.REPLAY, None, CorrectionState.NEEDLESS),
        (Operation.TRIGGER, BEFORE, None),
        (Operation.TRIGGER, OTHER, CorrectionState.STALE),
    ],
)
def test_only_what_is_as_planned_is_written(
    operation: Operation, now: Record | None, expected: CorrectionState | None
) -> None:
    outcome = before_writing(write(operation), now)
    assert (None if outcome is None else outcome.state) is expected


@pytest.mark.parametrize(
    ("operation", "now", "has_effect", "expected"),
    [
        (Operation.CREATE, None, None, CorrectionState.FAILED),
        (Operation.CREATE, AFTER, None, CorrectionState.APPLIED),
        (Operation.CREATE, OTHER, None, CorrectionState.DIFFERENT),
        (Operation.UPDATE, BEFORE, None, CorrectionState.FAILED),
        (Operation.UPDATE, AFTER, None, CorrectionState.APPLIED),
        (Operation.UPDATE, OTHER, None, CorrectionState.DIFFERENT),
        (Operation.DELETE, None, None, CorrectionState.APPLIED),
        (Operation.REPLAY, BEFORE, True, CorrectionState.APPLIED),
        (Operation.REPLAY, BEFORE, False, CorrectionState.FAILED),
        (Operation.TRIGGER, None, True, CorrectionState.APPLIED),
        (Operation.TRIGGER, None, False, CorrectionState.FAILED),
        (Operation.TRIGGER, None, None, None),
    ],
)
def test_when_the_patience_is_over_what_is_seen_decides(
    operation: Operation,
    now: Record | None,
    has_effect: bool | None,
    expected: CorrectionState | None,
) -> None:
    planned = write(operation)
    late = while_unknown(planned, now, has_effect=has_effect, is_patient=False)
    assert (None if late is None else late.state) is expected
    soon = while_unknown(planned, now, has_effect=has_effect, is_patient=True)
    if expected is CorrectionState.APPLIED:
        assert soon == late
    else:
        assert soon is None


@pytest.mark.parametrize(
    ("operation", "now", "has_effect", "expected"),
    [
        (Operation.UPDATE, AFTER, None, CorrectionState.VERIFIED),
        (Operation.UPDATE, BEFORE, None, CorrectionState.DIFFERENT),
        (Operation.CREATE, None, None, CorrectionState.DIFFERENT),
        (Operation.REPLAY, None, True, CorrectionState.VERIFIED),
        (Operation.REPLAY, None, False, CorrectionState.DIFFERENT),
        (Operation.REPLAY, None, None, CorrectionState.VERIFIED),
        (Operation.TRIGGER, None, None, CorrectionState.VERIFIED),
    ],
)
def test_done_is_what_was_read_back(
    operation: Operation, now: Record | None, has_effect: bool | None, expected: CorrectionState
) -> None:
    outcome = after_reading(write(operation), now, has_effect=has_effect, is_patient=False)
    assert outcome is not None
    assert outcome.state is expected


@given(st.sampled_from(Reason))
def test_only_what_is_certain_counts_as_certain(reason: Reason) -> None:
    refused = after_call(Permanent("no", reason=reason)).state
    is_conflict = reason is Reason.CONFLICT
    assert refused is (CorrectionState.STALE if is_conflict else CorrectionState.FAILED)
    silent = after_call(Transient("hm", reason=reason)).state
    assert silent is (CorrectionState.FAILED if reason in UNSENT else CorrectionState.UNKNOWN)


@given(st.integers(0, 200_000))
def test_looks_grow_rarer_and_one_falls_on_the_end_of_the_patience(seconds: int) -> None:
    now = START + timedelta(seconds=seconds)
    at = next_look(START, HALF_AN_HOUR, now)
    assert now < at <= now + LONGEST_WAIT
    assert not now < START + HALF_AN_HOUR < at
