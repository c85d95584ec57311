"""Corrections for people and machines: where each stands, and every step that led there."""

from collections.abc import Iterator, Sequence
from typing import Any

from monitor.core.corrections import CorrectionState
from monitor.core.model import encode_value
from monitor.core.showing import show_instant, show_minute
from monitor.store.corrections import CorrectionEntry, CorrectionStep

COLUMNS = ("correction", "state", "target", "plan", "break", "when (UTC)", "why")
"""Of the list of corrections."""


def tell_correction(entry: CorrectionEntry) -> tuple[str, ...]:
    """A correction as a row of the list."""
    return (
        str(entry.id),
        show_state(entry.state),
        entry.target if entry.system else "by a person",
        entry.plan[:12],
        entry.fingerprint[:10],
        show_minute(entry.ended_at or entry.applied_at or entry.intended_at),
        entry.reason,
    )


def tell_life(entry: CorrectionEntry, steps: Sequence[CorrectionStep]) -> Iterator[str]:
    """A correction line by line, with all its steps."""
    yield f"correction {entry.id}: {show_state(entry.state)}"
    yield f"  target     {entry.target if entry.system else 'by a person'}"
    yield f"  break      {entry.fingerprint[:10]}"
    yield f"  plan       {entry.plan}"
    if entry.undoes is not None:
        yield f"  takes back correction {entry.undoes}"
    if entry.native_id:
        yield f"  record     {entry.native_id}"
    if entry.reference:
        yield f"  reference  {entry.reference}"
    if entry.look_at is not None:
        yield f"  looked at  again at {show_instant(entry.look_at)}"
    if entry.pre_image is not None:
        yield f"  before     {entry.pre_image}"
    yield ""
    for step in steps:
        yield f"{show_instant(step.at)}  {show_state(step.after):<11}  {step.who}: {step.why}"
        if step.answer:
            yield f"{'':<34}{step.answer}"


def tell_done(entries: Sequence[CorrectionEntry]) -> Iterator[str]:
    """What became of each correction of a plan."""
    for each in entries:
        target = each.target if each.system else "by a person"
        yield f"correction {each.id}  {show_state(each.state):<11}  {target}"
        yield f"    {each.reason}"


def correction_as_json(
    entry: CorrectionEntry, steps: Sequence[CorrectionStep] = ()
) -> dict[str, Any]:
    """A correction for machines."""
    moments = ("intended_at", "applied_at", "ended_at", "look_at")
    texts = ("plan", "fingerprint", "target", "native_id", "reference", "reason", "undoes")
    return {
        "id": entry.id,
        "state": entry.state.value,
        **{name: getattr(entry, name) for name in texts},
        **{name: encode_value(getattr(entry, name)) for name in moments},
        "pre_image": entry.pre_image,
        "steps": [
            {
                "at": encode_value(step.at),
                "before": step.before.value,
                "after": step.after.value,
                "who": step.who,
                "why": step.why,
                "answer": step.answer,
            }
            for step in steps
        ],
    }


def show_state(state: CorrectionState) -> str:
    """A state in words."""
    return state.value.replace("_", " ")
