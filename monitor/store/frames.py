"""The frames that rules look at, made from stored records column by column."""

from collections.abc import Collection, Mapping

import polars as pl
from sqlalchemy import Connection, select

from monitor.core.entities import EntityFields
from monitor.core.model import FieldType, StreamId
from monitor.store.bulk import fetch_frame, listed_ids
from monitor.store.schema import record

INSTANT = pl.Datetime("us", "UTC")

_TYPES: Mapping[FieldType, pl.DataType] = {
    FieldType.TEXT: pl.String(),
    FieldType.INTEGER: pl.Int64(),
    FieldType.DECIMAL: pl.Decimal(38, 6),
    FieldType.BOOLEAN: pl.Boolean(),
    FieldType.INSTANT: INSTANT,
    FieldType.DATE: pl.Date(),
}

RAW_ROWS = {
    "_number": pl.Int64,
    "_record": pl.String,
    "_key_uses": pl.String,
    "_modified_at": pl.Int64,
    "_observed_at": pl.Int64,
    "_fields": pl.String,
}
"""A stored row as it is read: the store's number of the record, instants in microseconds."""

STORED_ROWS = {"_stream": pl.String, "_deleted": pl.Boolean, **RAW_ROWS}
"""The same, of any stream."""

KEY_USES = pl.List(pl.List(pl.String))
"""Decoded `record.key_uses`: `[role, kind, value]` each."""


def load_frames(
    connection: Connection,
    links: pl.DataFrame,
    fields_by_stream: Mapping[StreamId, EntityFields],
) -> dict[StreamId, pl.DataFrame]:
    """The records of some transactions by stream, as `Scope.frames` describes them.

    A stored value that no longer fits its field's type, because the landscape changed meanwhile,
    is null.

    Args:
        connection: a transaction.
        links: columns transaction (str) and record (i64): what to load, and for whom.
        fields_by_stream: the streams that matter, with the canonical fields of each.
    """
    return frames_of(
        load_rows(connection, links["record"].unique().to_list()), links, fields_by_stream
    )


def load_rows(connection: Connection, record_ids: Collection[int]) -> pl.DataFrame:
    """These records as they are stored, `STORED_ROWS`, by number."""
    columns = (
        record.c.stream,
        record.c.deleted,
        record.c.id,
        record.c.native_id,
        record.c.key_uses,
        record.c.modified_at,
        record.c.observed_at,
        record.c.fields,
    )
    chosen = record.c.id.in_(listed_ids(connection, record_ids))
    query = select(*columns).where(chosen).order_by(record.c.id)
    return fetch_frame(connection, query, STORED_ROWS)


def frames_of(
    rows: pl.DataFrame,
    links: pl.DataFrame,
    fields_by_stream: Mapping[StreamId, EntityFields],
) -> dict[StreamId, pl.DataFrame]:
    """As `load_frames`, of rows that were loaded before; deleted records are left out."""
    present = rows.filter(~pl.col("_deleted")).partition_by("_stream", as_dict=True)
    none = pl.DataFrame(schema=STORED_ROWS)
    return {
        stream: shape_rows(present.get((str(stream),), none), links, fields)
        for stream, fields in fields_by_stream.items()
    }


def shape_rows(raw: pl.DataFrame, links: pl.DataFrame, fields: EntityFields) -> pl.DataFrame:
    """Stored rows of one stream, `RAW_ROWS`, as one of `Scope.frames`."""
    texts = raw.select(_decoded("_fields", pl.Struct(dict.fromkeys(fields, pl.String))))
    seen = pl.concat(
        [
            raw.select(
                "_number",
                "_record",
                _decoded("_key_uses", KEY_USES).list.eval(_key_text()).alias("_keys"),
                pl.col("_modified_at").cast(INSTANT),
                pl.col("_observed_at").cast(INSTANT),
            ),
            texts.select(
                _typed(pl.col("_fields").struct.field(name), kind).alias(name)
                for name, kind in fields.items()
            ),
        ],
        how="horizontal",
    )
    placed = links.select(pl.col("transaction").alias("_transaction"), _number="record")
    return placed.join(seen, on="_number").sort("_transaction", "_number").drop("_number")


def _decoded(column: str, dtype: pl.DataType) -> pl.Expr:
    return pl.col(column).str.json_decode(dtype)


def _key_text() -> pl.Expr:
    use = pl.element()
    return pl.concat_str(use.list.get(1), pl.lit(":"), use.list.get(2))


def _typed(text: pl.Expr, kind: FieldType) -> pl.Expr:
    """A value's JSON text in the type of its field; null where it cannot be that."""
    match kind:
        case FieldType.TEXT:
            return text
        case FieldType.BOOLEAN:
            return text.replace_strict(
                ["true", "false"], [True, False], default=None, return_dtype=pl.Boolean
            )
        case FieldType.INSTANT:
            return text.str.to_datetime(
                "%Y-%m-%dT%H:%M:%S%.f%:z", time_unit="us", time_zone="UTC", strict=False
            )
        case FieldType.DATE:
            return text.str.to_date("%Y-%m-%d", strict=False)
        case _:
            return text.cast(_TYPES[kind], strict=False)
