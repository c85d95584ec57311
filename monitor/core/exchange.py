"""Single amounts in another currency, by the landscape's rates; `rates` has the same as a frame."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from operator import itemgetter

from monitor.core.rates import RateSettings

Quotes = Mapping[tuple[str, str], tuple[tuple[date, Decimal], ...]]
"""By base and quote, what one unit of the base is worth from each date on, in order."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """Rates with their dates. A pair stated in one direction only serves both."""

    quotes: Quotes = field(default_factory=dict)

    @classmethod
    def of(cls, rates: Iterable[RateSettings]) -> "Exchange":
        """The rates as they are looked up."""
        quotes: dict[tuple[str, str], list[tuple[date, Decimal]]] = defaultdict(list)
        for each in rates:
            quotes[each.base, each.quote].append((each.on, each.rate))
        return cls({pair: tuple(sorted(dated)) for pair, dated in quotes.items()})

    def convert(self, amount: Decimal, currency: str, target: str, on: date) -> Decimal | None:
        """The amount in the target currency; None where no rate is known on that day.

        An amount without a currency is taken to be in the one that is asked for.
        """
        if currency in ("", target):
            return amount
        if (rate := self._rate(currency, target, on)) is not None:
            return amount * rate
        if (rate := self._rate(target, currency, on)) is not None:
            return amount / rate
        return None

    def total(self, money: Mapping[str, Decimal], target: str, on: date) -> Decimal:
        """The sum of what can be converted."""
        values = (self.convert(amount, code, target, on) for code, amount in money.items())
        return sum((value for value in values if value is not None), Decimal(0))

    def reached(
        self, thresholds: Mapping[str, Decimal], money: Mapping[str, Decimal], on: date
    ) -> str | None:
        """The currency whose threshold the money reaches, all of it converted; None: none is."""
        for currency, least in thresholds.items():
            if money and self.total(money, currency, on) >= least:
                return currency
        return None

    def _rate(self, base: str, quote: str, on: date) -> Decimal | None:
        dated = self.quotes.get((base, quote), ())
        place = bisect_right(dated, on, key=itemgetter(0))
        return dated[place - 1][1] if place else None
