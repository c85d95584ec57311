"""Duplicates: one thing that a system holds twice within a transaction.

A message delivered twice, an integration started again or an impatient click makes a second
project, a second invoice, and in time a second payment. Records of a stream that have a key in
common, or agree in every field of a list, are one thing. The oldest is the original; the break
stands against the first copy, names them all, and puts at risk what the copies amount to.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Self

import polars as pl
from pydantic import model_validator

from monitor.core.breaks import BreakKind
from monitor.core.flows import Condition, RuleSettings, StreamName
from monitor.core.model import FieldType, StreamId
from monitor.core.plugins import RuleContext
from monitor.core.ports import Scope, Verdict
from monitor.core.screens import Aggregate, Fact, Screen
from monitor.core.streams import Name
from reconcilers.conditions import condition, explode_keys, fields_in, select_rows
from reconcilers.names import check_key, find_field, find_stream
from reconcilers.reporter import Reporter, currency_of, has_money, in_one_currency

EXAMPLE = """
project-made-twice:
  check: duplicate
  stream: psa.project
  key: deal
"""


class DuplicateSettings(RuleSettings):
    """No two records of the stream in one transaction are the same."""

    finds = frozenset({BreakKind.DUPLICATE})
    check: Literal["duplicate"]
    stream: StreamName
    by: tuple[str, ...] = ()
    """Fields that together tell two records apart; a record without one of them is no copy."""
    key: Name | None = None
    """Key kind that tells two records apart, instead of fields."""
    where: Condition = {}
    """Which records count."""

    @model_validator(mode="after")
    def _one_identity(self) -> Self:
        if bool(self.by) == bool(self.key):
            raise ValueError("say either by which fields or by which key records are told apart")
        return self


def build(name: str, settings: DuplicateSettings, context: RuleContext) -> "Duplicate":
    """A rule from its settings.

    Raises:
        ValueError: the stream or a field is unknown.
    """
    stream = find_stream(context, settings.stream)
    check_key(context, settings.key, stream)
    for field in settings.by:
        find_field(context, stream, field)
    created = context.fields[stream].get("created_at") is FieldType.INSTANT
    return Duplicate(
        name=name,
        stream=stream,
        by=settings.by,
        key=settings.key,
        where=condition(context, stream, settings.where),
        born=pl.coalesce(*(["created_at"] if created else []), "_modified_at"),
        reporter=Reporter.create(name, settings, context, stream, hop=""),
    )


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The rule that a thing exists once.

    The record born first is the original; the others are extra. The first extra one is accused,
    so that the break stays the same one when a third copy turns up.
    """

    name: str
    stream: StreamId
    by: tuple[str, ...]
    key: str | None
    where: pl.Expr
    born: pl.Expr
    reporter: Reporter

    @property
    def needs(self) -> frozenset[StreamId]:
        """The stream alone."""
        return frozenset((self.stream,))

    @property
    def minds(self) -> dict[StreamId, frozenset[str]]:
        """What tells records apart, and which count."""
        return {self.stream: fields_in(self.where).union(self.by)}

    def screen(self, now: datetime) -> Screen:
        """Suspicious is who has more than one record."""
        records = Fact(self.stream, Aggregate.COUNT, where=self.where)
        return Screen({"records": records}, pl.col("records") > 1)

    def evaluate(self, scope: Scope) -> Verdict:
        """One finding for each thing that exists more than once in a transaction."""
        copies = self._copies(scope)
        return Verdict(self.reporter.report(scope, copies, BreakKind.DUPLICATE))

    def _copies(self, scope: Scope) -> pl.DataFrame:
        rows = select_rows(scope, self.stream, self.where)
        rows = explode_keys(rows, self.key) if self.key else rows.drop_nulls(self.by)
        identity = ["_transaction", "_key"] if self.key else ["_transaction", *self.by]
        ordered = rows.with_columns(self.born.alias("born")).sort(
            "born", pl.col("_record").str.len_chars(), "_record", nulls_last=True
        )
        extra = pl.col("_record").slice(1)
        return (
            ordered.select(
                *(pl.col(column).alias(f"by:{column}") for column in identity),
                "_transaction", "_record", "born", *self._money(),
            )
            .group_by([f"by:{column}" for column in identity], maintain_order=True)
            .agg(
                pl.len().alias("copies"),
                pl.col("_transaction").first(),
                pl.col("_record").first().alias("expected"),
                extra.first().alias("record_id"),
                extra.str.join(", ").alias("actual"),
                pl.col("born").slice(1).first().alias("since"),
                *self._extra_money(),
            )
            .filter(pl.col("copies") > 1)
            # Two keys of the same records are one and the same duplicate.
            .unique(["_transaction", "record_id"], keep="first", maintain_order=True)
            .sort("_transaction", "expected")
        )  # fmt: skip

    def _money(self) -> list[pl.Expr]:
        """The amount and its currency; none where the stream states no money."""
        context = self.reporter.context
        if not has_money(context, self.stream):
            return []
        currency = currency_of(context, self.stream)
        return [pl.col(context.value_amount).alias("amount"), currency.alias("in_currency")]

    def _extra_money(self) -> list[pl.Expr]:
        """What the extra ones amount to."""
        if not has_money(self.reporter.context, self.stream):
            return []
        amount, currency = in_one_currency(
            pl.col("amount").slice(1), pl.col("in_currency").slice(1)
        )
        return [amount.alias("value_at_risk"), currency.alias("currency")]
