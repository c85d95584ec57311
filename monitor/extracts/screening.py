"""Sort out: which transactions of an estate each rule has to look at closely.

Each table is read once, its rows become one row a transaction, and the tables are brought side by
side by the hash of their key, one after another. A screen is asked as soon as all its figures
stand there, and figures that no other screen asks for are left behind: what a table brings is
carried no further than it is needed.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl

from monitor.core.model import StreamId
from monitor.core.ports import Rule
from monitor.core.screens import Aggregate, Fact, Screen, Screened
from monitor.extracts.figures import Figures, Identity, identify, read_figures
from monitor.extracts.placing import HASH, Placing, Shard
from monitor.extracts.tables import Table

_HELD = "_held"
"""One bit for each screen: it holds the transaction."""

_BITS = 64

_NOBODY = pl.lit(0, pl.UInt64)


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
) -> tuple[dict[str, Suspects], dict[StreamId, pl.DataFrame]]:
    """The suspects of each rule, by its name, and rows that were read whole on the way.

    Of a stream that is among the latter all rows are there, placed, that any screen counts.
    """
    screens = {rule.name: _screen_of(rule, now) for rule in rules}
    known = {name: screen for name, screen in screens.items() if screen is not None}
    facts = defaultdict[StreamId, dict[Identity, Fact]](dict)
    for screen in known.values():
        for fact in screen.facts.values():
            facts[fact.stream][identify(fact)] = fact
    figures, kept = read_figures(facts, tables, placing, shard)
    held = _ask(known, figures)
    suspects = {name: Suspects() for name in screens.keys() - known.keys()}
    for name, screen in known.items():
        suspects[name] = Suspects(held[name], _rows_that_count(screen))
    return suspects, kept


def _rows_that_count(screen: Screen) -> dict[StreamId, list[pl.Expr]]:
    rows = defaultdict[StreamId, list[pl.Expr]](list)
    for fact in screen.facts.values():
        rows[fact.stream].append(fact.where)
    return dict(rows)


def _screen_of(rule: Rule, now: datetime) -> Screen | None:
    return rule.screen(now) if isinstance(rule, Screened) else None


@dataclass(frozen=True, slots=True)
class _Question:
    """A screen, which of all facts its own are, and the bit that says whom it holds."""

    screen: Screen
    facts: Mapping[str, Identity]
    bit: pl.Expr

    @classmethod
    def of(cls, screen: Screen, number: int) -> "_Question":
        facts = {name: identify(fact) for name, fact in screen.facts.items()}
        return cls(screen, facts, pl.lit(1 << number % _BITS, pl.UInt64))

    @property
    def streams(self) -> frozenset[StreamId]:
        return frozenset(fact.stream for fact in self.screen.facts.values())

    def answer(self, rows: pl.LazyFrame, places: Mapping[Identity, str]) -> pl.LazyFrame:
        """The rows, with the bit set in those that the screen holds."""
        asked = {
            name: pl.col(places[self.facts[name]]).fill_null(0)
            if fact.how is Aggregate.COUNT
            else pl.col(places[self.facts[name]])
            for name, fact in self.screen.facts.items()
        }
        held = pl.when(self.screen.suspicious).then(self.bit).otherwise(_NOBODY)
        return rows.with_columns(**asked).with_columns(pl.col(_HELD) | held).drop(asked)


def _ask(
    screens: Mapping[str, Screen], figures: Mapping[StreamId, Figures]
) -> dict[str, pl.Series]:
    """By rule, the hashes of the transactions that its screen holds."""
    questions = {
        name: _Question.of(screen, number) for number, (name, screen) in enumerate(screens.items())
    }
    groups = list(_together(questions))
    plans = [_side_by_side([questions[name] for name in group], figures) for group in groups]
    found = pl.collect_all(plans, engine="streaming")
    return {
        name: held.filter(pl.col(_HELD) & questions[name].bit != 0)[HASH]
        for group, held in zip(groups, found, strict=True)
        for name in group
    }


def _together(questions: Mapping[str, _Question]) -> Iterator[list[str]]:
    """Names of questions in groups that share no stream, and none larger than there are bits."""
    groups: list[set[str]] = []
    for name, question in questions.items():
        near = [
            group for group in groups if any(questions[o].streams & question.streams for o in group)
        ]
        groups = [group for group in groups if group not in near]
        groups.append({name}.union(*near))
    for group in groups:
        names = [name for name in questions if name in group]
        yield from (names[first : first + _BITS] for first in range(0, len(names), _BITS))


def _side_by_side(
    questions: Sequence[_Question], figures: Mapping[StreamId, Figures]
) -> pl.LazyFrame:
    """Every transaction that a screen holds: its hash, and the bits of the screens that do."""
    asked_of = Counter(stream for question in questions for stream in question.streams)
    places = {fact: place for stream in asked_of for fact, place in figures[stream].places.items()}
    rows = pl.LazyFrame(schema={HASH: pl.UInt64, _HELD: pl.UInt64})
    present: set[StreamId] = set()
    # Figures are few again by the time that the streams come which few screens ask about.
    for stream in sorted(asked_of, key=lambda stream: (-asked_of[stream], stream)):
        own = figures[stream].frame.lazy()
        rows = own.with_columns(_NOBODY.alias(_HELD)) if not present else _beside(rows, own)
        present.add(stream)
        for question in questions:
            if stream in question.streams and question.streams <= present:
                rows = question.answer(rows, places)
        waiting = [each for each in questions if not each.streams <= present]
        wanted = {
            places[fact] for each in waiting for fact in each.facts.values() if fact[0] in present
        }
        rows = rows.select(HASH, _HELD, *sorted(wanted))
    return rows.filter(pl.col(_HELD) != 0)


def _beside(rows: pl.LazyFrame, own: pl.LazyFrame) -> pl.LazyFrame:
    both = rows.join(own, on=HASH, how="full", coalesce=True)
    return both.with_columns(pl.col(_HELD).fill_null(_NOBODY))
