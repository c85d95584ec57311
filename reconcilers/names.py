"""Names in a rule's settings, looked up in the landscape while the rule is built."""

from collections.abc import Collection
from difflib import get_close_matches

from monitor.core.flows import PLAIN
from monitor.core.model import FieldType, StreamId
from monitor.core.plugins import RuleContext, WorkingTime


def find_stream(context: RuleContext, text: str) -> StreamId:
    """The stream that the settings name.

    Raises:
        ValueError: the landscape has no such stream.
    """
    stream = StreamId.parse(text)
    if stream not in context.entities:
        raise ValueError(unknown("stream", text, [str(each) for each in context.entities]))
    return stream


def find_field(context: RuleContext, stream: StreamId, name: str, *types: FieldType) -> FieldType:
    """The type of a stream's canonical field.

    Raises:
        ValueError: the stream has no such field or maps nothing to it, or it is of none of the
            `types` (any, if none are given).
    """
    fields = context.fields[stream]
    if name not in fields:
        raise ValueError(unknown(f"field of {stream}", name, fields))
    if name not in context.mapped.get(stream, fields):
        raise ValueError(f"the stream {stream} maps nothing to the field '{name}'")
    if types and fields[name] not in types:
        wanted = " or ".join(types)
        raise ValueError(f"field '{name}' of {stream} is {fields[name]}, but {wanted} is needed")
    return fields[name]


def check_key(context: RuleContext, kind: str | None, *streams: StreamId) -> None:
    """Whether records of each stream have a key of this kind; None asks for none.

    Raises:
        ValueError: those of one of them have not, so that nothing would ever be paired.
    """
    for stream in streams:
        kinds = context.keys.get(stream)
        if kind is not None and kinds is not None and kind not in kinds:
            raise ValueError(unknown(f"key of {stream}", kind, kinds))


def find_working_time(context: RuleContext, calendar: str, owner: str) -> WorkingTime | None:
    """The working time that counts for a rule; None for time that never stops.

    Args:
        context: the landscape.
        calendar: that the settings name; empty: the owner's, where it has one.
        owner: who holds the rule's breaks.

    Raises:
        ValueError: the landscape has no such calendar.
    """
    name = calendar or context.owner_calendars.get(owner, PLAIN)
    return None if name == PLAIN else find_calendar(context, name)


def find_calendar(context: RuleContext, name: str) -> WorkingTime:
    """The working time of a calendar.

    Raises:
        ValueError: the landscape has no such calendar.
    """
    if name not in context.calendars:
        raise ValueError(unknown("calendar", name, context.calendars))
    return context.calendars[name]


def unknown(what: str, name: str, known: Collection[str]) -> str:
    """The sentence that a name leads nowhere, and what may have been meant."""
    close = get_close_matches(name, known, n=1)
    hint = f"; did you mean '{close[0]}'?" if close else ""
    return f"unknown {what} '{name}'{hint}"
