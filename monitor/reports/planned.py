"""A plan for people and machines: exact writes before and after, money, and what speaks against."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from monitor.core.approvals import Approval
from monitor.core.corrections import Correction, Plan, Refusal, encode_plan
from monitor.core.model import Value, encode_value
from monitor.core.showing import show_count, show_minute, show_money, show_text, show_value
from monitor.core.writing import Operation, Write
from monitor.store.plans import PlanEntry

_BY_A_PERSON = "by a person"
_KEYS_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Planned:
    """What is told of a plan.

    Attributes:
        plan: what would be done.
        money: value at risk in the firm's currency; None where it is not known.
        currency: of the firm.
        refusals: of the whole plan.
        left_out: why breaks are no part of it.
        lacking: approvals that it needs, in words.
        entry: as it was kept; None of a dry run.
        approvals: what people said of it.
    """

    plan: Plan
    money: Decimal | None
    currency: str
    refusals: Sequence[Refusal] = ()
    left_out: Sequence[Refusal] = ()
    lacking: Sequence[str] = ()
    entry: PlanEntry | None = None
    approvals: Sequence[Approval] = ()

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        entry = self.entry
        return {
            "hash": self.plan.hash,
            "state": None if entry is None else entry.state.value,
            "ended_why": "" if entry is None else entry.ended_why,
            "plan": msgspec.json.decode(encode_plan(self.plan)),
            "money": None if self.money is None else format(self.money, "f"),
            "currency": self.currency,
            "refusals": [refusal_as_json(each) for each in self.refusals],
            "left_out": [refusal_as_json(each) for each in self.left_out],
            "lacking": list(self.lacking),
            "approvals": [_approval_as_json(each) for each in self.approvals],
        }


def refusal_as_json(each: Refusal) -> dict[str, str]:
    """A refusal for machines."""
    return {"guard": each.guard.value, "why": each.why, "fingerprint": each.fingerprint}


def entry_as_json(entry: PlanEntry) -> dict[str, Any]:
    """A plan's row for machines."""
    return {
        "hash": entry.hash,
        "flow": entry.flow,
        "mode": entry.mode.value,
        "requester": entry.requester,
        "state": entry.state.value,
        "made_at": encode_value(entry.made_at),
        "expires_at": encode_value(entry.expires_at),
        "ended_at": encode_value(entry.ended_at),
        "ended_why": entry.ended_why,
        "corrections": entry.corrections,
    }


def tell_planned(told: Planned) -> Iterator[str]:
    """The plan line by line."""
    plan = told.plan
    yield _headline(told)
    if told.entry is not None:
        yield from _standing(told.entry, told.approvals)
    for system, corrections in _by_system(plan.corrections).items():
        yield ""
        yield system
        for each in corrections:
            yield from _correction(each)
    if told.refusals:
        yield ""
        yield "refused as a whole"
        yield from _refusals(told.refusals)
    if told.left_out:
        yield ""
        yield "left out"
        yield from _refusals(told.left_out)
    if told.lacking and plan.corrections:
        yield ""
        yield f"needs {', and '.join(told.lacking)}"


def tell_refusal(each: Refusal) -> str:
    """A refusal in one line."""
    return f"{each.guard.value.replace('_', ' ')}: {each.why}"


def _headline(told: Planned) -> str:
    plan = told.plan
    if not plan.corrections:
        return f"nothing to correct in {plan.flow}"
    count = show_count(len(plan.corrections), "correction")
    money = (
        "money at stake not known"
        if told.money is None
        else f"{show_money(told.money, told.currency)} at stake"
    )
    name = "dry run" if told.entry is None else f"plan {plan.id}"
    return f"{name}: {count} in {plan.flow}, {money}"


def _standing(entry: PlanEntry, approvals: Sequence[Approval]) -> Iterator[str]:
    ended = f": {entry.ended_why}" if entry.ended_why else ""
    yield f"  {entry.hash}"
    yield f"  {entry.state.value}{ended}"
    yield (
        f"  asked for by {entry.requester} at {show_minute(entry.made_at)} UTC,"
        f" until {show_minute(entry.expires_at)} UTC"
    )
    for each in approvals:
        said = "approved" if each.is_approved else "rejected"
        yield f"  {said} by {each.who} at {show_minute(each.at)} UTC: {each.why}"


def _by_system(corrections: Sequence[Correction]) -> Mapping[str, list[Correction]]:
    """Corrections by the system that they write to; those that people do come last."""
    grouped: defaultdict[str, list[Correction]] = defaultdict(list)
    for each in corrections:
        grouped[_BY_A_PERSON if each.write is None else each.write.stream.system].append(each)
    return {name: grouped[name] for name in sorted(grouped, key=_people_last)}


def _people_last(name: str) -> tuple[bool, str]:
    return (name == _BY_A_PERSON, name)


def _correction(each: Correction) -> Iterator[str]:
    at_risk = each.value_at_risk
    money = "" if at_risk is None else f", {show_money(at_risk, each.currency)} at risk"
    undoing = "" if each.undoes is None else f", takes back correction {each.undoes}"
    about = f"{each.transaction}, break {each.break_id} of {each.rule}{money}{undoing}"
    if each.write is None:
        yield f"  {about}"
        yield f"      because {each.why}"
    else:
        yield f"  {_act(each.write)}"
        yield from _values(each.write)
        yield f"      for {about}"
        yield f"      because {each.why}"


def tell_write(write: Write) -> Iterator[str]:
    """What would be written, one line a field, before and after."""
    if not write.after:
        yield _act(write)
    for line in _values(write):
        yield f"{_act(write)}: {' '.join(line.split())}"


def _act(write: Write) -> str:
    keys = ", ".join(f"{use.kind} {use.value}" for use in write.keys[:_KEYS_SHOWN])
    match write.operation:
        case Operation.CREATE:
            return f"create {write.stream} under {keys}"
        case Operation.TRIGGER:
            return f"trigger {write.trigger} of {write.stream} for {keys}"
        case _:
            return f"{write.operation.value} {write.stream} {write.native_id}"


def _values(write: Write) -> Iterator[str]:
    width = max((len(name) for name in write.after), default=0)
    for name, after in sorted(write.after.items()):
        shown = _show(after, name)
        if write.operation is not Operation.CREATE:
            shown = f"{_show(write.before.get(name), name)} -> {shown}"
        yield f"      {name:<{width}}  {shown}"


def _show(value: Value, name: str) -> str:
    text = show_text(encode_value(value))
    return "nothing" if text is None else show_value(text, name)


def _refusals(refusals: Sequence[Refusal]) -> Iterator[str]:
    for each in refusals:
        yield f"  {tell_refusal(each)}"


def _approval_as_json(each: Approval) -> dict[str, Any]:
    return {
        "who": each.who,
        "approved": each.is_approved,
        "why": each.why,
        "at": encode_value(each.at),
    }
