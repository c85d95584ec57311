"""Exchange rates with their dates, as the landscape states them."""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Annotated, Self

import polars as pl
from pydantic import Field, model_validator

from monitor.core.streams import Settings

CurrencyCode = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
"""A currency by its ISO 4217 code: `EUR`."""

RATE = pl.Decimal(38, 12)

RATES = pl.Schema({"base": pl.String(), "quote": pl.String(), "on": pl.Date(), "rate": RATE})
"""Rates as a frame: from `on`, until a later row of the pair, one `base` is `rate` `quote`."""


class RateSettings(Settings):
    """What one unit of a currency is worth in another one, from a date on."""

    base: CurrencyCode
    """The currency of which one unit is meant."""
    quote: CurrencyCode
    """The currency in which it is stated."""
    on: date = Field(alias="date")
    """The first day on which it counts; it does until the pair's next one."""
    rate: Decimal = Field(ge=Decimal("1e-9"), le=Decimal("1e9"), decimal_places=12)
    """Units of `quote` for one of `base`, with twelve decimal places at most."""

    @model_validator(mode="after")
    def _between_two_currencies(self) -> Self:
        if self.base == self.quote:
            raise ValueError("a rate is between two currencies")
        return self


class RatesSettings(Settings):
    """Exchange rates by which money in several currencies is compared."""

    file: str | None = None
    """CSV file with the columns base, quote, date and rate; relative to the landscape's folder."""
    table: tuple[RateSettings, ...] = ()
    """Rates that stand here; those of the file are added."""


def rate_table(rates: Iterable[RateSettings]) -> pl.DataFrame:
    """The rates as a frame, see `RATES`; sorted, so that their order in a file says nothing."""
    rows = [(each.base, each.quote, each.on, each.rate) for each in rates]
    return pl.DataFrame(rows, schema=RATES, orient="row").sort("base", "quote", "on")
