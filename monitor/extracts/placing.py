"""Which transaction each row of an extract belongs to."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from monitor.core.model import KeyRole, StreamId
from monitor.estate import Flow
from monitor.extracts.tables import Table
from reconcilers.correlate import correlate

TRANSACTION, HASH, ROW = "_transaction", "_hash", "_row"

_LINKS = {ROW: pl.UInt32(), TRANSACTION: pl.String()}


@dataclass(frozen=True, slots=True)
class Shard:
    """One part of the transactions, by a hash of their keys."""

    number: int = 0
    of: int = 1


@dataclass(frozen=True, slots=True)
class Placing:
    """Where the rows of every table belong.

    Attributes:
        flow: whose transactions are meant.
        links: by stream, the columns `_row` (u32) and `_transaction`; empty where every row
            names its transaction itself.
    """

    flow: Flow
    links: Mapping[StreamId, pl.DataFrame]

    def place(self, table: Table, shard: Shard, hashes: pl.Series | None = None) -> pl.LazyFrame:
        """The table's rows with `_transaction` and its `_hash`, those of one shard only.

        A row in several transactions is there several times, one in none is not. Two keys have
        one hash once in 2⁶⁴ pairs.

        Args:
            table: whose rows are placed.
            shard: whose transactions are wanted.
            hashes: of the transactions that are wanted; None for all of the shard's.
        """
        own_key = table.columns.single_key(self.flow.key)
        if table.stream in self.links:
            links = self.links[table.stream].lazy()
            placed = table.rows.with_row_index(ROW).join(links, on=ROW)
        elif own_key is not None:
            # Said of the file's own column, this reaches the reader of the file, which then
            # decodes nothing but the keys of rows that are not wanted.
            written = table.columns.written_key(self.flow.key)
            key = (own_key if written is None else written).hash()
            rows = wanted_rows(_in_shard(table.rows, key, shard), key, hashes)
            return _hashed(rows.with_columns(own_key.alias(TRANSACTION)))
        else:
            placed = table.rows.with_columns(
                table.columns.keys(self.flow.key).alias(TRANSACTION)
            ).explode(TRANSACTION)
        rows = _in_shard(_hashed(placed), pl.col(HASH), shard)
        return wanted_rows(rows, pl.col(HASH), hashes)


def _hashed(placed: pl.LazyFrame) -> pl.LazyFrame:
    known = placed.filter(pl.col(TRANSACTION).is_not_null())
    return known.with_columns(pl.col(TRANSACTION).hash().alias(HASH))


def _in_shard(rows: pl.LazyFrame, key: pl.Expr, shard: Shard) -> pl.LazyFrame:
    return rows.filter(key % shard.of == shard.number) if shard.of > 1 else rows


def wanted_rows(rows: pl.LazyFrame, key: pl.Expr, hashes: pl.Series | None) -> pl.LazyFrame:
    """The rows of which the hash of the key is wanted; None for every row."""
    return rows if hashes is None else rows.filter(key.is_in(hashes.implode()))


def place_rows(flow: Flow, tables: Mapping[StreamId, Table]) -> Placing:
    """Follow the keys from table to table, where rows do not all name their transaction."""
    if not flow.kinds - {flow.key}:
        return Placing(flow, {})
    uses, first_rows, count = [], {}, 0
    for stream, table in tables.items():
        first_rows[stream] = count
        rows = table.rows.with_row_index(ROW)
        for role, kind, values in table.columns.uses():
            if kind in flow.kinds:
                uses.append(_uses(rows, stream, role, kind, values, count))
        count += rows.select(pl.len()).collect().item()
    links = correlate(pl.concat(uses), flow.root, flow.key, flow.kinds)
    ends = [*list(first_rows.values())[1:], count]
    return Placing(
        flow,
        {
            stream: links.filter(pl.col("record").is_between(first, end, closed="left")).select(
                (pl.col("record") - first).cast(pl.UInt32).alias(ROW),
                pl.col("transaction").alias(TRANSACTION),
            )
            for (stream, first), end in zip(first_rows.items(), ends, strict=True)
        },
    )


def _uses(
    rows: pl.LazyFrame, stream: StreamId, role: KeyRole, kind: str, values: pl.Expr, first: int
) -> pl.DataFrame:
    """Key uses as `correlate` reads them."""
    return (
        rows.select(
            (pl.col(ROW).cast(pl.Int64) + first).alias("record"),
            pl.lit(str(stream)).alias("stream"),
            pl.lit(role.value).alias("role"),
            pl.lit(kind).alias("kind"),
            values.alias("value"),
        )
        .explode("value")
        .drop_nulls("value")
        .collect()
    )
