"""Fixes: each way to repair a break, formed as one write; or the reason why it cannot be."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from monitor.core.breaks import BreakKind, Classification, Finding
from monitor.core.conditions import is_met
from monitor.core.corrections import Fix, Guard
from monitor.core.flows import Condition, HandOffSettings
from monitor.core.model import FieldType, KeyRole, KeyUse, Record, StreamId, Value, encode_value
from monitor.core.policies import PolicySettings, read_set_value
from monitor.core.writing import Operation, Safety, Write
from monitor.correcting.directions import direction_of, only_answers
from monitor.correcting.scene import Scene, has_key, shares_every_key

_MESSAGES = frozenset({BreakKind.DEAD_LETTER, BreakKind.STUCK, BreakKind.UNDELIVERED})
_TWICE = frozenset({BreakKind.DUPLICATE, BreakKind.REPLAYED})
_OTHER_MONEY = frozenset({Classification.CURRENCY, Classification.EXCHANGE})


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


def update(found: Finding, _policy: PolicySettings, scene: Scene) -> Formed | Unfit:
    """Bring one field to its owner's value, or to the one that a table of the firm demands."""
    by_table = found.kind is BreakKind.POLICY
    return _as_the_table_says(found, scene) if by_table else _as_the_owner_says(found, scene)


def _as_the_owner_says(found: Finding, scene: Scene) -> Formed | Unfit:
    direction = direction_of(found, scene.rule, scene.of_record) if found.field else None
    if direction is None:
        return Unfit("nobody is named the owner of what differs")
    if found.classification in _OTHER_MONEY:
        return Unfit("the amounts are in different currencies")
    wrong = _at_fault(found, scene)
    if wrong is None:
        return Unfit("the record at fault is not there")
    kinds = (
        scene.fields[direction.owner].get(direction.owner_field),
        scene.fields[wrong.stream].get(direction.field),
    )
    if kinds[0] is None or kinds[0] is not kinds[1]:
        return Unfit("the owner holds the field in another type")
    owners = [
        each
        for each in scene.of_stream(direction.owner)
        if _fits(each, direction.where) and _is_paired(each, wrong, direction.match)
    ]
    values = {each.fields.get(direction.owner_field) for each in owners}
    if len(values) != 1:
        return Unfit("the owner's records do not say one and the same")
    value = values.pop()
    why = f"{owners[0].stream} {owners[0].native_id} owns the field and says so"
    return _change(wrong, {direction.field: value}, scene, why)


def _as_the_table_says(found: Finding, scene: Scene) -> Formed | Unfit:
    """The field as its row has it, where that row leaves no choice."""
    wrong = _at_fault(found, scene)
    if wrong is None:
        return Unfit("the record at fault is not there")
    if scene.fields[wrong.stream].get(found.field) is not FieldType.TEXT:
        return Unfit("only text is written from a table")
    if found.expected is None or found.expected not in only_answers(scene.rule, found.field):
        return Unfit("the table does not name a single value")
    return _change(
        wrong, {found.field: found.expected}, scene, f"the table of {found.rule} says so"
    )


def create(found: Finding, policy: PolicySettings, scene: Scene) -> Formed | Unfit:
    """Create the record that is missing, from the one that asks for it."""
    if found.kind is not BreakKind.MISSING:
        return Unfit("nothing is missing")
    target = StreamId(found.system, found.stream)
    source = _asking(found, policy, scene)
    if isinstance(source, Unfit):
        return source
    if not policy.fields and not policy.set:
        return Unfit("its policy does not say which fields a new record gets")
    after = {name: source.fields.get(of) for name, of in policy.fields.items()}
    after |= _set_values(policy, target, scene)
    keys = _new_keys(source, target, policy, scene)
    if not keys:
        return Unfit("no business key of it is known by which it could be found again")
    lacks = _lacks(target, Operation.CREATE, after, scene)
    if lacks:
        return Unfit(lacks, Guard.UNABLE)
    write = Write(Operation.CREATE, target, "", keys, "", {}, after)
    return Formed(write, f"{source.stream} {source.native_id} asks for it and says so")


