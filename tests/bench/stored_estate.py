"""A generated estate in a store, as if every stream had been read once.

Records go in by the driver's own way, made column by column: to read fifteen million of them page
by page would take an hour and is measured elsewhere.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
from sqlalchemy import insert, select

from monitor.app import build_estate, read_landscape
from monitor.core.entities import EntityFields
from monitor.core.model import FieldType, StreamId
from monitor.estate import Estate, Source
from monitor.extracts.canonical import load_frame
from monitor.extracts.placing import HASH, TRANSACTION
from monitor.extracts.tables import Table, open_table
from monitor.preparation import prepare_store
from monitor.simulation.clock import VirtualClock
from monitor.store.bulk import insert_rows
from monitor.store.columns import to_microseconds
from monitor.store.database import Database
from monitor.store.schema import record, record_key, touch
from monitor.store.streams import note_success

LANDSCAPE = Path("examples/extracts/landscape.yaml")
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
PATIENCE = timedelta(days=1)
PORTION = 200_000
"""Rows made and written at a time."""

_RECORD = (
    "id", "stream", "native_id", "entity", "version", "fields", "key_uses", "modified_at",
    "observed_at", "deleted",
)  # fmt: skip
_KEY = ("kind", "value", "record_id", "role")


@dataclass(frozen=True, slots=True)
class StoredEstate:
    """An estate in a store.

    Attributes:
        estate: built from the landscape of the examples.
        database: with its records.
        clock: stands still until it is moved.
        tables: the extracts that it was filled from.
    """

    estate: Estate
    database: Database
    clock: VirtualClock
    tables: dict[StreamId, Table]


def store_estate(folder: Path, database: Database) -> StoredEstate:
    """Fill a migrated store with the extracts in a folder; everything is touched."""
    clock = VirtualClock(AS_OF)
    landscape = read_landscape(LANDSCAPE, os.environ)
    # Nobody is asked to confirm anything meanwhile: reading sources again is not what is measured.
    patient = landscape.model_copy(update={"settle": PATIENCE})
    estate = build_estate(patient, clock, calls_today={})
    prepare_store(estate, database, clock())
    tables: dict[StreamId, Table] = {}
    first = 1
    for stream, source in sorted(estate.sources.items()):
        table = open_table(stream, source.settings, source.fields, folder)
        if table is None:
            continue  # the estates have deals, not yet the customers of the landscape
        tables[stream] = table
        for records, keys in _portions(source, table, first):
            with database.write() as connection:
                insert_rows(connection, record, _RECORD, records.rows())
                insert_rows(connection, record_key, _KEY, keys.rows())
            first += records.height
    with database.write() as connection:
        connection.execute(insert(touch).from_select(["record_id"], select(record.c.id)))
    stored = StoredEstate(estate, database, clock, tables)
    look_done(stored)
    database.refresh_statistics()
    return stored


def look_done(stored: StoredEstate) -> None:
    """Note complete looks at every stream, as sampling does."""
    now = stored.clock()
    with stored.database.write() as connection:
        for stream in stored.estate.sources:
            note_success(
                connection, stream, now, cursor=now, looked_until=now, began_at=now, was_full=False
            )


def _portions(
    source: Source, table: Table, first: int
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Rows of `record`, and those of `record_key`."""
    mapped = {name: table.fields[name] for name in source.settings.map}
    uses = sorted(table.columns.uses(), key=lambda use: use[:2])
    names = [f"{role.value}:{kind}" for role, kind, _ in uses]
    own = table.rows.with_columns(
        pl.lit(0).alias(HASH),
        pl.lit("").alias(TRANSACTION),
        *(values.list.first().alias(name) for name, (*_, values) in zip(names, uses, strict=True)),
    )
    frame = load_frame(own, table, pl.lit(True), AS_OF).collect()
    everything = pl.concat([frame, own.select(names).collect()], how="horizontal")
    for start in range(0, everything.height, PORTION):
        rows = everything.slice(start, PORTION).with_row_index("id", first + start)
        records = rows.select(
            "id",
            pl.lit(str(table.stream)).alias("stream"),
            pl.col("_record").alias("native_id"),
            pl.lit(source.settings.entity).alias("entity"),
            pl.col("_record").alias("version"),
            _encoded(mapped).alias("fields"),
            _encoded_uses(names).alias("key_uses"),
            pl.col("_modified_at").cast(pl.Int64).alias("modified_at"),
            pl.lit(to_microseconds(AS_OF)).alias("observed_at"),
            pl.lit(False).alias("deleted"),
        )
        yield records, pl.concat([_keys(rows, name) for name in names])


def _keys(rows: pl.DataFrame, name: str) -> pl.DataFrame:
    role, _, kind = name.partition(":")
    return rows.select(
        pl.lit(kind).alias("kind"), pl.col(name).alias("value"), "id", pl.lit(role).alias("role")
    )


def _encoded(fields: EntityFields) -> pl.Expr:
    """As `encode_fields` writes them."""
    return pl.struct(
        _text(pl.col(name), kind).alias(name) for name, kind in sorted(fields.items())
    ).struct.json_encode()


def _text(value: pl.Expr, kind: FieldType) -> pl.Expr:
    match kind:
        case FieldType.DECIMAL | FieldType.DATE:
            return value.cast(pl.String)
        case FieldType.INSTANT:
            return value.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00")
        case _:
            return value


def _encoded_uses(names: Sequence[str]) -> pl.Expr:
    """As `encode_keys` writes them."""
    parts = [name.split(":", maxsplit=1) for name in names]
    quoted = [
        pl.format('["' + role + '","' + kind + '","{}"]', pl.col(name))
        for name, (role, kind) in zip(names, parts, strict=True)
    ]
    return pl.format("[{}]", pl.concat_str(quoted, separator=","))
