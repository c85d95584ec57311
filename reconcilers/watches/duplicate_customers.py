"""Duplicate customers: records of one stream that mean the same customer, project or person.

Names are compared without case, accents, legal forms and the order of their words; addresses,
tax numbers, domains and phone numbers speak for and against. What agreement is worth follows from
how rare the value is in this estate, so that the check is as sure among a million customers as
among a thousand. Where the evidence is not enough, the pair is a candidate: `tieout candidates`
lists those, and what `tieout decide` says of a pair is honoured from then on.

A group is named after its oldest record by `created_at`, where that is mapped, and keeps its name
for as long as it can be known again.

With `across`, the records of all streams are compared with one another: two records of the ERP
that do not look alike can both be the one account of the CRM.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, Self

import polars as pl
from pydantic import Field, model_validator

from monitor.core.breaks import BreakKind, Finding
from monitor.core.flows import StreamName
from monitor.core.model import FieldType, StreamId
from monitor.core.plugins import WatchContext
from monitor.core.ports import INSTANT, Verdict
from monitor.core.streams import Settings
from monitor.core.watches import Survey, WatchSettings
from reconcilers.matching.clusters import name_clusters
from reconcilers.matching.comparing import PARTS
from reconcilers.matching.match import Thresholds, candidates, group, match
from reconcilers.matching.normalise import TEXTS
from reconcilers.names import find_field, find_stream
from reconcilers.watches.accusation import Accuser, verdict_of

EXAMPLE = """\
same_customer:
  check: duplicate_customers
  streams: [erp.customer]
  compare: {name: name, tax: tax_number, domain: domain, phone: phone}
