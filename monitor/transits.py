"""Transits: how long hand-offs took, each counted once, when its arrival is first seen."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from datetime import date, datetime

import polars as pl

from monitor.core.model import StreamId
from monitor.core.statistics import Hop, class_of
from monitor.estate import Estate, Flow, HandOff
from monitor.store.database import Connection, Database
from monitor.store.frames import load_frames
from monitor.store.neighbourhood import explore
from monitor.store.settings import load_setting, save_setting
from monitor.store.statistics import add_transits, new_arrivals
from reconcilers.correlate import correlate

BATCH = 20_000
"""Arrivals that are looked at together; bounds memory."""

Transits = Mapping[date, Mapping[int, int]]
"""By day (UTC) of arrival, how many deals took how long, by `class_of` their time."""


def measure_transits(
    estate: Estate, hops: Collection[Hop], database: Database, now: datetime
) -> None:
    """Count in what has arrived since the last time, a part at a time.

    Raises:
        Transient, Permanent: the store failed; what was counted before stays.
    """
    for flow in estate.flows:
        for hand_off in flow.hand_offs:
            if hand_off.start and Hop(flow.name, hand_off.name) in hops:
                while _measure(flow, hand_off, estate, database, now):
                    pass


def _measure(
    flow: Flow, hand_off: HandOff, estate: Estate, database: Database, now: datetime
) -> bool:
    """One part; whether there may be more."""
    hop = Hop(flow.name, hand_off.name)
    name = f"measured:{flow.name}/{hand_off.name}"
    with database.read() as connection:
        after = int(load_setting(connection, name) or 0)
        arrivals = new_arrivals(connection, hand_off.to, after, BATCH)
        frames = _frames(connection, flow, hand_off, estate, arrivals.keys())
    if not arrivals:
        return False
    transits = transits_of(
        frames[hand_off.source], frames[hand_off.to], hand_off, arrivals.values()
    )
    with database.write() as connection:
        if int(load_setting(connection, name) or 0) == after:
            add_transits(connection, hop, transits, now)
            save_setting(connection, name, str(max(arrivals)))
    return len(arrivals) == BATCH


def _frames(
    connection: Connection,
    flow: Flow,
    hand_off: HandOff,
    estate: Estate,
    record_ids: Collection[int],
) -> Mapping[StreamId, pl.DataFrame]:
    uses = explore(connection, flow.name, record_ids, (), flow.kinds).uses
    links = correlate(uses, flow.root, flow.key, flow.kinds)
    ends = {hand_off.source, hand_off.to}
    return load_frames(connection, links, {end: estate.sources[end].fields for end in ends})


def transits_of(
    upstream: pl.DataFrame, downstream: pl.DataFrame, hand_off: HandOff, new: Collection[str] | None
) -> Transits:
    """How long each deal took whose first arrival is a new one.

    The time runs from the latest start before the arrival. What arrived before anything started
    has no time; whether it may is for the hand-off's own rule to say.

    Args:
        upstream: the hand-off's start, as in `Scope.frames`.
        downstream: its end, likewise.
        hand_off: which fields say when, and which key pairs records.
        new: native ids of the arrivals that have not been counted yet; None: all count.
    """
    place = ["_transaction", "_pair"]
    starts = _paired(upstream, hand_off).select(*place, start=hand_off.start).drop_nulls()
    arrivals = (
        _paired(downstream, hand_off)
        .select(*place, "_record", arrival=hand_off.arrival)
        .drop_nulls()
        .sort("arrival", "_record")
        .unique(place, keep="first", maintain_order=True)
    )
    if new is not None:
        arrivals = arrivals.filter(pl.col("_record").is_in(list(new)))
    taken = (
        arrivals.join(starts, on=place)
        .filter(pl.col("start") <= pl.col("arrival"))
        .group_by("_record", "arrival")
        .agg((pl.col("arrival") - pl.col("start")).min().alias("time"))
        .select(pl.col("arrival").dt.date(), pl.col("time").cast(pl.Duration("us")))
    )
    transits: defaultdict[date, Counter[int]] = defaultdict(Counter)
    for day, time in taken.iter_rows():
        transits[day][class_of(time)] += 1
    return transits


def _paired(frame: pl.DataFrame, hand_off: HandOff) -> pl.DataFrame:
    """With what pairs its records beside the transaction: a key each, or nothing at all."""
    if hand_off.match is None:
        return frame.with_columns(pl.lit("").alias("_pair"))
    kind = f"{hand_off.match}:"
    return frame.with_columns(
        pl.col("_keys").list.eval(pl.element().filter(pl.element().str.starts_with(kind)))
        .alias("_pair")
    ).explode("_pair")  # fmt: skip
