"""Control totals by stream: what was there, where it went, and one hash over all of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256

import polars as pl

from monitor.core.model import StreamId
from monitor.core.ports import MONEY
from monitor.evidence_pack.population import AMOUNT, CURRENCY

_MODULUS = 2**256

_MONEY_TEXT = pl.Struct({AMOUNT: pl.String(), CURRENCY: pl.String()})


@dataclass(slots=True)
class StreamTotal:
    """What a stream held at an instant, as far as tieout had seen it.

    Attributes:
        present: records that were there.
        deleted: records that had been there, and were gone.
        linked: of those present, how many belong to a deal of the population.
        shared: of those linked, how many belong to several deals: their money counts in each.
        money: stated by the records present, by currency.
        unlinked: the same of those that belong to no deal.
        digest: sum of the SHA-256 of every record present, modulo 2**256: the same whatever the
            order in which they are read.
    """

    present: int = 0
    deleted: int = 0
    linked: int = 0
    shared: int = 0
    money: dict[str, Decimal] = field(default_factory=dict)
    unlinked: dict[str, Decimal] = field(default_factory=dict)
    digest: int = 0

    @property
    def hash(self) -> str:
        """The digest as 64 hex digits."""
        return f"{self.digest:064x}"


def add_totals(
    totals: Mapping[StreamId, StreamTotal],
    states: pl.DataFrame,
    links: pl.DataFrame,
    with_money: Collection[StreamId],
) -> None:
    """Add some records to the totals.

    Args:
        totals: of every stream that matters; they grow.
        states: records as `monitor.as_of.Shard.state` tells them.
        links: which deals they belong to, from there too.
        with_money: streams whose records state money.
    """
    places = links.group_by("record").agg(deals=pl.col("transaction").n_unique())
    placed = states.join(places, on="record", how="left").with_columns(pl.col("deals").fill_null(0))
    parts = placed.partition_by("stream", as_dict=True)
    for stream, total in totals.items():
        own = parts.get((str(stream),), placed.clear())
        there = own.filter(~pl.col("deleted"))
        total.deleted += own.height - there.height
        total.present += there.height
        total.linked += there.filter(pl.col("deals") > 0).height
        total.shared += there.filter(pl.col("deals") > 1).height
        total.digest = (total.digest + _sum_of_hashes(there)) % _MODULUS
        if stream in with_money:
            _add_money(total, there)


def _sum_of_hashes(records: pl.DataFrame) -> int:
    said = pl.concat_str("native_id", "fields", "key_uses", separator="\x1f")
    texts = records.select(said).to_series().to_list()
    return sum([int.from_bytes(sha256(text.encode()).digest()) for text in texts])


def _add_money(total: StreamTotal, records: pl.DataFrame) -> None:
    said = pl.col("fields").str.json_decode(_MONEY_TEXT).struct
    stated = (
        records.select(
            amount=said.field(AMOUNT).cast(MONEY, strict=False),
            currency=said.field(CURRENCY).fill_null(""),
            unlinked=pl.col("deals") == 0,
        )
        .drop_nulls("amount")
        .group_by("currency", "unlinked")
        .agg(pl.col("amount").sum())
    )
    for currency, is_unlinked, amount in stated.select(
        "currency", "unlinked", "amount"
    ).iter_rows():
        for sums in (total.money, total.unlinked) if is_unlinked else (total.money,):
            sums[currency] = sums.get(currency, Decimal(0)) + amount
