"""Parts: the records whose amounts make up one side of a tie-out."""

from dataclasses import dataclass
from typing import Literal

import polars as pl

from monitor.core.flows import Condition, StreamName
from monitor.core.model import FieldType, StreamId
from monitor.core.plugins import RuleContext
from monitor.core.ports import INSTANT, MONEY, Scope
from monitor.core.screens import Aggregate, Fact
from monitor.core.streams import Name, Settings
from reconcilers.conditions import condition, explode_keys, fields_in, select_rows
from reconcilers.money import countable, currency_code, product
from reconcilers.names import check_key, find_field, find_stream
from reconcilers.silence import CHANGED, STAMPED

PARTS = pl.Schema(
    {
        "_transaction": pl.String(),
        "part": pl.String(),
        "amount": MONEY,
        "currency": pl.String(),
        "is_shared": pl.Boolean(),
        "on": pl.Date(),
        "changed_at": INSTANT,
        "stamped_at": INSTANT,
    }
)
"""One row a part: what people call it, its signed amount (null: not known) and currency, whether
the transaction bears an unknown share of it, its date, since when it is as it is, and the same by
its system's own stamp (null: there is none)."""

LOW, HIGH = "low", "high"
"""Ends of the names of facts about currencies, see `Component.facts`."""

_NUMBERS = (FieldType.DECIMAL, FieldType.INTEGER)


class FactorSettings(Settings):
    """What an amount is multiplied by: the rate of an hour, the share of a deal in an invoice."""

    field: str
    """Decimal or integer field."""
    stream: StreamName | None = None
    """Where it stands; None: in the same record."""
    match: Name | None = None
    """Key kind that pairs records of the two streams. A record that meets several factors counts
    with each of them; one that meets none has an unknown amount."""


class ComponentSettings(Settings):
    """Records of one stream that count for a side."""

    stream: StreamName
    field: str = "amount"
    """Decimal or integer field that is summed."""
    where: Condition = {}
    """Which records count."""
    sign: Literal["+", "-"] = "+"
    """`-`: what they say is taken off, as a credit is."""
    times: FactorSettings | None = None
    """What each amount is multiplied by."""
    shared_by: Name | None = None
    """Key kind that names whom a record bills. Of one with several such keys a transaction bears
    anything from nothing to all: the side is wrong only if no share makes it right."""
    currency: str | None = "currency"
    """Text field with the currency; None, and where the stream has no such field: that in which
    the others are compared."""
    date: str | None = None
    """Date or instant (in UTC) whose exchange rate counts."""


