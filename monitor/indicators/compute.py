"""Compute: a flow's indicators from what was measured, for a time and every part of the firm."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import polars as pl

from monitor.core.indicators import Dimension, IndicatorPlan
from monitor.core.ports import INSTANT
from monitor.estate import Estate, Flow
from monitor.indicators.facts import Facts, judge_breaks, judge_hand_offs
from monitor.indicators.figures import (
    ALL,
    OTHER,
    UNSTATED,
    Cut,
    Figure,
    FlowIndicators,
    Period,
)
from monitor.indicators.table import INDICATORS
from monitor.sight import Sight, see
from monitor.store.database import Connection, Database
from monitor.store.measures import (
    load_breaks_since,
    load_deals,
    load_former_episodes,
    load_hand_offs,
    load_records,
    load_set_ups,
)


def compute_indicators(
    estate: Estate, database: Database, now: datetime, period: Period | None = None
) -> list[FlowIndicators]:
    """Every flow's indicators, from one snapshot of the store.

    Args:
        estate: the landscape made ready.
        database: the store; nothing is written. `measure` brings it up to date.
        now: the present.
        period: what counts; None: each flow's own time, this very instant included.

    Raises:
        Transient, Permanent: the store failed.
    """
    sight = see(estate, database, now)
    with database.read() as connection:
        return [
            _of_flow(flow, flow.indicators, sight, connection, now, period)
            for flow in estate.flows
            if flow.indicators is not None
        ]


def _of_flow(
    flow: Flow,
    plan: IndicatorPlan,
    sight: Sight,
    connection: Connection,
    now: datetime,
    period: Period | None,
) -> FlowIndicators:
    period = period or Period(now - plan.period, now + timedelta.resolution)
    facts = load_facts(flow, plan, sight, connection, now, period)
    cuts = {cut: figures_of(facts.of(deals)) for cut, deals in cuts_of(facts.deals, plan)}
    blind = sorted(flow.needs & sight.blind.keys())
    return FlowIndicators(flow.name, period, now, blind, {ALL: figures_of(facts), **cuts})


def figures_of(facts: Facts) -> Sequence[Figure]:
    """What every indicator says of these facts."""
    return [figure for each in INDICATORS.values() for figure in each.compute(facts)]


def cuts_of(deals: pl.DataFrame, plan: IndicatorPlan) -> Iterator[tuple[Cut, pl.DataFrame]]:
    """The deals of each part of the firm, at most so many parts a dimension."""
    for dimension in Dimension:
        if dimension not in plan.slices:
            continue
        stated = deals.with_columns(part=pl.col(dimension.value).replace("", UNSTATED))
        ranked = stated.group_by("part").len().sort(["len", "part"], descending=[True, False])
        told = ranked["part"].head(plan.most)
        grouped = stated.with_columns(
            pl.when(pl.col("part").is_in(told.implode())).then("part").otherwise(pl.lit(OTHER))
        )
        parts = grouped.partition_by("part", as_dict=True)
        for (name,), of_part in sorted(parts.items()):
            yield Cut(dimension, str(name)), of_part.drop("part")


def load_facts(
    flow: Flow,
    plan: IndicatorPlan,
    sight: Sight,
    connection: Connection,
    now: datetime,
    period: Period,
) -> Facts:
    """What there is to know of a flow and a time."""
    seen_until = {
        step.name: sight.looked_until[step.to]
        for step in plan.steps
        if step.to in sight.looked_until
    }
    hand_offs = judge_hand_offs(load_hand_offs(connection, flow.name, *period), seen_until, now)
    records = load_records(connection, flow.name, *period)
    breaks = judge_breaks(load_breaks_since(connection, flow.name, period.since))
    keys = pl.concat([frame["transaction"] for frame in (hand_offs, records, breaks)]).unique()
    return Facts(
        plan=plan,
        period=period,
        now=now,
        is_blind=bool(flow.needs & sight.blind.keys()),
        deals=load_deals(connection, flow.name, keys.to_list()),
        hand_offs=hand_offs,
        records=records,
        breaks=breaks,
        set_ups=load_set_ups(connection, flow.name, plan.set_up, *period),
        recoveries=_recoveries(connection, breaks, period),
    )


_RECOVERIES: Mapping[str, pl.DataType] = {
    "transaction": pl.String(),
    "kind": pl.String(),
    "failed_at": INSTANT,
    "recovered_at": INSTANT,
}


def _recoveries(connection: Connection, breaks: pl.DataFrame, period: Period) -> pl.DataFrame:
    """Every time that a break stood and was resolved in the period."""
    is_first = pl.col("episode") == 1
    since = pl.min_horizontal(pl.when(is_first).then("since"), "opened_at")
    last = breaks.drop_nulls("resolved_at").select(
        "transaction", "kind", failed_at=since, recovered_at="resolved_at"
    )
    repeated = breaks.filter(~is_first)
    kinds = {
        row[0]: row[1:] for row in repeated.select("fingerprint", "transaction", "kind").rows()
    }
    former = [
        (*kinds[fingerprint], opened_at, ended_at)
        for fingerprint, opened_at, ended_at in load_former_episodes(connection, list(kinds))
    ]
    frames = [last, pl.DataFrame(former, schema=dict(_RECOVERIES), orient="row")]
    return pl.concat(frames).filter(pl.col("recovered_at").is_between(*period, closed="left"))
