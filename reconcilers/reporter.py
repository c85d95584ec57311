"""How a rule writes its findings: who is accused, what it is worth, who holds it."""

from dataclasses import dataclass

import polars as pl

from monitor.core.breaks import BreakKind, Classification, Severity
from monitor.core.flows import RuleSettings
from monitor.core.model import FieldType, StreamId
from monitor.core.plugins import RuleContext
from monitor.core.ports import DEADLINES, FINDINGS, MONEY, Scope
from reconcilers.money import countable

AMOUNT, CURRENCY = "_amount", "_currency"
"""Columns of a transaction's money, see `Reporter.transaction_money`."""

_TRANSACTION_MONEY = {"_transaction": pl.String(), AMOUNT: MONEY, CURRENCY: pl.String()}


def text_of(column: str, dtype: pl.DataType) -> pl.Expr:
    """The column's values as people read them; equal values give equal texts."""
    value = pl.col(column)
    if isinstance(dtype, pl.Decimal):
        text = value.cast(pl.String)
        short = text.str.strip_chars_end("0").str.strip_chars_end(".")
        return pl.when(text.str.contains(".", literal=True)).then(short).otherwise(text)
    if isinstance(dtype, pl.Datetime):
        return value.dt.strftime("%Y-%m-%dT%H:%M:%S%.6f+00:00")
    if isinstance(dtype, pl.Date):
        return value.dt.strftime("%Y-%m-%d")
    return value.cast(pl.String)


def as_text(frame: pl.DataFrame, column: str) -> pl.Expr:
    """`text_of` for a column of this frame."""
    return text_of(column, frame.schema[column])


def has_money(context: RuleContext, stream: StreamId) -> bool:
    """Whether the stream's records carry the amount in which the flow states its money."""
    return context.fields[stream].get(context.value_amount) is FieldType.DECIMAL


def currency_of(context: RuleContext, stream: StreamId, prefix: str = "") -> pl.Expr:
    """The currency in which a record of the stream states its money; null where it states none.

    Args:
        context: the flow and its money.
        stream: whose record it is.
        prefix: stands before the names of its columns.
    """
    name = context.value_currency
    if context.fields[stream].get(name) is FieldType.TEXT:
        return pl.col(prefix + name)
    return pl.lit(None, pl.String)


def in_one_currency(amount: pl.Expr, currency: pl.Expr) -> tuple[pl.Expr, pl.Expr]:
    """Sum and currency of a group's amounts.

    Both are null where there are none or two currencies, or an amount too great to be summed.
    """
    stated = currency.filter(amount.is_not_null()).fill_null("")
    # A grouped sum without a place among the digits wraps round, and says nothing.
    fits = countable(amount).count() == amount.count()
    same = (stated.n_unique() == 1) & fits
    return pl.when(same).then(amount.sum()), pl.when(same).then(stated.first())


def awaited(waiting: pl.DataFrame) -> pl.DataFrame:
    """Deadlines from the columns `_transaction` and `at`."""
    return waiting.select(pl.col("_transaction").alias("transaction"), "at").cast(
        pl.Schema(DEADLINES)
    )


@dataclass(frozen=True, slots=True)
class Reporter:
    """Writes the findings of one rule against one stream.

    Attributes:
        rule: its name in the landscape.
        stream: the stream that is at fault.
        hop: as in `Finding`.
        severity: as configured.
        owner: who holds the breaks.
        context: the flow and its money.
    """

    rule: str
    stream: StreamId
    hop: str
    severity: Severity
    owner: str
    context: RuleContext

    @classmethod
    def create(
        cls, rule: str, settings: RuleSettings, context: RuleContext, stream: StreamId, hop: str
    ) -> "Reporter":
        """A reporter whose owner is the settings' or else that of the system at fault."""
        owner = settings.owner or context.owners.get(stream.system, "")
        return cls(rule, stream, hop, settings.severity, owner, context)

    def transaction_money(self, scope: Scope, names: pl.DataFrame) -> pl.DataFrame:
        """What transactions are worth, by the records in which the flow states it.

        Several such records are summed; nothing is known where their currencies differ. The last
        known state serves even while its source is blind: the money says how urgent a break is,
        not whether it is one.

        Args:
            scope: what is looked at.
            names: column `_transaction`; repeated names do not matter.

        Returns:
            One row a transaction whose money is known: `_transaction`, `_amount`, `_currency`.
        """
        stream = self.context.value_stream or self.context.root
        frame = scope.frames.get(stream)
        if frame is None or names.is_empty() or not has_money(self.context, stream):
            return pl.DataFrame(schema=_TRANSACTION_MONEY)
        amount, currency = in_one_currency(
            pl.col(self.context.value_amount), currency_of(self.context, stream)
        )
        return (
            frame.join(names, on="_transaction", how="semi")
            .unique(["_transaction", "_record"])
            .group_by("_transaction")
            .agg(amount.alias(AMOUNT), currency.alias(CURRENCY))
        )

    def report(
        self, scope: Scope, accused: pl.DataFrame, kind: BreakKind = BreakKind.CUSTOM
    ) -> pl.DataFrame:
        """Findings against records or transactions.

        Args:
            scope: what is looked at.
            accused: one row a finding. `_transaction`, and what there is to say of `record_id`,
                `field`, `expected`, `actual`, `since`, `value_at_risk`, `currency`, `kind`,
                `classification` and `hop`. A row without `value_at_risk` gets the money of its
                transaction, one with it and without `currency` that money's currency.
            kind: of the rows that name none.
        """
        if accused.is_empty():
            return pl.DataFrame(schema=FINDINGS)
        money = self.transaction_money(scope, accused.select("_transaction"))
        said = accused.join(money, on="_transaction", how="left", maintain_order="left")
        at_risk = _said(said, "value_at_risk", MONEY)
        own_currency = pl.coalesce(_said(said, "currency"), CURRENCY)
        usual = {
            "flow": pl.lit(self.context.flow),
            "transaction": pl.col("_transaction"),
            "rule": pl.lit(self.rule),
            "kind": pl.coalesce(_said(said, "kind"), pl.lit(kind.value)),
            "severity": pl.lit(self.severity.value),
            "hop": pl.coalesce(_said(said, "hop"), pl.lit(self.hop)),
            "system": pl.lit(self.stream.system),
            "stream": pl.lit(self.stream.stream),
            "entity": pl.lit(self.context.entities[self.stream]),
            "field": _said(said, "field").fill_null(""),
            "record_id": _said(said, "record_id").fill_null(""),
            "value_at_risk": pl.coalesce(at_risk, AMOUNT),
            "currency": pl.when(at_risk.is_null())
            .then(CURRENCY)
            .otherwise(own_currency)
            .fill_null(""),
            "owner": pl.lit(self.owner),
            "classification": _said(said, "classification").fill_null(Classification.NONE.value),
        }
        return said.select(
            usual.get(name, _said(said, name, dtype)).cast(dtype).alias(name)
            for name, dtype in FINDINGS.items()
        )


def _said(frame: pl.DataFrame, column: str, dtype: pl.DataType | None = None) -> pl.Expr:
    """The column where the frame has it, nulls where it has not."""
    return pl.col(column) if column in frame.columns else pl.lit(None, dtype or pl.String())