def link(found: Finding, policy: PolicySettings, scene: Scene) -> Formed | Unfit:
    """Enter on a record what leads to the one that it belongs to."""
    wrong = _at_fault(found, scene)
    if wrong is None or policy.source is None or not policy.fields:
        return Unfit("its policy does not say what links the record to what")
    others = scene.of_stream(StreamId.parse(policy.source))
    if len(others) != 1:
        return Unfit(f"{len(others)} records of {policy.source} could be meant")
    after = {name: others[0].fields.get(of) for name, of in policy.fields.items()}
    if None in after.values():
        return Unfit(f"{policy.source} {others[0].native_id} lacks what would link it")
    why = f"it belongs to {policy.source} {others[0].native_id}"
    return _change(wrong, after, scene, why)


def close(found: Finding, policy: PolicySettings, scene: Scene) -> Formed | Unfit:
    """Bring the extra record to the state of a closed one."""
    wrong = _at_fault(found, scene)
    if found.kind not in _TWICE or wrong is None or not policy.set:
        return Unfit("it is no second record that its policy knows how to close")
    after = _set_values(policy, wrong.stream, scene)
    return _change(wrong, after, scene, f"{found.expected or 'another record'} is the first one")


def replay(found: Finding, policy: PolicySettings, scene: Scene) -> Formed | Unfit:
    """Give a message back to the flow that failed on it."""
    message = _message(found, policy, scene)
    if message is None:
        return Unfit("no single message is known that could be replayed")
    already = _why_done(found, policy, message, scene)
    if already is not None:
        return already
    lacks = _lacks(message.stream, Operation.REPLAY, {}, scene)
    if lacks:
        return Unfit(lacks, Guard.UNABLE)
    write = Write(
        Operation.REPLAY, message.stream, message.native_id, message.keys, message.version, {}, {}
    )
    return Formed(write, "its effect is nowhere to be seen")


def trigger(found: Finding, policy: PolicySettings, scene: Scene) -> Formed | Unfit:
    """Start the flow again for one deal."""
    if policy.trigger is None:
        return Unfit("its policy names no trigger")
    about = _message(found, policy, scene)
    if about is None:
        asking = _asking(found, policy, scene)
        if isinstance(asking, Unfit):
            return asking
        about = asking
    already = _why_done(found, policy, about, scene)
    if already is not None:
        return already
    stream = about.stream if policy.source is None else StreamId.parse(policy.source)
    able = scene.abilities.get(stream)
    if able is None or policy.trigger not in able.triggers:
        return Unfit(f"{stream} has no trigger '{policy.trigger}'", Guard.UNABLE)
    is_its_own = about.stream == stream
    write = Write(
        Operation.TRIGGER,
        stream,
        about.native_id if is_its_own else "",
        about.keys,
        about.version if is_its_own else "",
        {},
        {},
        policy.trigger,
    )
    return Formed(write, "its effect is nowhere to be seen")


def create_safely(found: Finding, policy: PolicySettings, scene: Scene) -> Formed | Unfit:
    """`create`, where the system itself sees to it that twice is once."""
    target = StreamId(found.system, found.stream)
    if scene.safety(target, Operation.CREATE) not in (None, Safety.KEYED):
        return Unfit(f"to create twice in {target} would make two records")
    return create(found, policy, scene)


FIXES: Mapping[Fix, Form] = {
    Fix.UPDATE: update,
    Fix.CREATE: create,
    Fix.LINK: link,
    Fix.CLOSE: close,
    Fix.REPLAY: replay,
    Fix.TRIGGER: trigger,
}

PREFERENCE: Sequence[tuple[Fix, Form]] = (
    (Fix.UPDATE, update),
    (Fix.CREATE, create_safely),
    (Fix.LINK, link),
    (Fix.CLOSE, close),
    (Fix.REPLAY, replay),
    (Fix.TRIGGER, trigger),
)
"""Where a policy names no fix: a keyed write first, then the flow's own way, then a person."""