@dataclass(frozen=True, slots=True)
class Component:
    """Records of one stream that count for a side.

    Attributes:
        stream: whose records they are.
        settings: what of them counts.
        where: which of them.
        factor_stream: where their factors stand; None: in the same record, or there are none.
        currency: of a row; None: its records state none.
        on: its date.
        label: what people call it.
    """

    stream: StreamId
    settings: ComponentSettings
    where: pl.Expr
    factor_stream: StreamId | None
    currency: pl.Expr | None
    on: pl.Expr
    label: pl.Expr

    @classmethod
    def create(cls, settings: ComponentSettings, context: RuleContext) -> "Component":
        """A component from its settings.

        Raises:
            ValueError: a stream or field is unknown or of the wrong type, or the factors of
                another stream come without the key that pairs them.
        """
        stream = find_stream(context, settings.stream)
        find_field(context, stream, settings.field, *_NUMBERS)
        on = pl.lit(None, pl.Date)
        if settings.date is not None:
            find_field(context, stream, settings.date, FieldType.DATE, FieldType.INSTANT)
            on = pl.col(settings.date).cast(pl.Date)
        check_key(context, settings.shared_by, stream)
        numbered = context.fields[stream].get("number") is FieldType.TEXT
        return cls(
            stream=stream,
            settings=settings,
            where=condition(context, stream, settings.where),
            factor_stream=_factor_stream(settings, stream, context),
            currency=_currency(settings, stream, context),
            on=on,
            label=pl.coalesce(*(["number"] if numbered else []), "_record"),
        )

    @property
    def needs(self) -> frozenset[StreamId]:
        """Its stream, and that of its factors."""
        return frozenset((self.stream, self.factor_stream or self.stream))

    @property
    def minds(self) -> list[tuple[StreamId, frozenset[str]]]:
        """What its amounts follow from."""
        own = fields_in(self.where, self.currency, self.on).union((self.settings.field,))
        times = self.settings.times
        if times is None:
            return [(self.stream, own)]
        return [(self.stream, own), (self.factor_stream or self.stream, frozenset((times.field,)))]

    @property
    def is_screened(self) -> bool:
        """Whether one row says all there is to say of a part."""
        return self.factor_stream is None

    def signed(self, amount: pl.Expr) -> pl.Expr:
        """What it adds to its side."""
        return -amount if self.settings.sign == "-" else amount

    def parts(self, scope: Scope) -> pl.DataFrame:
        """What counts in each transaction, see `PARTS`."""
        rows = self._with_factors(scope, select_rows(scope, self.stream, self.where))
        return rows.select(
            "_transaction",
            self.label.alias("part"),
            self._amount().alias("amount"),
            (pl.lit(None) if self.currency is None else self.currency).alias("currency"),
            self._is_shared().alias("is_shared"),
            self.on.alias("on"),
            pl.max_horizontal(CHANGED, "_factor_at").alias("changed_at"),
            pl.max_horizontal(STAMPED, "_factor_stamped_at").alias("stamped_at"),
        ).cast(PARTS)

    def facts(self, prefix: str) -> dict[str, Fact]:
        """What there is to know of it before a close look.

        That is the `count` and `sum` of its rows, and the least (`LOW`) and greatest (`HIGH`)
        hash of their currencies.
        """
        amount = countable(pl.col(self.settings.field).cast(MONEY))
        times = self.settings.times
        if times is not None:
            amount = countable(product(amount, pl.col(times.field).cast(MONEY)))
        facts = {
            f"{prefix}count": Fact(self.stream, Aggregate.COUNT, where=self.where),
            f"{prefix}sum": Fact(self.stream, Aggregate.SUM, amount, self.where),
        }
        if self.currency is None:
            return facts
        code = pl.when(self.currency.is_not_null()).then(self.currency.hash())
        return {
            **facts,
            f"{prefix}{LOW}": Fact(self.stream, Aggregate.MIN, code, self.where),
            f"{prefix}{HIGH}": Fact(self.stream, Aggregate.MAX, code, self.where),
        }

    def _is_shared(self) -> pl.Expr:
        if self.settings.shared_by is None:
            return pl.lit(value=False)
        named = pl.element().str.starts_with(f"{self.settings.shared_by}:")
        return pl.col("_keys").list.filter(named).list.n_unique() > 1

    def _amount(self) -> pl.Expr:
        amount = countable(pl.col(self.settings.field).cast(MONEY))
        if self.settings.times is not None:
            amount = countable(product(amount, pl.col("_factor")))
        return self.signed(amount)

    def _with_factors(self, scope: Scope, rows: pl.DataFrame) -> pl.DataFrame:
        times = self.settings.times
        no_time = pl.lit(None, INSTANT)
        unchanged = no_time.alias("_factor_at"), no_time.alias("_factor_stamped_at")
        if times is None:
            return rows.with_columns(*unchanged)
        factor = pl.col(times.field).cast(MONEY).alias("_factor")
        if self.factor_stream is None or times.match is None:
            return rows.with_columns(factor, *unchanged)
        changed = CHANGED.alias("_factor_at"), STAMPED.alias("_factor_stamped_at")
        place = ["_transaction", "_key"]
        factors = explode_keys(scope.frames[self.factor_stream], times.match)
        keyed = explode_keys(rows, times.match).select("_transaction", "_record", "_key")
        paired = keyed.join(
            factors.select(*place, "_record", factor, *changed).unique([*place, "_record"]),
            on=place,
            suffix="_factor",
        ).unique(["_transaction", "_record", "_record_factor"])
        record = ["_transaction", "_record"]
        return rows.join(
            paired.select(*record, "_factor", "_factor_at", "_factor_stamped_at"),
            on=record,
            how="left",
        )


def _factor_stream(
    settings: ComponentSettings, stream: StreamId, context: RuleContext
) -> StreamId | None:
    times = settings.times
    if times is None:
        return None
    if times.stream is None:
        if times.match is not None:
            raise ValueError("'match' pairs a record with that of another stream: name the stream")
        find_field(context, stream, times.field, *_NUMBERS)
        return None
    other = find_stream(context, times.stream)
    find_field(context, other, times.field, *_NUMBERS)
    if times.match is None or other == stream:
        raise ValueError(f"say by which key ('match') {stream} meets its factors in {other}")
    check_key(context, times.match, stream, other)
    return other


def _currency(
    settings: ComponentSettings, stream: StreamId, context: RuleContext
) -> pl.Expr | None:
    name = settings.currency
    if name is None:
        return None
    mapped = context.mapped.get(stream, context.fields[stream])
    if "currency" in settings.model_fields_set:
        find_field(context, stream, name, FieldType.TEXT)
    elif context.fields[stream].get(name) is not FieldType.TEXT or name not in mapped:
        return None
    return currency_code(name)


class PresenceSettings(Settings):
    """A stream in which a transaction must have a record."""

    stream: StreamName
    where: Condition = {}
    """Which records count."""
