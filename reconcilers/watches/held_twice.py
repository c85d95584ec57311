"""What every watch does that looks for things held twice: match, ask, group, accuse."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

import polars as pl
from pydantic import Field, model_validator

from monitor.core.breaks import BreakKind, Finding
from monitor.core.flows import StreamName
from monitor.core.model import FieldType, StreamId
from monitor.core.plugins import WatchContext
from monitor.core.ports import INSTANT, Verdict
from monitor.core.watches import Opinion, Survey, WatchSettings
from reconcilers.matching.clusters import name_clusters
from reconcilers.matching.comparing import PARTS
from reconcilers.matching.match import Matched, Thresholds, candidates, group, keep_matched
from reconcilers.names import find_field, find_stream
from reconcilers.watches.accusation import Accuser, verdict_of

BORN: Final = "created_at"
"""The field that tells how old a record is."""

TYPES: Final = {"start": (FieldType.DATE, FieldType.INSTANT, FieldType.TEXT)}
"""What may be compared beside texts."""


class HeldTwiceSettings(WatchSettings):
    """What every watch declares that looks for things held twice."""

    streams: tuple[StreamName, ...] = Field(min_length=1)
    """Whose records are compared."""
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


def build_watch(
    name: str, settings: HeldTwiceSettings, compared: Mapping[str, str], context: WatchContext
) -> "HeldTwice":
    """A watch from its settings.

    Args:
        name: as the landscape calls it.
        settings: as configured.
        compared: the field of the records by what it tells, as `normalise.TEXTS` names it.
        context: the estate's streams.

    Raises:
        ValueError: a stream or a field is unknown, or a field is of a type that is not compared.
    """
    streams = tuple(find_stream(context.estate, each) for each in settings.streams)
    for stream in streams:
        for part, its_field in compared.items():
            find_field(context.estate, stream, its_field, *TYPES.get(part, (FieldType.TEXT,)))
    dated = (each for each in streams if context.estate.fields[each].get(BORN) is FieldType.INSTANT)
    return HeldTwice(
        name=name,
        streams=streams,
        dated=frozenset(dated),
        compared=compared,
        settings=settings,
        accuser=Accuser(name, settings, context.estate, BreakKind.DUPLICATE),
    )


@dataclass(frozen=True, slots=True)
class HeldTwice:
    """The check that nothing is held twice; one finding for each record too many.

    Attributes:
        name: as the landscape calls it.
        streams: whose records are compared.
        dated: streams whose records can tell how old they are.
        compared: the field of the records by what it tells.
        settings: as configured.
        accuser: writes the findings.
        known: what the last look worked out, by the streams of a pool: only what has changed since
            then is compared. Nothing but time is lost without it.
    """

    name: str
    streams: tuple[StreamId, ...]
    dated: frozenset[StreamId]
    compared: Mapping[str, str]
    settings: HeldTwiceSettings
    accuser: Accuser
    known: dict[tuple[StreamId, ...], Matched] = field(
        default_factory=dict, repr=False, compare=False
    )

    @property
    def needs(self) -> frozenset[StreamId]:
        """The streams that are compared."""
        return frozenset(self.streams)

    @property
    def reads(self) -> Mapping[StreamId, frozenset[str]]:
        """What is compared, and what tells how old a record is."""
        compared = frozenset(self.compared.values())
        return {
            stream: compared | {BORN} if stream in self.dated else compared
            for stream in self.streams
        }

    def evaluate(self, survey: Survey) -> Verdict:
        """One finding for each record that a group's oldest makes one too many."""
        return verdict_of(found for pool in self._pools() for found in self._findings(pool, survey))

    def candidates(self, survey: Survey) -> pl.DataFrame:
        """Pairs that a person should decide: `left`, `right`, evidence, the likeliest first."""
        return pl.concat(
            candidates(self._pairs(pool, survey), survey.decisions, self._thresholds)
            for pool in self._pools()
        ).sort("weight", "left", "right", descending=[True, False, False])

    @property
    def _thresholds(self) -> Thresholds:
        return Thresholds(self.settings.match_at, self.settings.ask_at)

    def _pools(self) -> list[tuple[StreamId, ...]]:
        """The streams whose records are compared with one another."""
        return [self.streams] if self.settings.across else [(each,) for each in self.streams]

    def _pairs(self, pool: tuple[StreamId, ...], survey: Survey) -> pl.DataFrame:
        records = pl.concat(
            survey.frames[stream].select(
                _id_of(stream), *(pl.col(name).alias(part) for part, name in self.compared.items())
            )
            for stream in pool
        )
        matched = keep_matched(self.known.get(pool), records, self._thresholds)
        self.known[pool] = matched
        return matched.pairs

    def _findings(self, pool: tuple[StreamId, ...], survey: Survey) -> Iterator[Finding]:
        pairs = self._pairs(pool, survey)
        decided = survey.decisions.filter(_is_in(pool, "left"), _is_in(pool, "right"))
        telling = _telling(pairs, decided, survey.clusters, self._thresholds)
        groups = group(telling, decided, self._thresholds)
        ages = self._ages(pool, survey, groups)
        names = name_clusters(groups, survey.clusters, ages)
        reasons = _reasons(telling)
        for members in groups:
            for stream in pool:
                ours = [each for each in members if each.startswith(f"{stream}/")]
                if len(ours) < 2:  # noqa: PLR2004 - nothing is held twice
                    continue
                oldest = min(ours, key=lambda each: (ages.get(each, each), each))
                kept = names[oldest] if names[oldest] in ours else oldest
                for each in ours:
                    if each != kept:
                        yield self._accuse(stream, names[each], kept, each, reasons)

    def _ages(
        self, pool: tuple[StreamId, ...], survey: Survey, groups: list[list[str]]
    ) -> dict[str, str]:
        """By grouped record that knows it, when it was made, as text that sorts."""
        grouped = pl.Series([each for members in groups for each in members], dtype=pl.String)
        ages: dict[str, str] = {}
        for stream in pool:
            if stream in self.dated:
                born = survey.frames[stream].select(_id_of(stream), pl.col(BORN).cast(INSTANT))
                known = born.filter(
                    pl.col(BORN).is_not_null(), pl.col("id").is_in(grouped.implode())
                )
                text = pl.col(BORN).dt.to_string("%Y-%m-%dT%H:%M:%S%.6f")
                ages |= dict(known.select("id", text).iter_rows())
        return ages

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
            field=self.compared["name"],
        )


