"""Sentences about a break: what is wrong, what was true before, how the rule is set."""

from collections.abc import Iterator, Mapping
from typing import Any

from monitor.core.breaks import BreakKind, Finding
from monitor.core.flows import RuleSettings
from monitor.explaining.explanation import RuleAccount
from monitor.explaining.origin import Cause, Change, Origin
from monitor.reports.showing import show_value

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
    name = found.field.replace("_", " ")
    expected, actual = (show_value(value, found.field) for value in (found.expected, found.actual))
    entity = found.entity.replace("_", " ")
    match found.kind:
        case BreakKind.MISSING:
            due = f", due {expected}" if expected else ""
            origin = f" that {source} asks for" if source else ""
            return f"{place} has no {entity}{origin}{due}."
        case BreakKind.LATE:
            came = f"came {actual}" if found.actual is not None else "has not come"
            return f"The {entity} in {place} was due {expected} and {came}."
        case BreakKind.ORPHAN:
            return f"{record} belongs to nothing{f' in {source}' if source else ''}."
        case _:
            said = f"{record} says {actual or 'nothing'}" + (f" for {name}" if name else "")
            if found.expected is None:
                return f"{said}; {found.kind.value.replace('_', ' ')}."
            return f"{said}; {source or 'the rule'} says {expected}."


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
        case _:
            yield f"{path}: {form}"


def _is_accused(each: Change, found: Finding) -> bool:
    return (each.stream, each.native_id) == ((found.system, found.stream), found.record_id)


def _text(fields: Mapping[str, Any] | None, name: str) -> str | None:
    value = None if fields is None else fields.get(name)
    return None if value is None else str(value)
