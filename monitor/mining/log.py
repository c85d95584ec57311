"""The transactions of a store as an event log: what happened to which deal, record and break.

Objects are deals, their records and their breaks. Events are what records say happened (their
instants: closed, signed, created), changes of status and deletions as they were seen, and the steps
in the lives of breaks.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from itertools import pairwise

from monitor.core.entities import EntityFields
from monitor.core.model import FieldType, StreamId
from monitor.core.watches import ESTATE
from monitor.estate import Estate
from monitor.mining.model import (
    FIRST,
    Change,
    EventLog,
    LogEvent,
    LogObject,
    LogType,
    Pointer,
    Value,
    ValueType,
)
from monitor.store.database import Connection
from monitor.store.event_log import (
    Encoded,
    LoggedBreak,
    LoggedRecord,
    read_breaks,
    read_deals,
    read_records,
)

DEAL, BREAK = "deal", "break"
_STATUS, _GONE = "status changed", "deleted"
_PLANS = frozenset({"start_at"})
"""Instants that say what is meant to happen, not what did."""

_TYPES: Mapping[FieldType, ValueType] = {
    FieldType.TEXT: ValueType.STRING,
    FieldType.INTEGER: ValueType.INTEGER,
    FieldType.DECIMAL: ValueType.FLOAT,
    FieldType.BOOLEAN: ValueType.BOOLEAN,
    FieldType.INSTANT: ValueType.TIME,
    FieldType.DATE: ValueType.STRING,
}
_STORED_AS: Mapping[FieldType, type] = {
    FieldType.TEXT: str,
    FieldType.DATE: str,
    FieldType.BOOLEAN: bool,
    FieldType.INTEGER: int,
}
_BREAK_VALUES = dict.fromkeys(("rule", "kind", "hop"), ValueType.STRING)
_STEPS = ("opened", "reopened", "resolved")


def event_log(estate: Estate, connection: Connection, now: datetime) -> EventLog:
    """The log of everything that is stored, read as it is gone through.

    Args:
        estate: for what its streams can say.
        connection: one snapshot; it has to stay open until the log was gone through.
        now: what is to happen later is no event.
    """
    fields = {
        stream: {name: source.fields[name] for name in source.settings.map}
        for stream, source in estate.sources.items()
    }
    return EventLog(
        object_types=tuple(_object_types(fields)),
        event_types=tuple(_event_types(estate, fields)),
        objects=_objects(connection, fields),
        events=_events(connection, estate, fields, now),
    )


Fields = Mapping[StreamId, EntityFields]


def _object_types(fields: Fields) -> Iterator[LogType]:
    worth = {"amount": ValueType.FLOAT, "currency": ValueType.STRING}
    yield LogType(DEAL, {"flow": ValueType.STRING, "key": ValueType.STRING, **worth})
    for stream, mapped in fields.items():
        yield LogType(str(stream), {name: _TYPES[kind] for name, kind in mapped.items()})
    yield LogType(BREAK, _BREAK_VALUES)


def _event_types(estate: Estate, fields: Fields) -> Iterator[LogType]:
    for stream, mapped in fields.items():
        for name in _moments(mapped):
            yield LogType(_activity(estate, stream, name), {})
        if "status" in mapped:
            yield LogType(_named(estate, stream, _STATUS), {"status": ValueType.STRING})
        yield LogType(_named(estate, stream, _GONE), {})
    for step in _STEPS:
        yield LogType(f"break {step}", _BREAK_VALUES)


def _moments(mapped: EntityFields) -> list[str]:
    return [
        name for name, kind in mapped.items() if kind is FieldType.INSTANT and name not in _PLANS
    ]


def _activity(estate: Estate, stream: StreamId, field: str) -> str:
    """`contracts contract signed`, of the field `signed_at`."""
    return _named(estate, stream, field.removesuffix("_at").replace("_", " "))


def _named(estate: Estate, stream: StreamId, what: str) -> str:
    entity = estate.sources[stream].settings.entity.replace("_", " ")
    return f"{stream.system} {entity} {what}"


def _deal_id(flow: str, key: str) -> str:
    return f"{DEAL}/{flow}/{key}"


def _record_id(stream: StreamId, native_id: str) -> str:
    return f"{stream}/{native_id}"


def _break_id(fingerprint: str) -> str:
    return f"{BREAK}/{fingerprint}"


def _objects(connection: Connection, fields: Fields) -> Iterator[LogObject]:
    for deal in read_deals(connection):
        values: dict[str, Value] = {"flow": deal.flow, "key": deal.key}
        if deal.amount is not None:
            values |= {"amount": Decimal(deal.amount), "currency": deal.currency or ""}
        changes = tuple(Change(name, FIRST, value) for name, value in values.items())
        yield LogObject(_deal_id(deal.flow, deal.key), DEAL, changes)
    for record in read_records(connection):
        if record.stream in fields:
            pointers = tuple(Pointer(_deal_id(*deal), "belongs to") for deal in record.deals)
            yield LogObject(
                _record_id(record.stream, record.native_id),
                str(record.stream),
                tuple(_changes(record, fields[record.stream])),
                pointers,
            )
    for item in _breaks_of_deals(connection):
        changes = tuple(Change(name, FIRST, value) for name, value in _told(item).items())
        pointer = Pointer(_deal_id(item.flow, item.key), "found in")
        yield LogObject(_break_id(item.fingerprint), BREAK, changes, (pointer,))


def _breaks_of_deals(connection: Connection) -> Iterator[LoggedBreak]:
    return (item for item in read_breaks(connection) if item.flow != ESTATE)


def _told(item: LoggedBreak) -> dict[str, Value]:
    return {"rule": item.rule, "kind": item.kind, "hop": item.hop}


def _changes(record: LoggedRecord, mapped: EntityFields) -> Iterator[Change]:
    """The first values, then each that is another one than before; what is blank has none."""
    before: Encoded = {}
    for number, state in enumerate(record.states):
        for name, kind in mapped.items():
            encoded = state.fields.get(name)
            value = None if encoded == before.get(name) else _decode(encoded, kind)
            if value is not None:
                yield Change(name, state.since if number else FIRST, value)
        before = state.fields


def _decode(encoded: str | int | bool | None, kind: FieldType) -> Value | None:
    """A stored value in its field's type; None where it has none, or one of another type."""
    try:
        match kind, encoded:
            case FieldType.INSTANT, str():
                return datetime.fromisoformat(encoded)
            case FieldType.DECIMAL, str():
                return Decimal(encoded)
    except (ValueError, InvalidOperation):
        return None
    return encoded if type(encoded) is _STORED_AS.get(kind) else None


