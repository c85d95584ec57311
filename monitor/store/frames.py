"""The frames that rules look at, made from stored records column by column."""

from collections.abc import Mapping

import polars as pl
from sqlalchemy import Connection, select

from monitor.core.entities import EntityFields
from monitor.core.model import FieldType, StreamId
from monitor.store.bulk import listed_ids
from monitor.store.columns import to_microseconds
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
    rows: dict[str, list[tuple[object, ...]]] = {str(stream): [] for stream in fields_by_stream}
    query = (
        select(
            record.c.stream,
            record.c.id,
            record.c.native_id,
            record.c.key_uses,
            record.c.modified_at,
            record.c.observed_at,
            record.c.fields,
        )
        .where(
            record.c.id.in_(listed_ids(connection, set(links["record"].to_list()))),
            record.c.deleted.is_(False),
        )
        .order_by(record.c.id)
    )
    for stream, number, native_id, uses, modified_at, observed_at, fields in connection.execute(
        query
    ):
        if stream in rows:
            stamp = None if modified_at is None else to_microseconds(modified_at)
            seen = to_microseconds(observed_at)
            rows[stream].append((number, native_id, uses, stamp, seen, fields))
    return {
        stream: shape_rows(
            pl.DataFrame(rows[str(stream)], schema=RAW_ROWS, orient="row"), links, fields
        )
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
