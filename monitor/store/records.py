"""Records as the systems show them: the current state, and every state before it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, TypeVar

import msgspec
from sqlalchemy import Connection, case, insert, literal, select

from monitor.core.model import KeyUse, Record, StreamId, hash_state
from monitor.store.bulk import (
    Row,
    delete_rows,
    fetch_rows,
    hold,
    insert_rows,
    listed_ids,
    listed_texts,
    new_ids,
    update_rows,
)
from monitor.store.columns import Instant, to_microseconds
from monitor.store.schema import record, record_key, record_version, touch

_STATE = ("entity", "version", "fields", "key_uses", "modified_at", "observed_at", "deleted")
_KEY_USES = 1 + _STATE.index("key_uses")
"""Where they stand in a row that begins with its id."""


_Instant = TypeVar("_Instant", int, datetime)


class SavedPage(NamedTuple):
    """How many records of a page were new, changed, and the same as before; the first two whole."""

    new: int
    changed: int
    unchanged: int
    arrived: Sequence[Record] = ()
    altered: Sequence[Record] = ()


class _Stored(NamedTuple):
    """What is known of a record before a page is saved; instants in microseconds."""

    id: int
    version: str
    key_uses: str
    modified_at: int | None
    observed_at: int
    first_stamp: int | None
    deleted: bool
    fields: str


@dataclass(frozen=True, slots=True)
class _Plan:
    """What saving a page comes to."""

    new: Sequence[Record]
    changed: Sequence[tuple[_Stored, Record]]
    restamped: Sequence[tuple[_Stored, Record]]


def save_page(
    connection: Connection,
    stream: StreamId,
    records: Iterable[Record],
    observed_at: datetime,
    *,
    authoritative: bool = False,
) -> SavedPage:
    """Save what a page says, mark what it changed to be looked at, and keep what it replaced.

    Saving is idempotent, and pages may come in any order: a state older than the stored one, by
    the system's own stamp, is passed over.

    Args:
        connection: a write transaction.
        stream: where the records were read.
        records: the page's records; of one that occurs twice the newest counts, else the last.
        observed_at: the present.
        authoritative: the records were read by key just now, so they hold whatever their stamp.
    """
    incoming: dict[str, Record] = {}
    for found in records:
        earlier = incoming.get(found.native_id)
        if earlier is None or not _is_older(found.modified_at, earlier.modified_at):
            incoming[found.native_id] = found
    if not incoming:
        return SavedPage(0, 0, 0)
    hold(connection, f"stream {stream}")
    plan = _plan(incoming, _stored(connection, stream, incoming), authoritative=authoritative)
    _insert_new(connection, stream, plan.new, observed_at)
    _replace(connection, plan.changed, observed_at)
    stamps = [(old.id, _stamp(seen), _first_stamp(old)) for old, seen in plan.restamped]
    update_rows(connection, record, ("modified_at", "first_stamp"), stamps)
    new, changed = len(plan.new), len(plan.changed)
    altered = [seen for _, seen in plan.changed]
    return SavedPage(new, changed, len(incoming) - new - changed, plan.new, altered)


def mark_deleted(
    connection: Connection, stream: StreamId, native_ids: Collection[str], observed_at: datetime
) -> int:
    """Note that the system no longer has these records; what was last seen of them stays.

    Returns:
        How many were not marked before.
    """
    hold(connection, f"stream {stream}")
    rows = connection.execute(
        select(record).where(
            record.c.stream == str(stream),
            record.c.native_id.in_(listed_texts(connection, native_ids)),
            record.c.deleted.is_(False),
        )
    ).all()
    gone = [row.id for row in rows]
    _keep_versions(connection, gone, observed_at)
    now = to_microseconds(observed_at)
    update_rows(
        connection,
        record,
        ("version", "observed_at", "deleted"),
        [
            (
                row.id,
                hash_state(row.entity, row.fields, decode_keys(row.key_uses), deleted=True),
                max(now, to_microseconds(row.observed_at)),
                True,
            )
            for row in rows
        ],
    )
    _touch(connection, gone)
    return len(gone)


def native_ids(connection: Connection, stream: StreamId) -> set[str]:
    """Ids of the records that the system had when it was last looked at."""
    query = select(record.c.native_id).where(
        record.c.stream == str(stream), record.c.deleted.is_(False)
    )
    return set(connection.execute(query).scalars())


def encode_keys(keys: Iterable[KeyUse]) -> str:
    """Key uses as canonical JSON: sorted `[role, kind, value]`, each once."""
    return msgspec.json.encode(sorted(set(keys))).decode()


def decode_keys(text: str) -> list[KeyUse]:
    """The reverse of `encode_keys`."""
    return msgspec.json.decode(text, type=list[KeyUse])


def _is_older(stamp: _Instant | None, than: _Instant | None) -> bool:
    return stamp is not None and than is not None and stamp < than


def _stored(
    connection: Connection, stream: StreamId, incoming: Mapping[str, Record]
) -> dict[str, _Stored]:
    query = select(
        record.c.native_id,
        record.c.id,
        record.c.version,
        record.c.key_uses,
        record.c.modified_at,
        record.c.observed_at,
        record.c.first_stamp,
        record.c.deleted,
        record.c.fields,
    ).where(
        record.c.stream == str(stream),
        record.c.native_id.in_(listed_texts(connection, incoming.keys())),
    )
    return {row[0]: _Stored(*row[1:]) for row in fetch_rows(connection, query)}


def _plan(
    incoming: Mapping[str, Record], stored: Mapping[str, _Stored], *, authoritative: bool
) -> _Plan:
    """Decide what each record is; the shell does it."""
    new: list[Record] = []
    changed: list[tuple[_Stored, Record]] = []
    restamped: list[tuple[_Stored, Record]] = []
    for native_id, seen in incoming.items():
        old = stored.get(native_id)
        if old is None:
            new.append(seen)
        elif seen.version == old.version:
            if _is_older(old.modified_at, _stamp(seen)):
                restamped.append((old, seen))
        elif authoritative or not _is_older(_stamp(seen), old.modified_at):
            changed.append((old, seen))
    return _Plan(new, changed, restamped)


def _insert_new(
    connection: Connection, stream: StreamId, new: Sequence[Record], observed_at: datetime
) -> None:
    if not new:
        return
    ids, name, now = (
        new_ids(connection, record, len(new)),
        str(stream),
        to_microseconds(observed_at),
    )
    rows: list[Row] = []
    key_rows: list[Row] = []
    for number, seen in zip(ids, new, strict=True):
        rows.append((number, name, seen.native_id, *_state(seen, now)))
        key_rows += [(use.kind, use.value, number, use.role.value) for use in set(seen.keys)]
    insert_rows(connection, record, ("id", "stream", "native_id", *_STATE), rows)
    insert_rows(connection, record_key, ("kind", "value", "record_id", "role"), key_rows)
    _touch(connection, ids)


def _replace(
    connection: Connection, changed: Sequence[tuple[_Stored, Record]], observed_at: datetime
) -> None:
    if not changed:
        return
    ids = [old.id for old, _ in changed]
    _keep_versions(connection, ids, observed_at)
    now = to_microseconds(observed_at)
    # A clock set back must not make a version end before it began.
    rows = [(old.id, *_state(seen, max(old.observed_at, now)), None) for old, seen in changed]
    update_rows(connection, record, (*_STATE, "first_stamp"), rows)
    gone: list[Row] = []
    come: list[Row] = []
    moved: list[int] = []
    stayed: list[Row] = []
    for (old, seen), row in zip(changed, rows, strict=True):
        if row[_KEY_USES] == old.key_uses and not (seen.deleted or old.deleted):
            stayed.append((old.id, False, _differing(old, seen)))
            continue
        moved.append(old.id)
        before, after = set(decode_keys(old.key_uses)), set(seen.keys)
        gone += [(use.kind, use.value, old.id, use.role.value) for use in before - after]
        come += [(use.kind, use.value, old.id, use.role.value) for use in after - before]
    delete_rows(connection, record_key, ("kind", "value", "record_id", "role"), gone)
    insert_rows(connection, record_key, ("kind", "value", "record_id", "role"), come)
    _touch(connection, moved)
    insert_rows(connection, touch, ("record_id", "moved", "fields"), stayed)


def _differing(old: _Stored, seen: Record) -> str:
    """Fields that say something else now, or that are new or gone, as a JSON list."""
    before, after = msgspec.json.decode(old.fields), msgspec.json.decode(seen.encoded)
    names = {name for name, _ in before.items() ^ after.items()}
    return msgspec.json.encode(sorted(names)).decode()


def _state(seen: Record, observed_at: int) -> Row:
    return (
        seen.entity,
        seen.version,
        seen.encoded,
        encode_keys(seen.keys),
        _stamp(seen),
        observed_at,
        seen.deleted,
    )


def _stamp(seen: Record) -> int | None:
    return None if seen.modified_at is None else to_microseconds(seen.modified_at)


def _first_stamp(old: _Stored) -> int | None:
    """The stamp under which the version was first seen, whenever it is stamped anew."""
    return old.modified_at if old.first_stamp is None else old.first_stamp


def _keep_versions(connection: Connection, ids: Sequence[int], replaced_at: datetime) -> None:
    """Copy the current state of these records into their history."""
    kept = (
        "entity", "version", "fields", "key_uses", "modified_at", "deleted", "observed_at",
        "first_stamp",
    )  # fmt: skip
    now = literal(replaced_at, Instant)
    ended = case((record.c.observed_at > now, record.c.observed_at), else_=now)
    current = select(record.c.id, *(record.c[name] for name in kept), ended).where(
        record.c.id.in_(listed_ids(connection, ids))
    )
    connection.execute(
        insert(record_version).from_select(["record_id", *kept, "replaced_at"], current)
    )


def _touch(connection: Connection, ids: Sequence[int]) -> None:
    """Mark records that may have moved."""
    marks = listed_ids(connection, ids)
    connection.execute(insert(touch).from_select(["record_id"], marks))
