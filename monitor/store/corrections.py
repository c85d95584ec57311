"""Corrections as they stand, every step of each, and the records that they hold."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update
from sqlalchemy.sql import Select

from monitor.core.corrections import GIVEN_UP, IN_FLIGHT, CorrectionState
from monitor.store.bulk import hold, upsert
from monitor.store.correction_tables import correction, correction_step, target_claim

LIVE = IN_FLIGHT | {CorrectionState.PLANNED}
"""States that something still comes of."""


@dataclass(frozen=True, slots=True)
class CorrectionEntry:
    """A correction's row: what became of one place of a plan.

    Attributes:
        id: what people type.
        plan: hash of its plan.
        position: which of the plan's corrections it is, from 0.
        fingerprint: of the break.
        system: where it writes; empty where a person does it.
        target: as of `target_of`.
        state: where it is.
        pre_image: the record before the write, as of `encode_record`; None where there was none.
        native_id: of the record; empty where it is not known.
        reference: what the system calls the act.
        reason: why it ended as it did, or why nothing is known.
        undoes: number of the correction that it takes back.
        intended_at, applied_at, ended_at: when it came so far; None before.
        look_at: when its target is looked at again; None where it is not. Of one that was given up,
            its write may still arrive.
    """

    id: int
    plan: str
    position: int
    fingerprint: str
    system: str
    target: str
    state: CorrectionState
    pre_image: str | None
    native_id: str
    reference: str
    reason: str
    undoes: int | None
    intended_at: datetime | None
    applied_at: datetime | None
    ended_at: datetime | None
    look_at: datetime | None


@dataclass(frozen=True, slots=True)
class CorrectionStep:
    """One step of a correction; `answer` is what came back, cut and without secrets."""

    sequence: int
    at: datetime
    before: CorrectionState
    after: CorrectionState
    who: str
    why: str
    answer: str


def load_correction(connection: Connection, number: int) -> CorrectionEntry | None:
    """A correction; None where there is none of this number."""
    found = _entries(connection, select(correction).where(correction.c.id == number))
    return found[0] if found else None


def corrections_of(connection: Connection, plan_hash: str) -> list[CorrectionEntry]:
    """Every correction of a plan, in its order."""
    query = select(correction).where(correction.c.plan == plan_hash)
    return _entries(connection, query.order_by(correction.c.position))


def corrections_of_break(connection: Connection, fingerprint: str) -> list[CorrectionEntry]:
    """Every correction of a break, the oldest first."""
    query = select(correction).where(correction.c.fingerprint == fingerprint)
    return _entries(connection, query.order_by(correction.c.id))


def undone_by(connection: Connection, number: int) -> list[CorrectionEntry]:
    """Corrections that take this one back, or would, the oldest first."""
    query = select(correction).where(correction.c.undoes == number)
    return _entries(connection, query.order_by(correction.c.id))


def list_corrections(
    connection: Connection, *, states: Collection[CorrectionState] = (), limit: int | None = None
) -> list[CorrectionEntry]:
    """Corrections, the newest first; without states those in any."""
    query = select(correction)
    if states:
        query = query.where(correction.c.state.in_(_words(states)))
    return _entries(connection, query.order_by(correction.c.id.desc()).limit(limit))


def due_corrections(connection: Connection, now: datetime) -> list[CorrectionEntry]:
    """Corrections whose target is to be looked at now, the longest due first.

    They are in flight, or their write was given up and may still arrive.
    """
    query = select(correction).where(
        correction.c.state.in_(_words(IN_FLIGHT | GIVEN_UP)), correction.c.look_at <= now
    )
    return _entries(connection, query.order_by(correction.c.look_at, correction.c.id))


def move_correction(
    connection: Connection,
    number: int,
    before: Collection[CorrectionState],
    after: CorrectionState,
    *,
    who: str,
    why: str,
    at: datetime,
    answer: str = "",
    **changes: Any,
) -> bool:
    """Take one step, unless somebody else took one before.

    A final step lets go of the record, unless it says in `changes` when to look at it again.

    Args:
        connection: a write transaction.
        number: of the correction.
        before: states from which the step may be taken.
        after: the state that it leads to.
        who: who takes it.
        why: one sentence.
        at: the present.
        answer: what the target said.
        changes: further columns, as of `CorrectionEntry`.

    Returns:
        Whether the step was taken; if not, nothing happened.
    """
    current = connection.execute(
        select(correction.c.state).where(correction.c.id == number).with_for_update()
    ).scalar_one_or_none()
    if current is None or CorrectionState(current) not in before:
        return False
    is_over = after not in LIVE
    ended = {"ended_at": at, "look_at": None} if is_over else {"ended_at": None}
    moved = connection.execute(
        update(correction)
        .where(correction.c.id == number, correction.c.state == current)
        .values({"state": after.value, **ended, **changes})
    )
    if moved.rowcount != 1:
        return False
    last = select(func.coalesce(func.max(correction_step.c.sequence), 0)).where(
        correction_step.c.correction_id == number
    )
    connection.execute(
        insert(correction_step).values(
            correction_id=number,
            sequence=connection.execute(last).scalar_one() + 1,
            at=at,
            before=current,
            after=after.value,
            who=who,
            why=why,
            answer=answer,
        )
    )
    if is_over and changes.get("look_at") is None:
        _let_go(connection, number)
    return True


def look_later(
    connection: Connection, number: int, state: CorrectionState, look_at: datetime | None, why: str
) -> None:
    """Nothing new is known of a correction that is in this state: look again then."""
    connection.execute(
        update(correction)
        .where(correction.c.id == number, correction.c.state == state.value)
        .values(look_at=look_at, reason=why)
    )


def stop_looking(connection: Connection, number: int) -> None:
    """A write that was given up cannot arrive any more: let go of its record."""
    connection.execute(
        update(correction)
        .where(correction.c.id == number, correction.c.state.in_(_words(GIVEN_UP)))
        .values(look_at=None)
    )
    _let_go(connection, number)


def _let_go(connection: Connection, number: int) -> None:
    connection.execute(delete(target_claim).where(target_claim.c.correction_id == number))


def steps_of(connection: Connection, number: int) -> list[CorrectionStep]:
    """Every step of a correction, in order."""
    query = select(correction_step).where(correction_step.c.correction_id == number)
    return [
        CorrectionStep(
            row.sequence,
            row.at,
            CorrectionState(row.before),
            CorrectionState(row.after),
            row.who,
            row.why,
            row.answer,
        )
        for row in connection.execute(query.order_by(correction_step.c.sequence))
    ]


def hold_correction(connection: Connection, target: str) -> None:
    """Let one process at a time decide about what is written to a record."""
    hold(connection, f"target {target}")


def claim_target(connection: Connection, target: str, number: int) -> bool:
    """Hold a record for one correction; False where another holds it."""
    claimed = connection.execute(
        upsert(connection, target_claim)
        .values(target=target, correction_id=number)
        .on_conflict_do_nothing(index_elements=["target"])
        .returning(target_claim.c.target)
    )
    return claimed.one_or_none() is not None


def claims(connection: Connection) -> dict[str, int]:
    """By target, the correction that holds it."""
    query = select(target_claim.c.target, target_claim.c.correction_id)
    return {row.target: row.correction_id for row in connection.execute(query)}


def count_by_state(connection: Connection) -> dict[CorrectionState, int]:
    """How many corrections are in each state; states without any are left out."""
    query = select(correction.c.state, func.count()).group_by(correction.c.state)
    return {CorrectionState(state): count for state, count in connection.execute(query)}


def count_ended(
    connection: Connection, outcomes: Collection[CorrectionState]
) -> dict[CorrectionState, int]:
    """How often corrections ever came to each of these states; one may come to two in its life."""
    query = (
        select(correction_step.c.after, func.count())
        .where(
            correction_step.c.after.in_(_words(outcomes)),
            correction_step.c.before != correction_step.c.after,
        )
        .group_by(correction_step.c.after)
    )
    return {CorrectionState(state): count for state, count in connection.execute(query)}


def corrections_since(connection: Connection, fingerprint: str, since: datetime) -> int:
    """How often a write for a break was intended since then."""
    query = select(func.count()).where(
        correction.c.fingerprint == fingerprint, correction.c.intended_at >= since
    )
    return connection.execute(query).scalar_one()


def _words(states: Collection[CorrectionState]) -> Sequence[str]:
    return sorted(state.value for state in states)


def _entries(connection: Connection, query: Select[Any]) -> list[CorrectionEntry]:
    return [_entry(row) for row in connection.execute(query)]


def _entry(row: Row[Any]) -> CorrectionEntry:
    return CorrectionEntry(**{**row._asdict(), "state": CorrectionState(row.state)})
