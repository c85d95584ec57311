"""Records as they were at some past instant.

Two instants say which state is meant. The systems' own stamps place a version in time (`at`), so
that a period ends where the systems say it does. What tieout had seen by some moment bounds what
may be used (`known`), so that what was seen later changes no answer given before.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

import polars as pl
from sqlalchemy import Connection, literal_column, select

from monitor.core.entities import EntityFields
from monitor.core.model import StreamId
from monitor.store.bulk import listed_ids
from monitor.store.columns import to_microseconds
from monitor.store.frames import KEY_USES, RAW_ROWS, shape_rows
from monitor.store.schema import record, record_version


class AsOf(NamedTuple):
    """Which past state is meant.

    Attributes:
        at: the instant, by the systems' own stamps.
        known: what was seen after this, by our own clock, does not count.
    """

    at: datetime
    known: datetime


VERSIONS = pl.Schema(
    {
        "record": pl.Int64(),
        "sequence": pl.Int64(),
        "stream": pl.String(),
        "native_id": pl.String(),
        "key_uses": pl.String(),
        "modified_at": pl.Int64(),
        "first_stamp": pl.Int64(),
        "observed_at": pl.Int64(),
        "deleted": pl.Boolean(),
        "fields": pl.String(),
    }
)
"""Stored versions: `record` is the store's number, `sequence` their order within a record, and
instants are microseconds. `first_stamp` is null where `modified_at` still is the first one."""


def place_in_time(versions: pl.DataFrame) -> pl.DataFrame:
    """Since when each version holds, as `held_from` and `held_until` (null for the last one).

    A version with a stamp of its own holds from the first such stamp, but at the latest from when
    it was seen: a stamp may lie ahead of its time. One without (no stamp, or that of the version
    before, as when a record is found deleted) holds from when it was seen.

    Args:
        versions: `VERSIONS`, in any order.
    """
    stamp, seen = pl.coalesce("first_stamp", "modified_at"), pl.col("observed_at")
    before = pl.col("modified_at").shift(1).over("record")
    is_new = stamp.is_not_null() & (before.is_null() | (stamp > before))
    placed = versions.sort("record", "sequence").with_columns(
        held_from=pl.when(is_new).then(pl.min_horizontal(stamp, seen)).otherwise(seen)
    )
    return placed.with_columns(pl.col("held_from").cum_max().over("record")).with_columns(
        held_until=pl.col("held_from").shift(-1).over("record")
    )


def place_single(versions: pl.DataFrame) -> pl.DataFrame:
    """The same as `place_in_time`, of records with one version each."""
    stamp, seen = pl.coalesce("first_stamp", "modified_at"), pl.col("observed_at")
    return versions.with_columns(
        held_from=pl.when(stamp.is_not_null()).then(pl.min_horizontal(stamp, seen)).otherwise(seen),
        held_until=pl.lit(None, pl.Int64),
    )


def state_at(placed: pl.DataFrame, at: datetime) -> pl.DataFrame:
    """The version of each record that holds at an instant; records that came later are left out.

    Nothing in it tells of later times: a stamp that was moved on since is the first one again.
    """
    instant = to_microseconds(at)
    held = placed.filter(
        pl.col("held_from") <= instant,
        pl.col("held_until").is_null() | (pl.col("held_until") > instant),
    )
    stamp = pl.col("modified_at")
    return held.with_columns(
        modified_at=pl.when(stamp <= instant)
        .then(stamp)
        .when(stamp.is_not_null())
        # Stamped anew since; of the stamps between, the first alone is kept.
        .then("held_from"),
        observed_at=pl.min_horizontal("observed_at", pl.lit(instant)),
    )


def uses_of(states: pl.DataFrame, kinds: Collection[str]) -> pl.DataFrame:
    """The keys on records, deleted ones included: what `correlate` reads."""
    use = pl.col("use")
    return (
        states.select(
            "record", "stream", use=pl.col("key_uses").str.json_decode(pl.List(KEY_USES.inner))
        )
        .explode("use")
        .drop_nulls("use")
        .select(
            "record",
            "stream",
            role=use.list.get(0),
            kind=use.list.get(1),
            value=use.list.get(2),
        )
        .filter(pl.col("kind").is_in(list(kinds)))
    )


def frames_of(
    states: pl.DataFrame, links: pl.DataFrame, fields_by_stream: Mapping[StreamId, EntityFields]
) -> dict[StreamId, pl.DataFrame]:
    """The records by stream, as `Scope.frames` describes them."""
    present = states.filter(~pl.col("deleted")).sort("record")
    rows = present.select(
        "stream",
        _number="record",
        _record="native_id",
        _key_uses="key_uses",
        _modified_at="modified_at",
        _observed_at="observed_at",
        _fields="fields",
    )
    return {
        stream: shape_rows(
            rows.filter(pl.col("stream") == str(stream)).select(*RAW_ROWS), links, fields
        )
        for stream, fields in fields_by_stream.items()
    }


def load_versions(
    connection: Connection, record_ids: Collection[int], since: datetime, known: datetime
) -> pl.DataFrame:
    """Versions of these records that can have held at `since` or later, seen until `known`."""
    ids = set(record_ids)
    current = select(
        record.c.id,
        literal_column(str(_LAST)),
        record.c.stream,
        record.c.native_id,
        record.c.key_uses,
        record.c.modified_at,
        record.c.first_stamp,
        record.c.observed_at,
        record.c.deleted,
        record.c.fields,
    ).where(record.c.id.in_(listed_ids(connection, ids)), record.c.observed_at <= known)
    superseded = (
        select(
            record.c.id,
            record_version.c.id,
            record.c.stream,
            record.c.native_id,
            record_version.c.key_uses,
            record_version.c.modified_at,
            record_version.c.first_stamp,
            record_version.c.observed_at,
            record_version.c.deleted,
            record_version.c.fields,
        )
        .join_from(record_version, record)
        .where(
            record_version.c.record_id.in_(listed_ids(connection, ids)),
            record_version.c.replaced_at > since,
            record_version.c.observed_at <= known,
        )
    )
    rows = [
        (*row[:5], *map(_count, row[5:8]), *row[8:])
        for query in (superseded, current)
        for row in connection.execute(query)
    ]
    return pl.DataFrame(rows, schema=VERSIONS, orient="row")


_LAST = 2**62
"""Comes after every superseded version."""


def _count(instant: datetime | None) -> int | None:
    return None if instant is None else to_microseconds(instant)
