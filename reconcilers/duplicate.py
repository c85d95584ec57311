"""Duplicates: one thing that a system holds twice within a transaction."""

from dataclasses import dataclass
from typing import Any, Literal, Self

import polars as pl
from pydantic import model_validator

from monitor.core.breaks import BreakKind, Finding
from monitor.core.flows import Condition, RuleSettings, StreamName
from monitor.core.model import FieldType, StreamId
from monitor.core.plugins import RuleContext
from monitor.core.ports import Scope, Verdict
from monitor.core.streams import Name
from reconcilers.conditions import condition, explode_keys, select_rows
from reconcilers.names import find_field, find_stream
from reconcilers.reporter import Money, Reporter, has_money, money_columns, sum_money


class DuplicateSettings(RuleSettings):
    """No two records of the stream in one transaction are the same."""

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
        money=money_columns(context, stream) if has_money(context, stream) else [],
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
    money: list[str]
    reporter: Reporter

    @property
    def needs(self) -> frozenset[StreamId]:
        """The stream alone."""
        return frozenset((self.stream,))

    def evaluate(self, scope: Scope) -> Verdict:
        """One finding for each thing that exists more than once in a transaction."""
        copies = self._copies(scope)
        transaction_money = self.reporter.value_transactions(scope, set(copies["_transaction"]))
        findings: dict[tuple[str, str], Finding] = {}
        for copy in copies.iter_rows(named=True):
            name, extra = copy["_transaction"], copy["_record"][1:]
            # Two keys of the same records are one and the same duplicate.
            findings.setdefault(
                (name, extra[0]),
                self.reporter.report(
                    BreakKind.DUPLICATE,
                    name,
                    self._extra_money(copy) or transaction_money[name],
                    record_id=extra[0],
                    expected=copy["_record"][0],
                    actual=", ".join(extra),
                    since=copy["born"][1],
                ),
            )
        return Verdict(tuple(findings.values()))

    def _copies(self, scope: Scope) -> pl.DataFrame:
        rows = select_rows(scope, self.stream, self.where)
        rows = explode_keys(rows, self.key) if self.key else rows.drop_nulls(self.by)
        identity = ["_transaction", "_key"] if self.key else ["_transaction", *self.by]
        return (
            rows.with_columns(self.born.alias("born"))
            .sort("born", pl.col("_record").str.len_chars(), "_record", nulls_last=True)
            .select(*(pl.col(column).alias(f"by:{column}") for column in identity),
                    "_transaction", "_record", "born", *self.money)
            .group_by([f"by:{column}" for column in identity], maintain_order=True)
            .agg(pl.col("_transaction").first(), "_record", "born", *self.money)
            .filter(pl.col("_record").list.len() > 1)
            .sort("_transaction", pl.col("_record").list.first())
        )  # fmt: skip

    def _extra_money(self, copy: dict[str, Any]) -> Money | None:
        """What the extra ones amount to; None where the stream states no money."""
        if not self.money:
            return None
        amounts, *currencies = (copy[column][1:] for column in self.money)
        currency = currencies[0] if currencies else [None] * len(amounts)
        money = sum_money(list(zip(amounts, currency, strict=True)))
        return None if money.amount is None else money
