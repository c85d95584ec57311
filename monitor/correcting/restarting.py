"""Start a flow again, by its message or a trigger; never where its effect is seen."""

from monitor.core.breaks import BreakKind, Finding
from monitor.core.corrections import Guard
from monitor.core.model import Record, StreamId
from monitor.core.policies import PolicySettings
from monitor.core.writing import Operation, Write
from monitor.correcting.forming import Formed, Unfit, asking_for, at_fault, lacks_ability
from monitor.correcting.scene import Scene, shares_every_key

_MESSAGES = frozenset({BreakKind.DEAD_LETTER, BreakKind.STUCK, BreakKind.UNDELIVERED})


def replay(found: Finding, policy: PolicySettings, scene: Scene) -> Formed | Unfit:
    """Give a message back to the flow that failed on it."""
    message = _message(found, policy, scene)
    if message is None:
        return Unfit("no single message is known that could be replayed")
    already = _why_done(found, policy, message, scene)
    if already is not None:
        return already
    lacks = lacks_ability(message.stream, Operation.REPLAY, {}, scene)
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
        asking = asking_for(found, policy, scene)
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


def _message(found: Finding, policy: PolicySettings, scene: Scene) -> Record | None:
    """The message at fault; of a missing record, the one of the stream that the policy names."""
    if found.kind in _MESSAGES:
        return at_fault(found, scene)
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