def _id_of(stream: StreamId) -> pl.Expr:
    return pl.concat_str(pl.lit(f"{stream}/"), "_record").alias("id")


def _is_in(pool: Sequence[StreamId], name: str) -> pl.Expr:
    return pl.any_horizontal(pl.col(name).str.starts_with(f"{stream}/") for stream in pool)


def _telling(
    pairs: pl.DataFrame,
    decisions: pl.DataFrame,
    clusters: Mapping[str, str],
    thresholds: Thresholds,
) -> pl.DataFrame:
    """The sure pairs without those that tell of nothing: a record and its copy elsewhere.

    Most customers of an ERP come from the CRM. Such a pair stays only where one of the two has to
    do with another record, with what a person said, or with what was told of before.
    """
    sure = pairs.filter(pl.col("weight") >= thresholds.match)
    links = pl.concat([sure["left"], sure["right"]]).value_counts(name="links")
    linked = links.filter(pl.col("links") > 1).to_series()
    same = decisions.filter(pl.col("opinion") == Opinion.SAME.value)
    told = pl.Series(list(clusters), dtype=pl.String)
    busy = pl.concat([linked, same["left"], same["right"], told.alias(linked.name)]).implode()
    system = r"^[^/]*/"
    return sure.filter(
        (pl.col("left").str.extract(f"({system})") == pl.col("right").str.extract(f"({system})"))
        | pl.col("left").is_in(busy)
        | pl.col("right").is_in(busy)
    )


def _reasons(pairs: pl.DataFrame) -> dict[str, str]:
    """By record, its strongest pair and in what both agree; no figures, which drift."""
    told: dict[str, str] = {}
    for row in pairs.sort("weight", "left", "right", descending=[True, False, False]).to_dicts():
        said = _comparison(row)
        told.setdefault(row["right"], f"agrees with {row['left']} {said}")
        told.setdefault(row["left"], f"agrees with {row['right']} {said}")
    return told


def _comparison(pair: Mapping[str, float]) -> str:
    agreed = ", ".join(part for part in PARTS if pair[part] > 1)
    differing = ", ".join(part for part in PARTS if pair[part] < -1)
    return f"in {agreed}" + (f", differs in {differing}" if differing else "")
