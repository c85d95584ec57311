"""What is measured of some deals, from their records; a pure function of frames."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import polars as pl

from monitor.core.indicators import Dimension, IndicatorPlan, Step
from monitor.core.model import StreamId
from monitor.core.ports import INSTANT, MONEY, Scope
from reconcilers.conditions import explode_keys
from reconcilers.reporter import in_one_currency

Frames = Mapping[StreamId, pl.DataFrame]

_DEAL = "_transaction"
_NO_TIME = datetime.min.replace(tzinfo=UTC)
"""In place of the present: what was expected by when does not depend on it."""


_HAND_OFFS = pl.Schema(
    {
        _DEAL: pl.String(),
        "hop": pl.String(),
        "pair": pl.String(),
        "started_at": INSTANT,
        "due_at": INSTANT,
        "has_arrived": pl.Boolean(),
        "arrived_at": INSTANT,
        "worked": pl.Duration("us"),
        "amount": MONEY,
        "currency": pl.String(),
    }
)
_RECORDS = pl.Schema(
    {_DEAL: pl.String(), "stream": pl.String(), "native_id": pl.String(), "arrived_at": INSTANT}
)


class DealMeasures(NamedTuple):
    """What was measured, each frame with the deal's key as `_transaction`.

    Attributes:
        deals: amount (MONEY), currency, and a column a dimension; empty where nothing is said.
        hand_offs: hop, pair, started_at, due_at, has_arrived, arrived_at, worked, amount, currency.
        records: stream, native_id, arrived_at.
    """

    deals: pl.DataFrame
    hand_offs: pl.DataFrame
    records: pl.DataFrame


def measure_deals(flow: str, plan: IndicatorPlan, frames: Frames) -> DealMeasures:
    """Measure the deals that these records are of.

    Args:
        flow: its name.
        plan: how it is measured.
        frames: their records, as `Scope.frames` has them.
    """
    present = pl.concat([frame.select(_DEAL) for frame in frames.values()]).unique()
    deals = _with_slices(_with_money(present, plan, frames), plan, frames)
    scope = Scope(flow, frames, {}, _NO_TIME)
    hand_offs = [_hand_offs(step, scope, deals) for step in plan.steps]
    records = [_records(stream, frames[stream]) for stream in sorted(plan.counted)]
    return DealMeasures(
        deals,
        pl.concat([pl.DataFrame(schema=_HAND_OFFS), *hand_offs]),
        pl.concat([pl.DataFrame(schema=_RECORDS), *records]),
    )


def _with_money(deals: pl.DataFrame, plan: IndicatorPlan, frames: Frames) -> pl.DataFrame:
    stream, amount, currency = plan.value
    rows = _with_columns(frames[stream], amount, currency).unique([_DEAL, "_record"])
    total, code = in_one_currency(pl.col("amount"), pl.col("currency"))
    worth = rows.group_by(_DEAL).agg(amount=total, currency=code)
    return deals.join(worth, on=_DEAL, how="left").with_columns(_no_null("currency"))


def _with_columns(frame: pl.DataFrame, amount: str, currency: str) -> pl.DataFrame:
    """With `amount` and `currency`; null where the stream has no such field."""

    def column(name: str, dtype: pl.DataType) -> pl.Expr:
        is_there = frame.schema.get(name) == dtype
        return pl.col(name) if is_there else pl.lit(None, dtype)

    return frame.with_columns(amount=column(amount, MONEY), currency=column(currency, pl.String()))


def _no_null(name: str) -> pl.Expr:
    return pl.col(name).fill_null("")


def _with_slices(deals: pl.DataFrame, plan: IndicatorPlan, frames: Frames) -> pl.DataFrame:
    for dimension in Dimension:
        if dimension not in plan.slices:
            deals = deals.with_columns(pl.lit("").alias(dimension.value))
            continue
        stream, field = plan.slices[dimension]
        part = pl.col(field).str.strip_chars().replace("", None).drop_nulls().first()
        said = frames[stream].sort("_record").group_by(_DEAL).agg(part.alias(dimension.value))
        deals = deals.join(said, on=_DEAL, how="left").with_columns(_no_null(dimension.value))
    return deals


def _hand_offs(step: Step, scope: Scope, deals: pl.DataFrame) -> pl.DataFrame:
    expected = step.expectations(scope).rename(
        {"start": "started_at", "due": "due_at", "arrived": "has_arrived", "arrival": "arrived_at"}
    )
    started, arrived = expected["started_at"], expected["arrived_at"]
    if step.working_time is None:
        worked = (arrived - started).clip(lower_bound=pl.duration())
    else:
        worked = step.working_time.worked_all(started, arrived)
    worth = deals if step.match is None else _worth_of_pairs(step, scope)
    place = [name for name in (_DEAL, "_key") if name in worth.columns]
    return (
        expected.with_columns(worked=worked.cast(pl.Duration("us")))
        .join(worth.select(*place, "amount", "currency"), on=place, how="left")
        .with_columns(_no_null("currency"), hop=pl.lit(step.name), pair="_key")
        .select(*_HAND_OFFS)
    )


def _worth_of_pairs(step: Step, scope: Scope) -> pl.DataFrame:
    """What each record that has to be carried on is worth by itself: that which asks first."""
    rows = explode_keys(scope.frames[step.source], str(step.match))
    first = pl.all().sort_by(step.start, "_record").first()
    return _with_columns(rows, "amount", "currency").group_by(_DEAL, "_key").agg(first)


def _records(stream: StreamId, frame: pl.DataFrame) -> pl.DataFrame:
    born = ["created_at"] if "created_at" in frame.columns else []
    return (
        frame.with_columns(arrived_at=pl.coalesce(*born, "_modified_at", "_observed_at"))
        .unique([_DEAL, "_record"])
        .with_columns(stream=pl.lit(str(stream)), native_id="_record")
        .select(*_RECORDS)
    )
