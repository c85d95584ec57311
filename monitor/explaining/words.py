"""Sentences about a break: what is wrong, what was true before, how the rule is set."""

from collections.abc import Iterator, Mapping
from typing import Any

from monitor.core.breaks import BreakKind, Finding
from monitor.core.flows import RuleSettings
from monitor.core.showing import show_text, show_value
from monitor.explaining.explanation import RuleAccount
from monitor.explaining.origin import Cause, Change, Origin

_UNTOLD = {"check", "objective", "severity", "owner"}
"""Settings that are told elsewhere."""

_BY_CAUSE: Mapping[Cause, str] = {
    Cause.BEFORE_HISTORY: (
        "It stood already when these records were first seen; what was true before is not known."
    ),
    Cause.TIME_PASSED: "No record changed then: the time allowed was over. It was awaited before.",
    Cause.NOT_REPEATED: "The stored history does not show how it came about.",
    Cause.RECORD_APPEARED: "The record came into being so; before it there was nothing to compare.",
}


def say_why(found: Finding, source: str) -> str:
    """What is wrong, in one sentence.

    Args:
        found: the break.
        source: the stream that the expected value is from; empty where it is no stream's.
    """
    place = f"{found.system}.{found.stream}" if found.stream else found.system
    record = f"{place} {found.record_id}".strip()
    expected, actual = (show_value(value, found.field) for value in (found.expected, found.actual))
    match found.kind:
        case BreakKind.MISSING | BreakKind.LATE:
            return _say_awaited(found, place, source)
        case BreakKind.DUPLICATE:
            return f"{record} is there beside {expected}, and one of them is too much."
        case BreakKind.DEAD_LETTER | BreakKind.STUCK | BreakKind.RETRIED:
            return f"{record} is {actual or 'without a status'} and not {expected}."
        case BreakKind.ORPHAN:
            return f"{record} belongs to nothing{f' in {source}' if source else ''}."
        case _:
            return _say_value(found, record, source)


def _say_awaited(found: Finding, place: str, source: str) -> str:
    entity, due = found.entity.replace("_", " "), show_value(found.expected)
    if found.kind is BreakKind.LATE:
        came = "has not come" if found.actual is None else f"came {show_value(found.actual)}"
        return f"The {entity} in {place} was due{f' {due}' if due else ''} and {came}."
    origin = f" that {source} asks for" if source else ""
    return f"{place} has no {entity}{origin}{f', due {due}' if due else ''}."


def _say_value(found: Finding, record: str, source: str) -> str:
    expected, actual = (show_value(value, found.field) for value in (found.expected, found.actual))
    name = f" for {found.field.replace('_', ' ')}" if found.field else ""
    said = f"{record} says {actual or 'nothing'}{name}"
    if found.expected is None:
        return f"{said}; it is a break of {found.kind.value.replace('_', ' ')}."
    return f"{said}; {source} says {expected}." if source else f"{said}, not {expected}."


def say_before(found: Finding, origin: Origin) -> str:
    """What was true before, and who was right."""
    own = next((each for each in origin.changes if _is_accused(each, found)), None)
    others = [each for each in origin.changes if each is not own and found.field in each.fields]
    if origin.cause is Cause.RECORD_CHANGED and own is not None and found.field in own.fields:
        said = show_value(_text(own.before, found.field), found.field) or "nothing"
        return f"Until then it said {said}, and all agreed: it was right, and was changed."
    if origin.cause is Cause.RECORD_CHANGED and others:
        other = others[0]
        said, says = (
            show_value(_text(fields, found.field), found.field) or "nothing"
            for fields in (other.before, other.after)
        )
        return (
            f"Until then all said {said}. {other.stream} {other.native_id} changed to {says}, and"
            " the other side did not follow."
        )
    if origin.cause is Cause.RECORD_DELETED:
        gone = next(each for each in origin.changes if each.after is None)
        return f"{gone.stream} {gone.native_id} was deleted then; until then nothing was wrong."
    if origin.cause is Cause.RECORD_CHANGED:
        changed = origin.changes[0]
        return f"Until {changed.stream} {changed.native_id} was changed, nothing was wrong."
    return _BY_CAUSE[origin.cause]


def describe_rule(name: str, settings: RuleSettings | None) -> RuleAccount:
    """A rule in words: only what the landscape says of it, defaults left out."""
    if settings is None:
        return RuleAccount(name)
    said = settings.model_dump(mode="json", by_alias=True, exclude_unset=True)
    kept = {key: value for key, value in said.items() if key not in _UNTOLD}
    check = str(getattr(settings, "check", "hand_off"))
    return RuleAccount(name, check, settings.objective, tuple(_lines("", kept)))


def _lines(path: str, form: Any) -> Iterator[str]:
    match form:
        case dict() if form:
            for key, value in form.items():
                yield from _lines(f"{path} {key}".strip(), value)
        case list() if form and all(not isinstance(each, dict | list) for each in form):
            yield f"{path}: {', '.join(map(str, form))}"
        case list() if form:
            for number, value in enumerate(form, start=1):
                yield from _lines(f"{path} {number}", value)
        case dict() | list():
            yield path
        case bool():
            yield f"{path}: {'yes' if form else 'no'}"
        case _:
            yield f"{path}: {form}"


def _is_accused(each: Change, found: Finding) -> bool:
    return (each.stream, each.native_id) == ((found.system, found.stream), found.record_id)


def _text(fields: Mapping[str, Any] | None, name: str) -> str | None:
    return None if fields is None else show_text(fields.get(name))
