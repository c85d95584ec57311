"""Any rule over the state at a past instant, reproducibly, a part of the store at a time.

The rules are the daemon's own: pure functions that are told that instant as their present. The
same instant, known by the same moment, gives the same answer however often it is asked.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import polars as pl

from monitor.core.entities import EntityFields
from monitor.core.model import StreamId
from monitor.core.ports import FINDINGS, Rule, Scope
from monitor.estate import Estate, Flow, Source
from monitor.past_doubt import find_doubts, without_doubtful
from monitor.store.at_rest import (
    count_records,
    find_stirred,
    read_at_rest,
    read_unlinked,
    transactions_of,
)
from monitor.store.database import Connection, Database
from monitor.store.looks import LookSpan, load_look_spans
from monitor.store.past import (
    AsOf,
    frames_of,
    load_versions,
    place_in_time,
    place_single,
    state_at,
    uses_of,
)
from monitor.store.past_neighbourhood import (
    all_batches,
    load_moved,
    members_of,
    own_neighbourhoods,
    reach,
)
from monitor.store.quarantine import SetAside, was_in_quarantine
from monitor.store.settings import load_setting
from reconcilers.correlate import correlate

BATCH = 2_000
"""Transactions that are looked at together; bounds memory."""

WIDER_AT_REST = 3
"""So many times as many fit into the same memory where nothing has to be explored."""

SHARE_STIRRED = 4
"""Where more than one in so many records moved, exploring everything is the shorter way."""

_NUMBERS = pl.Series(dtype=pl.Int64)
_NO_LINKS = pl.DataFrame(schema={"transaction": pl.String, "record": pl.Int64})


class PastBlindness(StrEnum):
    """Why nothing can be said of a stream at a past instant."""

    NEVER_LOOKED = "never_looked"
    BEFORE_FIRST_LOOK = "before_first_look"
    NOT_LOOKED_THEN = "not_looked_then"


@dataclass(frozen=True, slots=True)
class PastSight:
    """What can be seen of a past instant.

    Attributes:
        looked_until: by stream that was looked at then, up to when absence is believed.
        blind: by every other stream, why.
        set_aside: by stream, rows that nobody could read then.
    """

    looked_until: Mapping[StreamId, datetime]
    blind: Mapping[StreamId, PastBlindness]
    set_aside: Mapping[StreamId, Sequence[SetAside]]

    def rules(self, flow: Flow) -> tuple[Rule, ...]:
        """The rules that can be asked; of the others the answer is unknown."""
        return tuple(rule for rule in flow.rules if rule.needs <= self.looked_until.keys())


def see_as_of(estate: Estate, database: Database, as_of: AsOf) -> PastSight:
    """Tell which streams were looked at around an instant.

    Raises:
        ValueError: the instant lies after the moment by which it should be known.
        Transient, Permanent: the store failed.
    """
    if as_of.at > as_of.known:
        raise ValueError("what was not yet known then cannot be told: the instant lies ahead")
    with database.read() as connection:
        spans = load_look_spans(connection)
        unread = was_in_quarantine(connection, as_of.at, as_of.known)
    seen = {
        stream: seen_at(spans.get(stream, ()), source, as_of)
        for stream, source in estate.sources.items()
    }
    return PastSight(
        {stream: until for stream, until in seen.items() if isinstance(until, datetime)},
        {stream: why for stream, why in seen.items() if isinstance(why, PastBlindness)},
        _by_stream(estate, unread, as_of.at),
    )


def _by_stream(
    estate: Estate, unread: Sequence[SetAside], at: datetime
) -> dict[StreamId, list[SetAside]]:
    """Rows that were there at an instant, though a look may have met them a little later."""
    found: defaultdict[StreamId, list[SetAside]] = defaultdict(list)
    for row in unread:
        source = estate.sources.get(row.stream)
        if source is not None and row.first_seen_at <= at + source.settings.stale_after:
            found[row.stream].append(row)
    return dict(found)


def seen_at(spans: Collection[LookSpan], source: Source, as_of: AsOf) -> datetime | PastBlindness:
    """Up to when a stream had been looked at, of what lies before an instant; else why not.

    A record that was never seen again before an instant may have changed in a gap, so a gap is
    blind although the source was read again later.
    """
    begun = [span for span in spans if span.seen_from <= as_of.known]
    if not begun:
        return PastBlindness.NEVER_LOOKED
    before = [span for span in begun if span.seen_from <= as_of.at]
    if not before:
        return PastBlindness.BEFORE_FIRST_LOOK
    patience = source.settings.stale_after
    until = _known_end(before[-1], patience, as_of.known)
    if as_of.at - until > patience:
        return PastBlindness.NOT_LOOKED_THEN
    return min(as_of.at, source.believed_until(until))


def _known_end(span: LookSpan, patience: timedelta, known: datetime) -> datetime:
    """The end of a stretch by what was known then, or somewhat before it.

    Looks within a stretch are at most `patience` apart, and so is the end of one from its window.
    """
    return span.seen_until if span.noted_at <= known else min(span.seen_until, known - 2 * patience)


def assess_as_of(
    flow: Flow,
    estate: Estate,
    database: Database,
    as_of: AsOf,
    keys: Collection[str] | None = None,
) -> Iterator[pl.DataFrame]:
    """What the rules find at a past instant, a part of the store at a time.

    Rules for which a stream was blind are not asked; `see_as_of` tells which.

    Args:
        flow: whose rules are asked.
        estate: for its sources.
        database: the store; nothing is written.
        as_of: the instant, and by when it should be known.
        keys: only these transactions; all where None.

    Yields:
        Findings as `FINDINGS`, never empty.

    Raises:
        ValueError: the instant lies after the moment by which it should be known.
        Transient, Permanent: the store failed.
    """
    sight = see_as_of(estate, database, as_of)
    for shard in open_shards(flow, estate, database, as_of.at, as_of.known, keys):
        found = shard.findings(as_of.at, sight)
        if found.height:
            yield found


@dataclass(frozen=True, slots=True)
class Shard:
    """The history of some whole neighbourhoods of transactions.

    Attributes:
        flow: whose transactions they are.
        versions: placed in time.
        fields: canonical fields of the streams that matter.
        keys: only what is found in these counts; everything where None.
        links: which transactions the records have been of all the time; None where they have to be
            correlated.
    """

    flow: Flow
    versions: pl.DataFrame
    fields: Mapping[StreamId, EntityFields]
    keys: frozenset[str] | None
    links: pl.DataFrame | None = None

    def scope(self, at: datetime, sight: PastSight) -> Scope:
        """What the rules look at, as it was at an instant."""
        return self.scope_of(*self.state(at), at, sight)

    def state(self, at: datetime) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The records at an instant, deleted ones included, and which transactions they are of."""
        states = state_at(self.versions, at)
        if self.links is not None:
            return states, self.links
        uses = uses_of(states, self.flow.kinds)
        links = correlate(uses, self.flow.root, self.flow.key, self.flow.kinds)
        if self.keys is not None:
            links = links.filter(pl.col("transaction").is_in(list(self.keys)))
        return states, links

    def scope_of(
        self, states: pl.DataFrame, links: pl.DataFrame, at: datetime, sight: PastSight
    ) -> Scope:
        """What the rules look at, of a state that was told by `state`."""
        return Scope(self.flow.name, frames_of(states, links, self.fields), sight.looked_until, at)

    def findings(self, at: datetime, sight: PastSight) -> pl.DataFrame:
        """What the rules find at an instant."""
        return self.judge(self.scope(at, sight), sight)

    def judge(self, scope: Scope, sight: PastSight) -> pl.DataFrame:
        """What the rules find in one of its scopes, but for what unreadable rows leave in doubt."""
        found = [rule.evaluate(scope).found for rule in sight.rules(self.flow)]
        doubts = find_doubts(scope, sight.set_aside)
        return without_doubtful(
            pl.concat([pl.DataFrame(schema=FINDINGS), *found]), doubts, self.flow
        )