def _events(
    connection: Connection, estate: Estate, fields: Fields, now: datetime
) -> Iterator[LogEvent]:
    for record in read_records(connection):
        if record.stream in fields:
            yield from _happened(record, estate, fields[record.stream], now)
            yield from _seen(record, estate, fields[record.stream])
    for item in _breaks_of_deals(connection):
        yield from _steps(item)


def _pointers(record: LoggedRecord, estate: Estate) -> tuple[Pointer, ...]:
    entity = estate.sources[record.stream].settings.entity
    deals = (Pointer(_deal_id(*deal), DEAL) for deal in record.deals)
    return (Pointer(_record_id(record.stream, record.native_id), entity), *deals)


def _happened(
    record: LoggedRecord, estate: Estate, mapped: EntityFields, now: datetime
) -> Iterator[LogEvent]:
    """What the record's last state says has happened."""
    last, about = record.states[-1], _record_id(record.stream, record.native_id)
    for name in _moments(mapped):
        at = _decode(last.fields.get(name), FieldType.INSTANT)
        if isinstance(at, datetime) and at <= now:
            activity = _activity(estate, record.stream, name)
            yield LogEvent(f"{about}/{name}", activity, at, {}, _pointers(record, estate))


def _seen(record: LoggedRecord, estate: Estate, mapped: EntityFields) -> Iterator[LogEvent]:
    """What can be told only from how its states differ."""
    about = _record_id(record.stream, record.native_id)
    pointers = _pointers(record, estate)
    for number, (before, after) in enumerate(pairwise(record.states), start=2):
        status = after.fields.get("status")
        if "status" in mapped and isinstance(status, str) and status != before.fields.get("status"):
            kind, values = _named(estate, record.stream, _STATUS), {"status": status}
            yield LogEvent(f"{about}/status/{number}", kind, after.since, values, pointers)
        if after.deleted and not before.deleted:
            kind = _named(estate, record.stream, _GONE)
            yield LogEvent(f"{about}/deleted/{number}", kind, after.since, {}, pointers)


def _steps(item: LoggedBreak) -> Iterator[LogEvent]:
    pointers = (
        Pointer(_break_id(item.fingerprint), BREAK),
        Pointer(_deal_id(item.flow, item.key), DEAL),
    )
    for step in item.steps:
        identity = f"{_break_id(item.fingerprint)}/{step.sequence}"
        yield LogEvent(identity, f"break {step.kind.value}", step.at, _told(item), pointers)