"""


BORN: Final = "created_at"
"""The field that tells how old a record is."""


class ComparedFields(Settings):
    """Which field of the records tells what; empty: none does."""

    name: str
    street: str = ""
    city: str = ""
    postcode: str = ""
    tax: str = ""
    domain: str = ""
    phone: str = ""

    @property
    def given(self) -> dict[str, str]:
        """Field by what it tells."""
        return {part: getattr(self, part) for part in TEXTS if getattr(self, part)}


class DuplicateCustomersSettings(WatchSettings):
    """Every customer is held once."""

    check: Literal["duplicate_customers"]
    streams: tuple[StreamName, ...] = Field(min_length=1)
    """Whose records are compared."""
    compare: ComparedFields
    """By which fields, of every stream alike."""
    across: bool = False
    """Whether records of different streams are compared too."""
    match_at: float = 0.0
    """Evidence in bits from which two records are one without asking; 0 is as likely as not."""
    ask_at: float = -6.0
    """Evidence in bits from which a person is asked."""

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.ask_at > self.match_at:
            raise ValueError("'ask_at' must not lie above 'match_at'")
        return self


def build(
    name: str, settings: DuplicateCustomersSettings, context: WatchContext
) -> "DuplicateCustomers":
    """A watch from its settings.

    Raises:
        ValueError: a stream or a field is unknown, or a field is no text.
    """
    streams = tuple(find_stream(context.estate, each) for each in settings.streams)
    for stream in streams:
        for field in settings.compare.given.values():
            find_field(context.estate, stream, field, FieldType.TEXT)
    dated = (each for each in streams if context.estate.fields[each].get(BORN) is FieldType.INSTANT)
    return DuplicateCustomers(
        name=name,
        streams=streams,
        dated=frozenset(dated),
        settings=settings,
        accuser=Accuser(name, settings, context.estate, BreakKind.DUPLICATE),
    )


@dataclass(frozen=True, slots=True)
class DuplicateCustomers:
    """The check that no customer is held twice; one finding for each record too many.

    Attributes:
        name: as the landscape calls it.
        streams: whose records are compared.
        dated: streams whose records can tell how old they are.
        settings: as configured.
        accuser: writes the findings.
    """

    name: str
    streams: tuple[StreamId, ...]
    dated: frozenset[StreamId]
    settings: DuplicateCustomersSettings
    accuser: Accuser

    @property
    def needs(self) -> frozenset[StreamId]:
        """The streams that are compared."""
        return frozenset(self.streams)

    @property
    def reads(self) -> Mapping[StreamId, frozenset[str]]:
        """What is compared, and what tells how old a record is."""
        compared = frozenset(self.settings.compare.given.values())
        return {
            stream: compared | {BORN} if stream in self.dated else compared
            for stream in self.streams
        }

    def evaluate(self, survey: Survey) -> Verdict:
        """One finding for each record that a group's oldest makes one too many."""
        return verdict_of(
            found for pool in self._pools(survey) for found in self._findings(pool, survey)
        )

    def candidates(self, survey: Survey) -> pl.DataFrame:
        """Pairs that a person should decide: `left`, `right`, evidence, the likeliest first."""
        return pl.concat(
            candidates(self._pairs(pool), survey.decisions, self._thresholds)
            for pool in self._pools(survey)
        ).sort("weight", "left", "right", descending=[True, False, False])

    @property
    def _thresholds(self) -> Thresholds:
        return Thresholds(self.settings.match_at, self.settings.ask_at)

    def _pools(self, survey: Survey) -> list[pl.DataFrame]:
        fields = self.settings.compare.given.items()
        pools = [
            survey.frames[stream].select(
                pl.concat_str(pl.lit(f"{stream}/"), "_record").alias("id"),
                (pl.col(BORN) if stream in self.dated else pl.lit(None, INSTANT)).alias("born"),
                *(pl.col(field).alias(part) for part, field in fields),
            )
            for stream in self.streams
        ]
        return [pl.concat(pools)] if self.settings.across else pools

    def _pairs(self, pool: pl.DataFrame) -> pl.DataFrame:
        return match(pool, self._thresholds).pairs

    def _findings(self, pool: pl.DataFrame, survey: Survey) -> Iterator[Finding]:
        pairs = self._pairs(pool)
        ids = set(pool["id"])
        here = survey.decisions.filter(pl.col("left").is_in(ids), pl.col("right").is_in(ids))
        groups = group(pairs, here, self._thresholds)
        ages = _ages(pool, groups)
        names = name_clusters(groups, survey.clusters, ages)
        reasons = _reasons(pairs)
        for members in groups:
            for stream in self.streams:
                ours = [each for each in members if each.startswith(f"{stream}/")]
                if not ours:
                    continue
                oldest = min(ours, key=lambda each: (ages.get(each, each), each))
                kept = names[oldest] if names[oldest] in ours else oldest
                for each in ours:
                    if each != kept:
                        yield self._accuse(stream, names[each], kept, each, reasons)

    def _accuse(
        self, stream: StreamId, cluster: str, kept: str, record: str, reasons: dict[str, str]
    ) -> Finding:
        prefix = f"{stream}/"
        return self.accuser.accuse_record(
            stream,
            transaction=f"same:{cluster}",
            record_id=record.removeprefix(prefix),
            expected=f"one record, {kept.removeprefix(prefix)}",
            actual=reasons.get(record, "a person decided that they are the same"),
        )


def _ages(pool: pl.DataFrame, groups: list[list[str]]) -> dict[str, str]:
    """By grouped record that knows it, when it was made, as text that sorts."""
    grouped = pl.Series([each for members in groups for each in members], dtype=pl.String)
    known = pool.filter(pl.col("born").is_not_null(), pl.col("id").is_in(grouped.implode()))
    return dict(
        known.select("id", pl.col("born").dt.to_string("%Y-%m-%dT%H:%M:%S%.6f")).iter_rows()
    )


def _reasons(pairs: pl.DataFrame) -> dict[str, str]:
    """By record, its strongest pair and in what both agree; no figures, which drift."""
    told: dict[str, str] = {}
    for row in pairs.sort("weight", "left", "right", descending=[True, False, False]).to_dicts():
        agreed = ", ".join(part for part in PARTS if row[part] > 1)
        told.setdefault(row["right"], f"agrees with {row['left']} in {agreed}")
        told.setdefault(row["left"], f"agrees with {row['right']} in {agreed}")
    return told
