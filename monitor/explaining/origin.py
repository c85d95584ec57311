"""Since when a break stands: the history of its deal, asked again by the same rule.

The rule is asked at every instant at which some record of the deal changed, by the systems' own
stamps, and at every deadline that it named. Where the answer turns from "fine" to the break, the
records that changed at that very instant are what introduced it; where none did, time passed.
"""

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import msgspec
import polars as pl

from monitor.as_of import PastSight, Shard, open_shards
from monitor.core.breaks import Finding
from monitor.core.model import StreamId
from monitor.core.ports import Rule
from monitor.estate import Estate, Flow
from monitor.store.columns import from_microseconds
from monitor.store.database import Database
from monitor.store.looks import load_look_spans

MOST_INSTANTS = 300
"""Instants of one deal's history that are looked at; the latest ones."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PLACE = ("flow", "transaction", "rule", "system", "stream", "field", "record_id")
"""What makes two findings the same break."""


class Cause(StrEnum):
    """What turned a deal that was fine into one with this break."""

    RECORD_CHANGED = "record_changed"
    RECORD_APPEARED = "record_appeared"
    RECORD_DELETED = "record_deleted"
    TIME_PASSED = "time_passed"
    BEFORE_HISTORY = "before_history"
    NOT_REPEATED = "not_repeated"


@dataclass(frozen=True, slots=True)
class Change:
    """A version of a record that began when the break did.

    Attributes:
        stream: where the record is.
        native_id: the system's own identifier.
        before: canonical fields of the version before, as stored; None where none is known.
        after: those of the version that began; None where the record was deleted.
        seen_at: when tieout saw it, by our clock.
    """

    stream: StreamId
    native_id: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    seen_at: datetime

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of the fields that changed; empty where there are not two versions."""
        if self.before is None or self.after is None:
            return ()
        names = sorted(self.before.keys() | self.after.keys())
        return tuple(name for name in names if self.before.get(name) != self.after.get(name))


@dataclass(frozen=True, slots=True)
class Origin:
    """Since when a break stands, and what introduced it.

    Attributes:
        cause: of what sort.
        since: the instant, by the systems' own stamps; None where it cannot be told. Where the
            cause lies before what was seen, it may have been even earlier.
        changes: versions that began at that instant.
    """

    cause: Cause
    since: datetime | None
    changes: Sequence[Change] = ()


def find_origin(
    finding: Finding, flow: Flow, estate: Estate, database: Database, now: datetime
) -> Origin:
    """Since when the break stands, as the stored history of its deal has it.

    Raises:
        Transient, Permanent: the store failed.
    """
    rule = next((each for each in flow.rules if each.name == finding.rule), None)
    if rule is None:
        return Origin(Cause.NOT_REPEATED, finding.since)
    shards = open_shards(flow, estate, database, _EPOCH, now, [finding.transaction])
    (shard,) = shards
    began_at = _began_at(finding, rule, shard, estate, now)
    if began_at is None:
        return Origin(Cause.NOT_REPEATED, finding.since)
    changes = tuple(
        each for each in changes_at(shard.versions, began_at) if each.stream in rule.needs
    )
    if _is_older(changes, began_at, _watched_from(database)):
        since = began_at if finding.since is None else min(began_at, finding.since)
        return Origin(Cause.BEFORE_HISTORY, since, changes)
    return Origin(_cause(changes), began_at, changes)


def _began_at(
    finding: Finding, rule: Rule, shard: Shard, estate: Estate, now: datetime
) -> datetime | None:
    """When the last unbroken run of the finding began."""
    began_at: datetime | None = None
    stands = False
    for at, is_found in _answers(finding, rule, shard, estate, now):
        if is_found and not stands:
            began_at = at
        stands = is_found
    return began_at


def _watched_from(database: Database) -> dict[StreamId, datetime]:
    """By stream, the server time from which on every change was seen."""
    with database.read() as connection:
        return {stream: spans[0].seen_from for stream, spans in load_look_spans(connection).items()}


def _is_older(
    changes: Sequence[Change], at: datetime, watched_from: Mapping[StreamId, datetime]
) -> bool:
    """Whether all that began then may have been so before, in versions that nobody saw."""
    return bool(changes) and all(
        each.before is None
        and each.after is not None
        and at < watched_from.get(each.stream, at)
        and not _was_created(each.after, at)
        for each in changes
    )


def _was_created(fields: Mapping[str, Any], at: datetime) -> bool:
    created = fields.get("created_at")
    return isinstance(created, str) and datetime.fromisoformat(created) >= at


def _answers(
    finding: Finding, rule: Rule, shard: Shard, estate: Estate, now: datetime
) -> Iterator[tuple[datetime, bool]]:
    """At each instant at which something changed or fell due, whether the rule finds it."""
    waiting = _instants(shard.versions, now)
    heapq.heapify(waiting)
    place = [pl.col(name) == getattr(finding, name) for name in _PLACE]
    last: datetime | None = None
    asked = 0
    while waiting and asked < 2 * MOST_INSTANTS:
        at = heapq.heappop(waiting)
        if at == last:
            continue
        last, asked = at, asked + 1
        # Whether somebody looked then is of no matter here: the stamps say what was so.
        sight = PastSight(dict.fromkeys(estate.sources, at), {}, {})
        verdict = rule.evaluate(shard.scope(at, sight))
        due = verdict.awaited.filter(
            pl.col("transaction") == finding.transaction, pl.col("at") > at, pl.col("at") <= now
        )
        for deadline in due["at"].to_list():
            heapq.heappush(waiting, deadline)
        yield at, not verdict.found.filter(place).is_empty()


def _instants(versions: pl.DataFrame, now: datetime) -> list[datetime]:
    moments = versions["held_from"].drop_nulls().unique().sort().tail(MOST_INSTANTS)
    return [at for moment in moments if (at := from_microseconds(moment)) <= now]


def changes_at(versions: pl.DataFrame, at: datetime) -> tuple[Change, ...]:
    """The versions that began at an instant, each with the one before it.

    Args:
        versions: placed in time, as `place_in_time` leaves them.
        at: the instant.
    """
    before = [pl.col(name).shift(1).over("record") for name in ("fields", "deleted")]
    began = versions.with_columns(
        before[0].alias("fields_before"), before[1].alias("deleted_before")
    ).filter(pl.col("held_from").cast(pl.Datetime("us", "UTC")) == at)
    return tuple(
        Change(
            stream=StreamId.parse(row["stream"]),
            native_id=row["native_id"],
            before=_decode(row["fields_before"], is_gone=row["deleted_before"]),
            after=_decode(row["fields"], is_gone=row["deleted"]),
            seen_at=from_microseconds(row["observed_at"]),
        )
        for row in began.sort("stream", "native_id", "sequence").iter_rows(named=True)
        if not (row["deleted"] and row["deleted_before"])
    )


def _decode(fields: str | None, *, is_gone: bool | None) -> Mapping[str, Any] | None:
    decoded: Mapping[str, Any] | None = None
    if fields is not None and not is_gone:
        decoded = msgspec.json.decode(fields)
    return decoded


def _cause(changes: Sequence[Change]) -> Cause:
    if any(each.after is None for each in changes):
        return Cause.RECORD_DELETED
    if any(each.before is not None for each in changes):
        return Cause.RECORD_CHANGED
    return Cause.RECORD_APPEARED if changes else Cause.TIME_PASSED
