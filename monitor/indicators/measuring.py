"""Measure: what each deal is worth and how long each hand-off took, kept a row a fact.

The cost follows the change: a transaction is measured again when a cycle has evaluated it again.
"""

from collections.abc import Mapping, Sequence

import polars as pl
import polars.selectors as cs

from monitor.core.entities import EntityFields
from monitor.core.indicators import Dimension, IndicatorPlan
from monitor.core.model import StreamId
from monitor.core.ports import INSTANT
from monitor.estate import Estate, Flow
from monitor.indicators.deal_measures import DealMeasures, measure_deals
from monitor.store.database import Database
from monitor.store.frames import load_frames
from monitor.store.measures import (
    DEALS,
    HAND_OFFS,
    RECORDS,
    Column,
    Measures,
    Unmeasured,
    forget_measures,
    save_measures,
    unmeasured,
)
from monitor.store.settings import load_setting, save_setting
from monitor.store.transactions import load_members
from monitor.store.turns import turn_of

BATCH = 2_000
"""Transactions that are measured together; bounds memory."""


def measure(estate: Estate, database: Database) -> int:
    """Measure every transaction that was evaluated since the last time.

    Returns:
        How many.

    Raises:
        Transient, Permanent: the store failed; what was measured before stays.
    """
    return sum(
        _measure_flow(flow, flow.indicators, estate, database)
        for flow in estate.flows
        if flow.indicators is not None
    )


def _measure_flow(flow: Flow, plan: IndicatorPlan, estate: Estate, database: Database) -> int:
    mark = _begin(flow, plan, database)
    if mark is None:
        return 0
    count = after = 0
    while waiting := _measure_batch(flow, plan, estate, database, after):
        count, after = count + len(waiting), waiting[-1].id
    with database.write() as connection:
        save_setting(connection, _name(flow.name), mark)
    return count


def _begin(flow: Flow, plan: IndicatorPlan, database: Database) -> str | None:
    """How far the flow had been settled; None where nothing happened since the last time."""
    with database.read() as connection:
        before = load_setting(connection, _name(flow.name)) or ""
        mark = f"{plan.digest}:{turn_of(connection, flow.name)}"
    if before == mark:
        return None
    if not before.startswith(plan.digest):
        with database.write() as connection:
            forget_measures(connection, flow.name)
    return mark


def _measure_batch(
    flow: Flow, plan: IndicatorPlan, estate: Estate, database: Database, after: int
) -> Sequence[Unmeasured]:
    """Some transactions with greater numbers than `after`; those that were measured."""
    with database.read() as connection:
        waiting = unmeasured(connection, flow.name, after, BATCH)
        links = load_members(connection, flow.name, [each.id for each in waiting])
        frames = load_frames(connection, links, _fields(flow, plan, estate))
    if waiting:
        measures = _as_rows(flow.name, waiting, links, measure_deals(flow.name, plan, frames))
        with database.write() as connection:
            save_measures(connection, [each.id for each in waiting], measures)
    return waiting


def _fields(flow: Flow, plan: IndicatorPlan, estate: Estate) -> dict[StreamId, EntityFields]:
    streams = flow.needs | plan.streams | {flow.root}
    return {stream: estate.sources[stream].fields for stream in streams}


def _as_rows(
    flow: str, waiting: Sequence[Unmeasured], links: pl.DataFrame, measured: DealMeasures
) -> Measures:
    """As the store keeps them. What has no records any more has no hand-offs, but was measured."""
    numbers = pl.DataFrame(waiting, schema={"transaction_id": pl.Int64, "evaluated_at": INSTANT})
    keys = links.select("transaction_id", _transaction="transaction").unique()
    known = numbers.join(keys, on="transaction_id", how="left")
    deals = known.join(measured.deals, on="_transaction", how="left")
    dimensions = [dimension.value for dimension in Dimension]
    return Measures(
        _stored(flow, deals.with_columns(pl.col("currency", *dimensions).fill_null("")), DEALS),
        _stored(flow, known.join(measured.hand_offs, on="_transaction"), HAND_OFFS),
        _stored(flow, known.join(measured.records, on="_transaction"), RECORDS),
    )


def _stored(flow: str, frame: pl.DataFrame, schema: Mapping[str, Column]) -> pl.DataFrame:
    """Instants and stretches of time as microseconds, money as its digits."""
    return (
        frame.with_columns(
            pl.lit(flow).alias("flow"),
            cs.datetime().dt.epoch("us"),
            cs.duration().dt.total_microseconds(),
            cs.decimal().cast(pl.String),
        )
        .select(*schema)
        .cast(pl.Schema(schema))
    )


def _name(flow: str) -> str:
    return f"indicators:{flow}"
