"""What would take a correction back, or why nothing can; pure."""

from collections.abc import Mapping

from monitor.core.corrections import Correction, CorrectionState, Fix
from monitor.core.model import Record, Value
from monitor.core.policies import PolicySettings
from monitor.core.writing import Abilities, Operation, Write
from monitor.store.corrections import CorrectionEntry

UNDOABLE = frozenset({CorrectionState.VERIFIED, CorrectionState.DIFFERENT})
"""States of a correction that had an effect, as far as anybody knows."""


def why_not_undone(done: Correction, state: CorrectionState) -> str:
    """Why a correction cannot be taken back, whatever its record says; empty where it may be."""
    if done.write is None:
        return "a person was told, and nothing was written"
    if state not in UNDOABLE:
        return f"it is {state.value.replace('_', ' ')}"
    match done.write.operation:
        case Operation.REPLAY | Operation.TRIGGER:
            return "what a flow has done once it was started, no write of ours takes back"
        case Operation.DELETE:
            return "a record that is gone is not made again under its old number"
        case Operation.CREATE | Operation.UPDATE:
            return ""


def reverse(
    done: Correction,
    entry: CorrectionEntry,
    before: Record | None,
    now: Record | None,
    abilities: Abilities,
    closing: PolicySettings | None,
) -> Correction | str:
    """The correction that takes another one back, or why there is none.

    Args:
        done: what was done.
        entry: where it stands.
        before: the record before it; None where there was none.
        now: the record as it is.
        abilities: what can be written to its stream.
        closing: a policy that says how a record of the stream is closed; None where none does.
    """
    write, why = done.write, why_not_undone(done, entry.state)
    if write is None or why:
        return why
    if now is None or now.deleted:
        return "the record is no longer there"
    changed = [name for name, value in write.after.items() if now.fields.get(name) != value]
    if changed:
        return f"somebody changed {', '.join(sorted(changed))} since: what they wrote is theirs"
    if write.operation is Operation.UPDATE:
        return _put_back(done, entry, write, before, now)
    return _remove(done, entry, now, abilities, closing)


def _remove(
    done: Correction,
    entry: CorrectionEntry,
    now: Record,
    abilities: Abilities,
    closing: PolicySettings | None,
) -> Correction | str:
    """A created record is deleted; where it cannot be, it is closed as others of its stream are."""
    if Operation.DELETE in abilities.operations:
        gone = Write(Operation.DELETE, now.stream, now.native_id, now.keys, now.version, {}, {})
        return _taking_back(done, entry, Fix.CLOSE, gone, "the record that was created is deleted")
    if closing is None or Operation.UPDATE not in abilities.operations:
        return f"{now.stream} offers no way to delete or close a record"
    if unwritable := closing.set.keys() - abilities.fields:
        return f"{now.stream} offers no way to write {', '.join(sorted(unwritable))}"
    closed = _update(now, dict(closing.set))
    return _taking_back(done, entry, Fix.CLOSE, closed, "the record that was created is closed")


def _put_back(
    done: Correction, entry: CorrectionEntry, write: Write, before: Record | None, now: Record
) -> Correction | str:
    if before is None:
        return "what the record was like before was not kept"
    after = {name: before.fields.get(name) for name in write.after}
    return _taking_back(
        done,
        entry,
        Fix.UPDATE,
        _update(now, after),
        "the values before the correction are put back",
    )


def _update(now: Record, after: Mapping[str, Value]) -> Write:
    before = {name: now.fields.get(name) for name in after}
    return Write(Operation.UPDATE, now.stream, now.native_id, now.keys, now.version, before, after)


def _taking_back(
    done: Correction, entry: CorrectionEntry, fix: Fix, write: Write, what: str
) -> Correction:
    return Correction(
        fingerprint=done.fingerprint,
        break_id=done.break_id,
        transaction=done.transaction,
        rule=done.rule,
        fix=fix,
        write=write,
        value_at_risk=done.value_at_risk,
        currency=done.currency,
        why=f"takes correction {entry.id} back: {what}",
        undoes=entry.id,
    )
