"""Sort out: which transactions of an estate each rule has to look at closely.

The facts of all rules are gathered in one pass: each table is read once, its rows become one row
a transaction, and the tables are brought side by side by the hash of their key.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import zip_longest

import polars as pl

from monitor.core.model import StreamId
from monitor.core.ports import Rule
from monitor.core.screens import EVERY_ROW, Aggregate, Fact, Screen, Screened, identity_of
from monitor.extracts.canonical import with_canonical
from monitor.extracts.placing import HASH, Placing, Shard
from monitor.extracts.tables import Table


@dataclass(frozen=True, slots=True)
class Suspects:
    """What a rule has to look at.

    Attributes:
        hashes: of the transactions; None for all of them.
        rows: by stream, conditions of which a row meets at least one; every row of a stream
            that is not named.
    """

    hashes: pl.Series | None = None
    rows: Mapping[StreamId, Sequence[pl.Expr]] = field(default_factory=dict)


def find_suspects(
    rules: Sequence[Rule],
    tables: Mapping[StreamId, Table],
    placing: Placing,
    shard: Shard,
    now: datetime,
) -> dict[str, Suspects]:
    """The suspects of each rule, by its name."""
    screens = {rule.name: _screen_of(rule, now) for rule in rules}
    known = {name: screen for name, screen in screens.items() if screen is not None}
    gathered = _gather(known.values(), tables, placing, shard)
    suspects = {name: Suspects() for name in screens.keys() - known.keys()}
    for name, screen in known.items():
        suspects[name] = Suspects(gathered.suspects_of(screen), _rows_that_count(screen))
    return suspects


def _rows_that_count(screen: Screen) -> dict[StreamId, list[pl.Expr]]:
    rows = defaultdict[StreamId, list[pl.Expr]](list)
    for fact in screen.facts.values():
        rows[fact.stream].append(fact.where)
    return dict(rows)


def _screen_of(rule: Rule, now: datetime) -> Screen | None:
    return rule.screen(now) if isinstance(rule, Screened) else None


Identity = tuple[StreamId, str, str, str]


def _identity(fact: Fact) -> Identity:
    """Facts of two rules with the same identity are one fact."""
    value = "" if fact.how is Aggregate.COUNT else identity_of(fact.value)
    return fact.stream, fact.how, value, identity_of(fact.where)


@dataclass(frozen=True, slots=True)
class _Figures:
    """The facts of one stream, or of all: one row a transaction.

    Attributes:
        frame: `_hash` and what `places` names.
        places: by fact, the column that has it.
    """

    frame: pl.DataFrame
    places: Mapping[Identity, str]

    def suspects_of(self, screen: Screen) -> pl.Series:
        """Hashes of the transactions that the screen holds."""
        facts = {name: pl.col(self.places[_identity(fact)]) for name, fact in screen.facts.items()}
        return self.frame.select(HASH, **facts).filter(screen.suspicious)[HASH]


def _gather(
    screens: Iterable[Screen], tables: Mapping[StreamId, Table], placing: Placing, shard: Shard
) -> _Figures:
    root = Fact(placing.flow.root, Aggregate.COUNT)
    facts = {_identity(root): root}
    for screen in screens:
        facts.update((_identity(fact), fact) for fact in screen.facts.values())
    by_stream = defaultdict[StreamId, list[Fact]](list)
    for fact in facts.values():
        by_stream[fact.stream].append(fact)
    read = pl.collect_all(
        [_read(own, tables[stream], placing, shard) for stream, own in by_stream.items()],
        engine="streaming",
    )
    figures = [
        _once_a_transaction(own, rows) for own, rows in zip(by_stream.values(), read, strict=True)
    ]
    del read
    places = {fact: name for each in figures for fact, name in each.places.items()}
    counts = {places[fact] for fact, each in facts.items() if each.how is Aggregate.COUNT}
    whole = side_by_side([each.frame for each in figures])
    return _Figures(whole.with_columns(pl.col(sorted(counts)).fill_null(0)), places)


def _read(facts: Sequence[Fact], table: Table, placing: Placing, shard: Shard) -> pl.LazyFrame:
    """What each row contributes to the facts of its stream."""
    wheres = {identity_of(fact.where): fact.where for fact in facts}
    used = {
        name
        for fact in facts
        for each in (fact.where, fact.value)
        for name in each.meta.root_names()
    }
    rows = with_canonical(placing.place(table, shard), table, used)
    if identity_of(EVERY_ROW) not in wheres:
        rows = rows.filter(pl.any_horizontal(*wheres.values()))
    shares = {_share(fact): _contribution(fact, len(wheres) == 1) for fact in facts}
    return rows.select(HASH, **shares)


def _share(fact: Fact) -> str:
    """Facts that differ in nothing but the aggregate take the same from a row."""
    stream, how, value, where = _identity(fact)
    return f"{stream} {how if how is Aggregate.COUNT else ''} {value} {where}"


def _contribution(fact: Fact, every_row: bool) -> pl.Expr:
    if fact.how is Aggregate.COUNT:
        return pl.lit(1, pl.UInt32) if every_row else fact.where.cast(pl.UInt32)
    return fact.value if every_row else pl.when(fact.where).then(fact.value)


def _once_a_transaction(facts: Sequence[Fact], rows: pl.DataFrame) -> _Figures:
    if rows[HASH].n_unique() == rows.height:
        return _Figures(rows, {_identity(fact): _share(fact) for fact in facts})
    places = {_identity(fact): f"{fact.how} {_share(fact)}" for fact in facts}
    grouped = (
        rows.lazy()
        .group_by(HASH)
        .agg(_aggregated(fact).alias(places[_identity(fact)]) for fact in facts)
    )
    return _Figures(grouped.collect(engine="streaming"), places)


def _aggregated(fact: Fact) -> pl.Expr:
    value = pl.col(_share(fact))
    match fact.how:
        case Aggregate.MIN:
            return value.min()
        case Aggregate.MAX:
            return value.max()
        case Aggregate.COUNT if identity_of(fact.where) == identity_of(EVERY_ROW):
            return pl.len()
        case Aggregate.COUNT:
            return value.sum()
        case Aggregate.SUM:
            # The sum of nothing is nothing, not 0.
            return pl.when(value.count() > 0).then(value.sum())


def side_by_side(parts: Sequence[pl.DataFrame]) -> pl.DataFrame:
    """Every transaction that any part has, with the facts of all.

    Parts are joined two by two, the smallest first: so each column is copied the fewest times.
    """
    waiting = [part.lazy() for part in sorted(parts, key=lambda part: part.height)]
    while len(waiting) > 1:
        pairs = zip_longest(waiting[::2], waiting[1::2])
        waiting = [
            one if other is None else one.join(other, on=HASH, how="full", coalesce=True)
            for one, other in pairs
        ]
    return waiting[0].collect(engine="streaming")
