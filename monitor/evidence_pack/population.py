"""The population of a report: every deal once, under exactly one term of the equation."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

import polars as pl

from monitor.as_of import PastSight
from monitor.core.model import StreamId
from monitor.core.ports import FINDINGS, MONEY, Scope, Verdict
from monitor.estate import Flow
from monitor.past_doubt import DOUBTS, find_doubts, without_doubtful

AMOUNT, CURRENCY = "amount", "currency"
"""Canonical fields with the money of a deal, in the flow's value stream."""


class Term(StrEnum):
    """Where a deal stands; the terms add up to the population."""

    MATCHED = "matched"
    AWAITED = "awaited"
    EXCEPTION = "exception"
    QUARANTINED = "quarantined"
    EXCLUDED = "excluded"
    UNKNOWN = "unknown"


MEANINGS: Mapping[Term, str] = {
    Term.MATCHED: "every rule was asked, and none finds anything",
    Term.AWAITED: "nothing is wrong yet: the time for a later step has not passed",
    Term.EXCEPTION: "a rule finds a break",
    Term.QUARANTINED: "a row that nobody could read leaves a rule in doubt",
    Term.EXCLUDED: "none of its records is there any more",
    Term.UNKNOWN: "a rule could not be asked, because a source could not be seen",
}

POPULATION = pl.Schema(
    {
        "flow": pl.String(),
        "deal": pl.String(),
        "term": pl.String(),
        "part": pl.Int32(),
        "amount": MONEY,
        "currency": pl.String(),
    }
)
"""A row for each deal and currency; `part` is 1 in the first row of a deal, so that rows with 1
count the deals. A deal that states no money has one row with neither amount nor currency."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What was said of some deals.

    Attributes:
        population: `POPULATION`.
        exceptions: `FINDINGS`.
        doubts: `DOUBTS`.
    """

    population: pl.DataFrame
    exceptions: pl.DataFrame
    doubts: pl.DataFrame


def judge(
    flow: Flow, rules: Collection[str], scope: Scope, links: pl.DataFrame, sight: PastSight
) -> Judged:
    """Ask the rules of a report about some deals, and put each deal under its term.

    Args:
        flow: whose deals they are.
        rules: names of those that are asked.
        scope: the records that are there.
        links: column `transaction`: every deal, those included of which no record is there.
        sight: what could be seen.
    """
    asked = [rule for rule in flow.rules if rule.name in rules]
    verdicts = [rule.evaluate(scope) for rule in asked if rule.needs <= sight.looked_until.keys()]
    is_blind = len(verdicts) < len(asked)
    needed = frozenset().union(*(rule.needs for rule in asked))
    set_aside = {stream: rows for stream, rows in sight.set_aside.items() if stream in needed}
    doubts = find_doubts(scope, set_aside) if set_aside else pl.DataFrame(schema=DOUBTS)
    found = pl.concat([pl.DataFrame(schema=FINDINGS), *(each.found for each in verdicts)])
    found = without_doubtful(found, doubts, flow) if doubts.height else found
    return Judged(_terms(flow, scope, links, found, doubts, verdicts, is_blind), found, doubts)


def _terms(
    flow: Flow,
    scope: Scope,
    links: pl.DataFrame,
    found: pl.DataFrame,
    doubts: pl.DataFrame,
    verdicts: Iterable[Verdict],
    is_blind: bool,
) -> pl.DataFrame:
    there = [frame.select("_transaction") for frame in scope.frames.values()]
    present = pl.concat(there)["_transaction"].unique()
    awaited = pl.concat([each.awaited.select("transaction") for each in verdicts] or [_NONE])
    deals = pl.concat([links.select("transaction"), found.select("transaction")]).unique()
    deal = pl.col("transaction")
    term = (
        pl.when(deal.is_in(found["transaction"].implode()))
        .then(pl.lit(Term.EXCEPTION.value))
        .when(~deal.is_in(present.implode()))
        .then(pl.lit(Term.EXCLUDED.value))
        .when(pl.lit(is_blind))
        .then(pl.lit(Term.UNKNOWN.value))
        .when(deal.is_in(doubts["transaction"].implode()))
        .then(pl.lit(Term.QUARANTINED.value))
        .when(deal.is_in(awaited["transaction"].implode()))
        .then(pl.lit(Term.AWAITED.value))
        .otherwise(pl.lit(Term.MATCHED.value))
    )
    placed = deals.select("transaction", term=term)
    return (
        placed.join(_money(flow, scope), on="transaction", how="left")
        .sort("transaction", CURRENCY)
        .select(
            flow=pl.lit(flow.name),
            deal="transaction",
            term="term",
            part=pl.int_range(1, pl.len() + 1, dtype=pl.Int32).over("transaction"),
            amount=AMOUNT,
            currency=CURRENCY,
        )
    )


_NONE = pl.DataFrame(schema={"transaction": pl.String})


def _money(flow: Flow, scope: Scope) -> pl.DataFrame:
    """What each deal is worth, by currency: the sum over its records in the value stream."""
    frame = scope.frames[flow.value_stream]
    if AMOUNT not in frame.columns or CURRENCY not in frame.columns:
        return pl.DataFrame(schema={"transaction": pl.String, AMOUNT: MONEY, CURRENCY: pl.String})
    stated = frame.filter(pl.col(AMOUNT).is_not_null())
    return stated.group_by(transaction="_transaction", currency=pl.col(CURRENCY).fill_null("")).agg(
        pl.col(AMOUNT).sum().cast(MONEY)
    )


@dataclass(frozen=True, slots=True)
class TermTotal:
    """How many deals are under a term, and what they are worth by currency."""

    term: Term
    deals: int
    money: Mapping[str, Decimal]


def totals_of(population: pl.DataFrame) -> list[TermTotal]:
    """The terms of the equation, each with its count and money; all of them, in their order."""
    counts = dict(population.filter(pl.col("part") == 1).group_by("term").len().iter_rows())
    sums = population.drop_nulls("amount").group_by("term", "currency").agg(pl.col("amount").sum())
    money: dict[str, dict[str, Decimal]] = {}
    for term, currency, total in sums.sort("term", "currency").iter_rows():
        money.setdefault(term, {})[currency] = total
    return [TermTotal(term, counts.get(term, 0), money.get(term, {})) for term in Term]


def streams_of(flow: Flow, rules: Collection[str]) -> list[StreamId]:
    """The streams that a report looks at: those of its rules, the root, and that of the money."""
    needed = [rule.needs for rule in flow.rules if rule.name in rules]
    return sorted(frozenset({flow.root, flow.value_stream}).union(*needed))
