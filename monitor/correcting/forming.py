"""What every fix is formed with: the record at fault, what asks for it, what can be written."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from monitor.core.breaks import Finding
from monitor.core.conditions import is_met
from monitor.core.corrections import Guard
from monitor.core.flows import Condition, HandOffSettings
from monitor.core.model import Record, StreamId, Value, encode_value
from monitor.core.policies import PolicySettings
from monitor.core.writing import Operation, Write
from monitor.correcting.scene import Scene, has_key


@dataclass(frozen=True, slots=True)
class Formed:
    """A write, and one sentence that says from where its values come."""

    write: Write
    why: str


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why a fix cannot be formed.

    Attributes:
        why: one sentence.
        guard: of a reason for which nothing may be done at all; None where a person can do it.
    """

    why: str
    guard: Guard | None = None


Form = Callable[[Finding, PolicySettings, Scene], Formed | Unfit]


def change(wrong: Record, after: Mapping[str, Value], scene: Scene, why: str) -> Formed | Unfit:
    """The record with these values, unless it has them or cannot be given them."""
    before = {name: wrong.fields.get(name) for name in after}
    if before == dict(after):
        return Unfit("the record is as it should be already")
    lacks = lacks_ability(wrong.stream, Operation.UPDATE, after, scene)
    if lacks:
        return Unfit(lacks, Guard.UNABLE)
    write = Write(
        Operation.UPDATE,
        wrong.stream,
        wrong.native_id,
        wrong.keys,
        wrong.version,
        before,
        dict(after),
    )
    return Formed(write, why)


def lacks_ability(
    stream: StreamId, operation: Operation, after: Mapping[str, Value], scene: Scene
) -> str:
    """What a stream's writer cannot do of it; empty where it can do all."""
    able = scene.abilities.get(stream)
    if able is None:
        return f"nothing can be written to {stream}"
    if operation not in able.operations:
        return f"{stream} cannot {operation.value}"
    unwritable = sorted(after.keys() - able.fields)
    return f"{stream} cannot be given {', '.join(unwritable)}" if unwritable else ""


def at_fault(found: Finding, scene: Scene) -> Record | None:
    """The record that a finding is about; None where it is not there."""
    return scene.find(StreamId(found.system, found.stream), found.record_id)


def asking_for(found: Finding, policy: PolicySettings, scene: Scene) -> Record | Unfit:
    """The one record that asks for what is missing."""
    rule = scene.rule
    hand_off = rule if isinstance(rule, HandOffSettings) else None
    if policy.source is None and hand_off is None:
        return Unfit("its policy does not say from which stream the values come")
    source = StreamId.parse(policy.source or (hand_off.source if hand_off else ""))
    kind, _, value = found.record_id.partition(":")
    asking = [
        each
        for each in scene.of_stream(source)
        if (not value or has_key(each, kind, value))
        and (hand_off is None or hand_off.source != str(source) or fits(each, hand_off.when))
    ]
    if len(asking) != 1:
        return Unfit(f"{len(asking)} records of {source} could be meant")
    return asking[0]


def fits(record: Record, where: Condition) -> bool:
    """Whether a record is one of those meant."""
    return is_met(where, {name: encode_value(record.fields.get(name)) for name in where})
