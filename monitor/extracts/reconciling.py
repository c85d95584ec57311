"""Reconcile: every rule of a flow over the extracts of one shard of its transactions."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl
import structlog

from monitor.core.errors import Permanent
from monitor.core.model import StreamId
from monitor.core.ports import FINDINGS, Rule, Scope
from monitor.core.screens import EVERY_ROW
from monitor.estate import Flow
from monitor.extracts.canonical import MISFITS, load_frame
from monitor.extracts.placing import HASH, TRANSACTION, Placing, Shard, wanted_rows
from monitor.extracts.screening import Suspects, find_suspects
from monitor.extracts.tables import Table

log = structlog.get_logger(__name__)

UNREADABLE = pl.Schema(
    {"stream": pl.String(), "transaction": pl.String(), "record_id": pl.String(),
     "fields": pl.String()}
)  # fmt: skip
"""Records with a value that cannot be what its field says."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What the rules say of a part of an estate.

    Attributes:
        found: breaks, as `FINDINGS`.
        unreadable: records that some rule had to look at and could not read, as `UNREADABLE`. A
            rule that needs their stream says nothing of their transactions.
        failed: rules of a firm's own that could not answer.
    """

    found: pl.DataFrame
    unreadable: pl.DataFrame
    failed: frozenset[str] = frozenset()


def together(parts: Iterable[Reconciled]) -> Reconciled:
    """The parts as one."""
    parts = list(parts)
    return Reconciled(
        pl.concat([pl.DataFrame(schema=FINDINGS), *(part.found for part in parts)]),
        pl.concat([pl.DataFrame(schema=UNREADABLE), *(part.unreadable for part in parts)]).unique(
            maintain_order=True
        ),
        frozenset().union(*(part.failed for part in parts)),
    )


def reconcile_shard(
    flow: Flow, tables: Mapping[StreamId, Table], placing: Placing, shard: Shard, as_of: datetime
) -> Reconciled:
    """What the flow's rules find among the shard's transactions.

    Rules that need a table which is not there are not asked.
    """
    rules = askable_rules(flow, tables)
    suspects, kept = find_suspects(rules, tables, placing, shard, as_of)
    wanted = _wanted_of(flow, rules, suspects, tables)
    frames = _load_frames(flow, wanted, tables, placing, shard, kept, as_of)
    found, failed = [], set()
    for rule in rules:
        chosen = _frames_for(rule, flow, suspects[rule.name], frames)
        try:
            scope = Scope(flow.name, chosen, dict.fromkeys(tables, as_of), as_of)
            found.append(rule.evaluate(scope).found)
        except Permanent as error:
            log.error("a rule failed", rule=rule.name)
            # What it choked on may be a name or an amount.
            log.debug("why a rule failed", rule=rule.name, error=str(error))
            failed.add(rule.name)
    return Reconciled(
        pl.concat([pl.DataFrame(schema=FINDINGS), *found]),
        pl.concat([_unreadable(stream, frame) for stream, frame in frames.items()]),
        frozenset(failed),
    )


def askable_rules(flow: Flow, tables: Mapping[StreamId, Table]) -> list[Rule]:
    """The rules of which every stream is there."""
    return [rule for rule in flow.rules if rule.needs <= tables.keys()]


def _wanted_of(
    flow: Flow,
    rules: Sequence[Rule],
    suspects: Mapping[str, Suspects],
    tables: Mapping[StreamId, Table],
) -> dict[StreamId, list[Suspects]]:
    """Who is looked at in each stream: those of every rule that looks at it."""
    wanted: dict[StreamId, list[Suspects]] = {flow.root: []}
    for rule in rules:
        for stream in _streams_of(rule, flow, tables):
            wanted.setdefault(stream, []).append(suspects[rule.name])
    return wanted


def _load_frames(
    flow: Flow,
    wanted: Mapping[StreamId, Sequence[Suspects]],
    tables: Mapping[StreamId, Table],
    placing: Placing,
    shard: Shard,
    kept: Mapping[StreamId, pl.DataFrame],
    as_of: datetime,
) -> dict[StreamId, pl.DataFrame]:
    """The rows of suspects in each stream that one of their rules looks at."""
    plans = []
    for stream, suspects in wanted.items():
        hashes, which = _hashes_of(suspects), _rows_of(stream, suspects, flow)
        if stream in kept and not which.meta.eq(EVERY_ROW):
            placed = wanted_rows(kept[stream].lazy(), pl.col(HASH), hashes)
        else:
            placed = placing.place(tables[stream], shard, hashes)
        plans.append(load_frame(placed, tables[stream], which, as_of))
    return dict(zip(wanted, pl.collect_all(plans, engine="streaming"), strict=True))


def _streams_of(rule: Rule, flow: Flow, present: Collection[StreamId]) -> list[StreamId]:
    """What the rule looks at, and where the money is stated."""
    money = {flow.value_stream} & set(present)
    return sorted(rule.needs | money)


def _hashes_of(suspects: Sequence[Suspects]) -> pl.Series | None:
    """The transactions of all; None for every transaction."""
    hashes = [each.hashes for each in suspects if each.hashes is not None]
    if len(hashes) < len(suspects):
        return None
    return pl.concat([pl.Series(HASH, [], dtype=pl.UInt64), *hashes]).unique()


def _rows_of(stream: StreamId, suspects: Sequence[Suspects], flow: Flow) -> pl.Expr:
    """The stream's rows that any of the rules looks at."""
    conditions = [each for suspect in suspects for each in suspect.rows.get(stream, [EVERY_ROW])]
    if stream == flow.value_stream or any(each.meta.eq(EVERY_ROW) for each in conditions):
        return EVERY_ROW
    return pl.any_horizontal(conditions)


def _frames_for(
    rule: Rule, flow: Flow, suspects: Suspects, frames: Mapping[StreamId, pl.DataFrame]
) -> dict[StreamId, pl.DataFrame]:
    """What a rule may look at: of each transaction either all that it needs, or nothing."""
    chosen = {stream: frames[stream].lazy() for stream in _streams_of(rule, flow, frames)}
    if suspects.hashes is not None:
        wanted = suspects.hashes.to_frame(HASH).lazy()
        chosen = {
            stream: frame.join(wanted, on=HASH, how="semi") for stream, frame in chosen.items()
        }
    blurred = [frames[stream].filter(pl.col(MISFITS) != "") for stream in rule.needs]
    if unknown := [frame.select(HASH).lazy() for frame in blurred if frame.height]:
        chosen = {
            stream: frame.join(pl.concat(unknown), on=HASH, how="anti")
            for stream, frame in chosen.items()
        }
    read = pl.collect_all([frame.drop(HASH, MISFITS) for frame in chosen.values()])
    return dict(zip(chosen, read, strict=True))


def _unreadable(stream: StreamId, frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.col(MISFITS) != "").select(
        pl.lit(str(stream)).alias("stream"),
        pl.col(TRANSACTION).alias("transaction"),
        pl.col("_record").alias("record_id"),
        pl.col(MISFITS).alias("fields"),
    )