def open_shards(
    flow: Flow,
    estate: Estate,
    database: Database,
    since: datetime,
    known: datetime,
    keys: Collection[str] | None = None,
    size: int = BATCH,
) -> Iterator[Shard]:
    """The history since some instant, each neighbourhood of transactions whole and once.

    All of it is read from one snapshot of the store. Where nothing moved since, the links of the
    present are those of then, and nothing is explored or correlated again.

    Raises:
        Transient, Permanent: the store failed.
    """
    fields = _fields(flow, estate)
    with database.read() as connection:
        history = _History(connection, flow, fields, since, known)
        if keys is not None:
            yield history.of_deals(frozenset(keys))
            return
        stirred = find_stirred(connection, flow.name, since, known)
        is_current = load_setting(connection, f"flow:{flow.name}") == flow.digest
        if is_current and stirred.len() <= count_records(connection) // SHARE_STIRRED:
            yield from history.of_few(stirred, size)
        else:
            yield from history.of_all(size)


class _History:
    """One snapshot of the store, and the ways to cut it."""

    def __init__(
        self,
        connection: Connection,
        flow: Flow,
        fields: Mapping[StreamId, EntityFields],
        since: datetime,
        known: datetime,
    ) -> None:
        self._connection, self._flow, self._fields = connection, flow, fields
        self._since, self._known = since, known
        self._moved = load_moved(connection, flow.kinds, since, known)

    def of_deals(self, wanted: frozenset[str]) -> Shard:
        """Everything that these transactions belonged together with."""
        flow = self._flow
        seeds = members_of(self._connection, flow.name, wanted, flow.key, self._moved)
        return self._shard(self._reach(seeds)["record"].unique().to_list(), wanted)

    def of_all(self, size: int) -> Iterator[Shard]:
        """Everything, explored."""
        name = self._flow.name
        for batch in all_batches(self._connection, name, size):
            own = own_neighbourhoods(self._connection, name, self._reach(batch.records), batch)
            if own:
                yield self._shard(own)

    def of_few(self, stirred: pl.Series, size: int) -> Iterator[Shard]:
        """Explored what moved, and all else as it stands."""
        connection, name = self._connection, self._flow.name
        explored, transactions, wide = _NUMBERS, _NUMBERS, size * WIDER_AT_REST
        for start in range(0, stirred.len(), size):
            seeds = stirred.slice(start, size)
            # A neighbourhood is whole: one that was met before has been told.
            seeds = seeds.filter(~seeds.is_in(explored.implode()))
            if seeds.len():
                own = self._reach(seeds.to_list())["record"].unique().to_list()
                yield self._shard(own)
                explored = pl.concat([explored, pl.Series(own, dtype=pl.Int64)])
                transactions = pl.concat([transactions, transactions_of(connection, own)])
        for at_rest in read_at_rest(connection, name, self._fields, transactions, wide):
            yield self._at_rest(at_rest.versions, at_rest.links)
        for unlinked in read_unlinked(connection, name, self._fields, explored, wide):
            yield self._at_rest(unlinked, _NO_LINKS)

    def _reach(self, seeds: Collection[int]) -> pl.DataFrame:
        flow = self._flow
        return reach(self._connection, flow.name, seeds, flow.kinds, self._moved)

    def _shard(self, records: Collection[int], wanted: frozenset[str] | None = None) -> Shard:
        versions = load_versions(self._connection, records, self._since, self._known)
        return Shard(self._flow, place_in_time(versions), self._fields, wanted)

    def _at_rest(self, versions: pl.DataFrame, links: pl.DataFrame) -> Shard:
        return Shard(self._flow, place_single(versions), self._fields, None, links)


def open_shard_around(
    flow: Flow, estate: Estate, database: Database, records: Collection[int], as_of: AsOf
) -> Shard:
    """The history of everything that these records belonged together with.

    Raises:
        Transient, Permanent: the store failed.
    """
    with database.read() as connection:
        moved = load_moved(connection, flow.kinds, *as_of)
        reached = reach(connection, flow.name, records, flow.kinds, moved)
        versions = load_versions(connection, reached["record"].unique().to_list(), *as_of)
    return Shard(flow, place_in_time(versions), _fields(flow, estate), None)


def _fields(flow: Flow, estate: Estate) -> dict[StreamId, EntityFields]:
    streams = flow.needs | {flow.root, flow.value_stream}
    return {stream: estate.sources[stream].fields for stream in streams}
