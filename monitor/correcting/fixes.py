"""Fixes: each way to repair a break, formed as one write; or the reason why it cannot be."""

from collections.abc import Mapping, Sequence

from monitor.core.breaks import BreakKind, Classification, Finding
from monitor.core.corrections import Fix, Guard
from monitor.core.model import FieldType, KeyRole, KeyUse, Record, StreamId, Value
from monitor.core.policies import PolicySettings, read_set_value
from monitor.core.writing import Operation, Safety, Write
from monitor.correcting.directions import direction_of, only_answers
from monitor.correcting.forming import (
    Form,
    Formed,
    Unfit,
    asking_for,
    at_fault,
    change,
    fits,
    lacks_ability,
)
from monitor.correcting.restarting import replay, trigger
from monitor.correcting.scene import Scene, has_key

_TWICE = frozenset({BreakKind.DUPLICATE, BreakKind.REPLAYED})
_OTHER_MONEY = frozenset({Classification.CURRENCY, Classification.EXCHANGE})


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
    wrong = at_fault(found, scene)
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
        if fits(each, direction.where) and _is_paired(each, wrong, direction.match)
    ]
    values = {each.fields.get(direction.owner_field) for each in owners}
    if len(values) != 1:
        return Unfit("the owner's records do not say one and the same")
    value = values.pop()
    why = f"{owners[0].stream} {owners[0].native_id} owns the field and says so"
    return change(wrong, {direction.field: value}, scene, why)


def _as_the_table_says(found: Finding, scene: Scene) -> Formed | Unfit:
    """The field as its row has it, where that row leaves no choice."""
    wrong = at_fault(found, scene)
    if wrong is None:
        return Unfit("the record at fault is not there")
    if scene.fields[wrong.stream].get(found.field) is not FieldType.TEXT:
        return Unfit("only text is written from a table")
    if found.expected is None or found.expected not in only_answers(scene.rule, found.field):
        return Unfit("the table does not name a single value")
    return change(wrong, {found.field: found.expected}, scene, f"the table of {found.rule} says so")


def create(found: Finding, policy: PolicySettings, scene: Scene) -> Formed | Unfit:
    """Create the record that is missing, from the one that asks for it."""
    if found.kind is not BreakKind.MISSING:
        return Unfit("nothing is missing")
    target = StreamId(found.system, found.stream)
    source = asking_for(found, policy, scene)
    if isinstance(source, Unfit):
        return source
    if not policy.fields and not policy.set:
        return Unfit("its policy does not say which fields a new record gets")
    after = {name: source.fields.get(of) for name, of in policy.fields.items()}
    after |= _set_values(policy, target, scene)
    keys = _new_keys(source, target, policy, scene)
    if not keys:
        return Unfit("no business key of it is known by which it could be found again")
    lacks = lacks_ability(target, Operation.CREATE, after, scene)
    if lacks:
        return Unfit(lacks, Guard.UNABLE)
    write = Write(Operation.CREATE, target, "", keys, "", {}, after)
    return Formed(write, f"{source.stream} {source.native_id} asks for it and says so")


def link(found: Finding, policy: PolicySettings, scene: Scene) -> Formed | Unfit:
    """Enter on a record what leads to the one that it belongs to."""
    wrong = at_fault(found, scene)
    if wrong is None or policy.source is None or not policy.fields:
        return Unfit("its policy does not say what links the record to what")
    others = scene.of_stream(StreamId.parse(policy.source))
    if len(others) != 1:
        return Unfit(f"{len(others)} records of {policy.source} could be meant")
    after = {name: others[0].fields.get(of) for name, of in policy.fields.items()}
    if None in after.values():
        return Unfit(f"{policy.source} {others[0].native_id} lacks what would link it")
    why = f"it belongs to {policy.source} {others[0].native_id}"
    return change(wrong, after, scene, why)


def close(found: Finding, policy: PolicySettings, scene: Scene) -> Formed | Unfit:
    """Bring the extra record to the state of a closed one."""
    wrong = at_fault(found, scene)
    if found.kind not in _TWICE or wrong is None or not policy.set:
        return Unfit("it is no second record that its policy knows how to close")
    after = _set_values(policy, wrong.stream, scene)
    return change(wrong, after, scene, f"{found.expected or 'another record'} is the first one")


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


def _is_paired(one: Record, other: Record, kind: str | None) -> bool:
    if kind is None:
        return True
    return any(has_key(other, kind, use.value) for use in one.keys if use.kind == kind)
