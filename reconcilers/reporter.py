"""How a rule writes its findings: who is accused, what it is worth, who holds it."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Context, Decimal
from functools import reduce
from typing import NamedTuple

from monitor.core.breaks import BreakKind, Finding, Severity
from monitor.core.flows import RuleSettings
from monitor.core.model import FieldType, StreamId, Value, encode_value
from monitor.core.plugins import RuleContext
from monitor.core.ports import Scope

EXACT = Context(prec=100)
"""Twice the 38 digits of a canonical decimal, and room: sums, differences and shares are exact."""


class Money(NamedTuple):
    """An amount and its ISO 4217 code; empty where the amount has none."""

    amount: Decimal | None
    currency: str


NO_MONEY = Money(None, "")


def as_text(value: Value) -> str | None:
    """A value as people read it; equal values give equal texts."""
    if isinstance(value, Decimal):
        text = format(value, "f") if value else "0"
        return text.rstrip("0").rstrip(".") if "." in text else text
    encoded = encode_value(value)
    return None if encoded is None else str(encoded)


def sum_money(rows: Collection[tuple[Decimal | None, str | None]]) -> Money:
    """The sum of amounts in one currency; no money where there are none or two currencies."""
    amounts = [(amount, currency or "") for amount, currency in rows if amount is not None]
    currencies = {currency for _, currency in amounts}
    if len(currencies) != 1:
        return NO_MONEY
    return Money(reduce(EXACT.add, (amount for amount, _ in amounts)), currencies.pop())


def has_money(context: RuleContext, stream: StreamId) -> bool:
    """Whether the stream's records carry the amount in which the flow states its money."""
    return context.fields[stream].get(context.value_amount) is FieldType.DECIMAL


def money_columns(context: RuleContext, stream: StreamId) -> list[str]:
    """The amount's column, and the currency's where the stream has one."""
    currency = context.value_currency
    has_currency = context.fields[stream].get(currency) is FieldType.TEXT
    return [context.value_amount, *([currency] if has_currency else [])]


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

    def value_transactions(self, scope: Scope, names: Collection[str]) -> Mapping[str, Money]:
        """What these transactions are worth, by the records in which the flow states it.

        Several such records are summed; nothing is known where their currencies differ. The last
        known state serves even while its source is blind: the money says how urgent a break is,
        not whether it is one.
        """
        stream = self.context.value_stream or self.context.root
        frame = scope.frames.get(stream)
        amounts: defaultdict[str, list[tuple[Decimal | None, str | None]]]
        amounts = defaultdict(list)
        if frame is not None and names and has_money(self.context, stream):
            rows = frame.filter(frame["_transaction"].is_in(list(names)))
            columns = money_columns(self.context, stream)
            for name, _, amount, *currency in (
                rows.unique(["_transaction", "_record"])
                .select("_transaction", "_record", *columns)
                .iter_rows()
            ):
                amounts[name].append((amount, currency[0] if currency else None))
        return defaultdict(lambda: NO_MONEY, {name: sum_money(amounts[name]) for name in amounts})

    def report(
        self,
        kind: BreakKind,
        transaction: str,
        money: Money,
        *,
        field: str = "",
        record_id: str = "",
        expected: str | None = None,
        actual: str | None = None,
        since: datetime | None = None,
    ) -> Finding:
        """One finding."""
        return Finding(
            flow=self.context.flow,
            transaction=transaction,
            rule=self.rule,
            kind=kind,
            severity=self.severity,
            hop=self.hop,
            system=self.stream.system,
            stream=self.stream.stream,
            entity=self.context.entities[self.stream],
            field=field,
            record_id=record_id,
            expected=expected,
            actual=actual,
            value_at_risk=money.amount,
            currency=money.currency,
            owner=self.owner,
            since=since,
        )
