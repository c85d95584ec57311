"""Fit: whether the systems can do what policies name, before any break asks for it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from monitor.core.corrections import Fix, Mode
from monitor.core.flows import HandOffSettings, RuleSettings
from monitor.core.model import StreamId
from monitor.core.policies import PolicySettings
from monitor.core.writing import Abilities, Operation
from monitor.estate import Estate

_WRITTEN: Mapping[Fix, Operation] = {
    Fix.CREATE: Operation.CREATE,
    Fix.UPDATE: Operation.UPDATE,
    Fix.LINK: Operation.UPDATE,
    Fix.CLOSE: Operation.UPDATE,
    Fix.REPLAY: Operation.REPLAY,
    Fix.TRIGGER: Operation.TRIGGER,
}


@dataclass(frozen=True, slots=True)
class Inability:
    """A policy whose fix its system cannot do: every break of its rule will be refused."""

    flow: str
    rule: str
    why: str


def find_inabilities(estate: Estate) -> Iterator[Inability]:
    """Policies that name a fix which the stream that it writes to does not declare."""
    for flow in estate.flows:
        for rule, policy in flow.policies.items():
            fix = policy.fix
            if policy.mode is Mode.OBSERVE or fix is None or fix not in _WRITTEN:
                continue
            stream = _target(fix, policy, flow.settings.get(rule))
            if stream is None:
                continue
            why = _lacks(stream, fix, policy, _abilities(estate, stream))
            if why:
                yield Inability(flow.name, rule, why)


def _target(fix: Fix, policy: PolicySettings, rule: RuleSettings | None) -> StreamId | None:
    """The stream that is written to, where the settings alone say; None where breaks do."""
    hand_off = rule if isinstance(rule, HandOffSettings) else None
    if fix in (Fix.REPLAY, Fix.TRIGGER) and policy.source is not None:
        return StreamId.parse(policy.source)
    if hand_off is not None:
        return StreamId.parse(hand_off.source if fix is Fix.TRIGGER else hand_off.to)
    stream = getattr(rule, "stream", None)
    return StreamId.parse(stream) if isinstance(stream, str) else None


def _abilities(estate: Estate, stream: StreamId) -> Abilities:
    writer = estate.writer(stream.system)
    return Abilities() if writer is None else writer.abilities(stream.stream)


def _lacks(stream: StreamId, fix: Fix, policy: PolicySettings, able: Abilities) -> str:
    operation = _WRITTEN[fix]
    if operation not in able.operations:
        return f"{stream} declares no way to {operation.value}"
    unwritable = sorted({*policy.fields, *policy.set} - able.fields)
    if unwritable:
        return f"{stream} declares no way to write {', '.join(unwritable)}"
    if fix is Fix.TRIGGER and policy.trigger not in able.triggers:
        return f"{stream} declares no trigger '{policy.trigger}'"
    return ""
