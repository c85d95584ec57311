"""Figures: the facts of one stream, one row a transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from monitor.core.model import StreamId
from monitor.core.screens import EVERY_ROW, Aggregate, Fact, identity_of
from monitor.extracts.canonical import with_canonical
from monitor.extracts.placing import HASH, Placing, Shard
from monitor.extracts.tables import Table

_PEEK = 2000
"""Rows looked at to see whether a stream commonly has several a transaction."""

_COMMON = 0.9
"""Transactions a row, below which that is so."""

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


def read_figures(
    facts: Mapping[StreamId, Mapping[Identity, Fact]],
    tables: Mapping[StreamId, Table],
    placing: Placing,
    shard: Shard,
) -> dict[StreamId, Figures]:
    """The figures of every stream, each table read once.

    Where a transaction commonly has several rows they become one while they are read; else the
    few that share theirs are put together afterwards.
    """
    rows = {stream: _read(own, tables[stream], placing, shard) for stream, own in facts.items()}
    crowded = {
        stream
        for stream, own in facts.items()
        if _is_crowded(own, replace(tables[stream], rows=tables[stream].rows.head(_PEEK)), placing)
    }
    plans = [
        _grouped(facts[stream], each) if stream in crowded else each
        for stream, each in rows.items()
    ]
    read = dict(zip(rows, pl.collect_all(plans, engine="streaming"), strict=True))
    return {
        stream: Figures(read.pop(stream), _places(own))
        if stream in crowded
        else _once_a_transaction(own, read.pop(stream))
        for stream, own in facts.items()
    }


def _read(
    facts: Mapping[Identity, Fact], table: Table, placing: Placing, shard: Shard
) -> pl.LazyFrame:
    """What each row contributes to the facts of its stream."""
    wheres = {where: fact.where for (*_, where), fact in facts.items()}
    used = {
        name
        for fact in facts.values()
        for each in (fact.where, fact.value)
        for name in each.meta.root_names()
    }
    rows = with_canonical(placing.place(table, shard), table, used)
    if identity_of(EVERY_ROW) not in wheres:
        rows = rows.filter(pl.any_horizontal(*wheres.values()))
    shares = {
        _share(identity): _contribution(fact, len(wheres) == 1) for identity, fact in facts.items()
    }
    return rows.select(HASH, **shares)


def _is_crowded(facts: Mapping[Identity, Fact], first: Table, placing: Placing) -> bool:
    """Whether the first rows of a table commonly share their transactions."""
    hashes = _read(facts, first, placing, Shard()).select(HASH).collect().to_series()
    return hashes.n_unique() < hashes.len() * _COMMON


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
