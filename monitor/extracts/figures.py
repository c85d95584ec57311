"""Figures: the facts of one stream, one row a transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum, auto

import polars as pl

from monitor.core.model import StreamId
from monitor.core.screens import EVERY_ROW, Aggregate, Fact, identity_of
from monitor.extracts.canonical import meeting, with_canonical
from monitor.extracts.placing import HASH, TRANSACTION, Placing, Shard
from monitor.extracts.tables import Table

_PEEK = 2000
"""Rows looked at to see whether a stream commonly has several a transaction."""

_COMMON = 0.9
"""Transactions a row, below which that is so."""

_FEW = 0.1
"""Share of rows that count, below which they are kept."""

Identity = tuple[StreamId, str, str, str]


def identify(fact: Fact) -> Identity:
    """Facts of two rules with the same identity are one fact."""
    value = "" if fact.how is Aggregate.COUNT else identity_of(fact.value)
    return fact.stream, fact.how, value, identity_of(fact.where)


@dataclass(frozen=True, slots=True)
class Figures:
    """The facts of one stream.

    Attributes:
        frame: `_hash`, one row for each, and what `places` names.
        places: by fact, the column that has it.
    """

    frame: pl.DataFrame
    places: Mapping[Identity, str]


class _Reading(Enum):
    """How a stream becomes figures."""

    ROW_BY_ROW = auto()
    """As it is; the few rows that share a transaction are put together afterwards."""
    GROUPED = auto()
    """Its rows commonly share a transaction: they become one while they are read."""
    KEPT = auto()
    """Few rows count: they are read whole, and need not be read again when they are looked at."""


def read_figures(
    facts: Mapping[StreamId, Mapping[Identity, Fact]],
    tables: Mapping[StreamId, Table],
    placing: Placing,
    shard: Shard,
) -> tuple[dict[StreamId, Figures], dict[StreamId, pl.DataFrame]]:
    """The figures of every stream, each table read once.

    Returns:
        The figures, and of streams of which few rows count those rows, placed: whoever looks at
        rows that count has them already.
    """
    readings = {stream: _how_to_read(own, tables[stream], placing) for stream, own in facts.items()}
    plans = [
        _plan(readings[stream], own, tables[stream], placing.place(tables[stream], shard))
        for stream, own in facts.items()
    ]
    read = dict(zip(facts, pl.collect_all(plans, engine="streaming"), strict=True))
    kept = {stream: read[stream] for stream, how in readings.items() if how is _Reading.KEPT}
    for stream, rows in kept.items():
        read[stream] = _shares(facts[stream], tables[stream], rows.lazy()).collect()
    return {
        stream: Figures(read.pop(stream), _places(own))
        if readings[stream] is _Reading.GROUPED
        else _once_a_transaction(own, read.pop(stream))
        for stream, own in facts.items()
    }, kept


def _how_to_read(facts: Mapping[Identity, Fact], table: Table, placing: Placing) -> _Reading:
    """By its first rows: whether few of them count, or many share a transaction."""
    first = placing.place(replace(table, rows=table.rows.head(_PEEK)), Shard())
    hashes = _shares(facts, table, first).select(HASH).collect().to_series()
    if _condition(facts) is not None and hashes.len() < _FEW * _PEEK:
        return _Reading.KEPT
    is_crowded = hashes.n_unique() < hashes.len() * _COMMON
    return _Reading.GROUPED if is_crowded else _Reading.ROW_BY_ROW


def _plan(
    how: _Reading, facts: Mapping[Identity, Fact], table: Table, placed: pl.LazyFrame
) -> pl.LazyFrame:
    match how:
        case _Reading.KEPT:
            return _rows_that_count(facts, table, placed)
        case _Reading.GROUPED:
            return _grouped(facts, _shares(facts, table, placed))
        case _Reading.ROW_BY_ROW:
            return _shares(facts, table, placed)


def _condition(facts: Mapping[Identity, Fact]) -> pl.Expr | None:
    """What a row must meet to count at all; None where every row counts."""
    wheres = {where: fact.where for (*_, where), fact in facts.items()}
    every_row = identity_of(EVERY_ROW) in wheres
    return None if every_row else pl.any_horizontal(*wheres.values())


def _rows_that_count(
    facts: Mapping[Identity, Fact], table: Table, placed: pl.LazyFrame
) -> pl.LazyFrame:
    condition = _condition(facts)
    if condition is None:
        return placed
    own = [HASH, TRANSACTION, *table.columns.sources()]
    return meeting(condition, placed, table).select(own)


def _shares(facts: Mapping[Identity, Fact], table: Table, placed: pl.LazyFrame) -> pl.LazyFrame:
    """What each row contributes to the facts of its stream."""
    used = {
        name
        for fact in facts.values()
        for each in (fact.where, fact.value)
        for name in each.meta.root_names()
    }
    rows = with_canonical(placed, table, used)
    condition = _condition(facts)
    if condition is not None:
        rows = rows.filter(condition)
    alike = len({where for (*_, where) in facts}) == 1
    shares = {_share(identity): _contribution(fact, alike) for identity, fact in facts.items()}
    return rows.select(HASH, **shares)


def _share(identity: Identity) -> str:
    """Facts that differ in nothing but the aggregate take the same from a row."""
    stream, how, value, where = identity
    return f"{stream} {how if how == Aggregate.COUNT else ''} {value} {where}"


def _places(facts: Mapping[Identity, Fact]) -> dict[Identity, str]:
    return {identity: f"{fact.how} {_share(identity)}" for identity, fact in facts.items()}


def _contribution(fact: Fact, every_row: bool) -> pl.Expr:
    if fact.how is Aggregate.COUNT:
        return pl.lit(1, pl.UInt32) if every_row else fact.where.cast(pl.UInt32)
    return fact.value if every_row else pl.when(fact.where).then(fact.value)


def _once_a_transaction(facts: Mapping[Identity, Fact], rows: pl.DataFrame) -> Figures:
    repeated = _repeated(rows[HASH])
    if repeated.is_empty():
        return Figures(rows, {identity: _share(identity) for identity in facts})
    shares = rows.with_columns(
        pl.col(_share(identity)).alias(place) for identity, place in _places(facts).items()
    ).select(HASH, *_places(facts).values())
    several = rows[HASH].is_in(repeated.implode())
    few = _grouped(facts, rows.filter(several).lazy()).collect()
    return Figures(pl.concat([shares.filter(~several), few]), _places(facts))


def _repeated(hashes: pl.Series) -> pl.Series:
    """Those that are there more than once."""
    counted = hashes.to_frame().lazy().group_by(HASH).agg(pl.len())
    return counted.filter(pl.col("len") > 1).select(HASH).collect(engine="streaming").to_series()


def _grouped(facts: Mapping[Identity, Fact], rows: pl.LazyFrame) -> pl.LazyFrame:
    places = _places(facts)
    return rows.group_by(HASH).agg(
        _aggregated(fact, pl.col(_share(identity))).alias(places[identity])
        for identity, fact in facts.items()
    )


def _aggregated(fact: Fact, value: pl.Expr) -> pl.Expr:
    match fact.how:
        case Aggregate.MIN:
            return value.min()
        case Aggregate.MAX:
            return value.max()
        case Aggregate.COUNT:
            return value.sum()
        case Aggregate.SUM:
            # The sum of nothing is nothing, not 0.
            return pl.when(value.count() > 0).then(value.sum())
