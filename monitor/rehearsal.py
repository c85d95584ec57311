"""Rehearse: what changed rules would have opened and closed over the stored history.

The rules are asked about one past instant after another, as the systems stood then, and what they
find is set against what other rules would have found, or against the breaks that were in fact
opened and resolved. Nothing is written and nobody is told.

How old a suspicion must be, and what a fresh look would confirm, plays no part: a state that was
later read again by its own stamps needs neither.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import polars as pl

from monitor.as_of import PastSight, Shard, open_shards, see_as_of
from monitor.core.model import StreamId
from monitor.core.ports import FINDINGS, INSTANT
from monitor.estate import Estate
from monitor.reports.rehearsed import IDENTITY, Rehearsal
from monitor.store.database import Database
from monitor.store.episodes import EPISODES, load_episodes
from monitor.store.past import AsOf
from monitor.store.settings import load_setting

MOST_INSTANTS = 1_000


def instants_between(since: datetime, until: datetime, every: timedelta) -> tuple[datetime, ...]:
    """Instants from `since` in equal steps, and `until` as the last.

    Raises:
        ValueError: the time runs backwards, or there are too many of them.
    """
    if since > until or every <= timedelta(0):
        raise ValueError("a rehearsal runs forward: since must not be after until")
    count = -((since - until) // every)
    if count >= MOST_INSTANTS:
        raise ValueError(f"that is more than {MOST_INSTANTS} instants; take larger steps")
    return (*(since + step * every for step in range(count)), until)


def rehearse(
    estate: Estate,
    database: Database,
    instants: Sequence[datetime],
    known: datetime,
    against: Estate | None = None,
) -> Rehearsal:
    """Ask the rules of a landscape about past instants and compare.

    Args:
        estate: the landscape with the changed rules.
        database: the store; nothing is written.
        instants: in order.
        known: the present, or what an earlier rehearsal used.
        against: the landscape to compare with; None compares with what was recorded.

    Raises:
        ValueError: an instant lies after `known`.
        Transient, Permanent: the store failed.
    """
    if against is None:
        before = _recorded(estate, database, instants)
    else:
        before = _episodes(against, database, instants, known)[0]
    rehearsed, unasked = _episodes(estate, database, instants, known)
    return Rehearsal(
        instants=tuple(instants),
        known=known,
        rehearsed=rehearsed,
        before=before,
        unasked=unasked,
        read_otherwise=_read_otherwise(estate, database),
    )


def _recorded(estate: Estate, database: Database, instants: Sequence[datetime]) -> pl.DataFrame:
    flows = [flow.name for flow in estate.flows]
    with database.read() as connection:
        return load_episodes(connection, flows, instants[0], instants[-1])


def _read_otherwise(estate: Estate, database: Database) -> frozenset[StreamId]:
    needed = {stream for flow in estate.flows for stream in flow.needs}
    with database.read() as connection:
        digests = {stream: load_setting(connection, f"mapping:{stream}") for stream in needed}
    return frozenset(
        stream
        for stream, digest in digests.items()
        if digest not in (None, estate.sources[stream].digest)
    )


def _episodes(
    estate: Estate, database: Database, instants: Sequence[datetime], known: datetime
) -> tuple[pl.DataFrame, dict[str, int]]:
    """What a landscape's rules find over time, and how often each could not be asked."""
    sights = [see_as_of(estate, database, AsOf(at, known)) for at in instants]
    unasked = {
        f"{flow.name}.{rule.name}": count
        for flow in estate.flows
        for rule in flow.rules
        if (count := sum(rule not in sight.rules(flow) for sight in sights))
    }
    found = (
        episodes_of(list(_found_by_step(shard, instants, sights)), instants)
        for flow in estate.flows
        for shard in open_shards(flow, estate, database, instants[0], known)
    )
    return pl.concat([pl.DataFrame(schema=EPISODES), *found]), unasked


def _found_by_step(
    shard: Shard, instants: Sequence[datetime], sights: Sequence[PastSight]
) -> Iterator[pl.DataFrame]:
    """What stands at each instant; of a rule that cannot be asked, what stood before."""
    standing = pl.DataFrame(schema=FINDINGS)
    for at, sight in zip(instants, sights, strict=True):
        asked = [rule.name for rule in sight.rules(shard.flow)]
        unasked = standing.filter(~pl.col("rule").is_in(asked))
        standing = pl.concat([shard.findings(at, sight), unasked])
        yield standing


def episodes_of(found: Sequence[pl.DataFrame], instants: Sequence[datetime]) -> pl.DataFrame:
    """Unbroken runs of instants at which the same break is found.

    Args:
        found: `FINDINGS`, a frame an instant.
        instants: as many.

    Returns:
        `EPISODES`, by identity and opening; values are those last found.
    """
    numbered = [frame.with_columns(step=pl.lit(step)) for step, frame in enumerate(found)]
    times = pl.DataFrame({"step": range(len(instants)), "at": instants}).cast(
        {"step": pl.Int32, "at": INSTANT}
    )
    opened = times.rename({"step": "first", "at": "opened_at"})
    closed = times.select((pl.col("step") - 1).alias("last"), closed_at="at")
    steps = (
        pl.concat(numbered)
        .unique([*IDENTITY, "step"], keep="first", maintain_order=True)
        .sort(*IDENTITY, "step")
    )
    goes_on = (pl.col("step") - pl.col("step").shift(1).over(IDENTITY)) == 1
    return (
        steps.with_columns(run=(~goes_on.fill_null(value=False)).cum_sum())
        .group_by("run", maintain_order=True)
        .agg(
            *(pl.col(name).last() for name in FINDINGS),
            first=pl.col("step").min().cast(pl.Int32),
            last=pl.col("step").max().cast(pl.Int32),
        )
        .join(opened, on="first", how="left", maintain_order="left")
        .join(closed, on="last", how="left", maintain_order="left")
        .select(*EPISODES)
    )