def _change(wrong: Record, after: Mapping[str, Value], scene: Scene, why: str) -> Formed | Unfit:
    before = {name: wrong.fields.get(name) for name in after}
    if before == dict(after):
        return Unfit("the record is as it should be already")
    lacks = _lacks(wrong.stream, Operation.UPDATE, after, scene)
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


def _lacks(stream: StreamId, operation: Operation, after: Mapping[str, Value], scene: Scene) -> str:
    """What a stream's writer cannot do of it; empty where it can do all."""
    able = scene.abilities.get(stream)
    if able is None:
        return f"nothing can be written to {stream}"
    if operation not in able.operations:
        return f"{stream} cannot {operation.value}"
    unwritable = sorted(after.keys() - able.fields)
    return f"{stream} cannot be given {', '.join(unwritable)}" if unwritable else ""


def _at_fault(found: Finding, scene: Scene) -> Record | None:
    return scene.find(StreamId(found.system, found.stream), found.record_id)


def _asking(found: Finding, policy: PolicySettings, scene: Scene) -> Record | Unfit:
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
        and (hand_off is None or hand_off.source != str(source) or _fits(each, hand_off.when))
    ]
    if len(asking) != 1:
        return Unfit(f"{len(asking)} records of {source} could be meant")
    return asking[0]


def _message(found: Finding, policy: PolicySettings, scene: Scene) -> Record | None:
    """The message at fault; of a missing record, the one of the stream that the policy names."""
    if found.kind in _MESSAGES:
        return _at_fault(found, scene)
    if found.kind is not BreakKind.MISSING or policy.source is None:
        return None
    stream = StreamId.parse(policy.source)
    messages = scene.of_stream(stream)
    return messages[0] if len(messages) == 1 and messages[0].entity == "message" else None


def _why_done(found: Finding, policy: PolicySettings, about: Record, scene: Scene) -> Unfit | None:
    """Why starting the flow again would do a thing twice, or nobody could tell."""
    effect = StreamId.parse(policy.effect) if policy.effect else None
    if effect is None and found.kind is BreakKind.MISSING:
        effect = StreamId(found.system, found.stream)
    if effect is None:
        return Unfit("its policy does not say where the effect would be seen", Guard.UNABLE)
    for each in scene.of_stream(effect):
        if shares_every_key(about, each):
            return Unfit(f"its effect exists: {effect} {each.native_id}", Guard.EFFECT_EXISTS)
    return None


def _set_values(policy: PolicySettings, stream: StreamId, scene: Scene) -> dict[str, Value]:
    kinds = scene.fields[stream]
    return {name: read_set_value(kinds[name], value) for name, value in policy.set.items()}


def _new_keys(
    source: Record, target: StreamId, policy: PolicySettings, scene: Scene
) -> tuple[KeyUse, ...]:
    """The business keys that the new record will have, as its own stream has them."""
    settings, able = scene.streams[target], scene.abilities.get(target)
    roles = dict.fromkeys(settings.refers, KeyRole.REFERS)
    roles |= dict.fromkeys(settings.defines, KeyRole.DEFINES)
    keys = []
    for kind, role in roles.items():
        if able is None or kind in able.keys:
            of_kind = policy.keys.get(kind, kind)
            values = sorted({use.value for use in source.keys if use.kind == of_kind})
            keys += [KeyUse(role, kind, value) for value in values[:1] if len(values) == 1]
    return tuple(sorted(keys))


def _fits(record: Record, where: Condition) -> bool:
    return is_met(where, {name: encode_value(record.fields.get(name)) for name in where})


def _is_paired(one: Record, other: Record, kind: str | None) -> bool:
    if kind is None:
        return True
    return any(has_key(other, kind, use.value) for use in one.keys if use.kind == kind)
