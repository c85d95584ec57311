"""Reconcile: every rule of a flow over the extracts of one shard of its transactions."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import polars as pl

from monitor.core.model import StreamId
from monitor.core.ports import FINDINGS, Rule, Scope
from monitor.core.screens import EVERY_ROW
from monitor.estate import Flow
from monitor.extracts.canonical import load_frame
from monitor.extracts.placing import HASH, Placing, Shard
from monitor.extracts.screening import Suspects, find_suspects
from monitor.extracts.tables import Table


def reconcile_shard(
    flow: Flow, tables: Mapping[StreamId, Table], placing: Placing, shard: Shard, as_of: datetime
) -> pl.DataFrame:
    """What the flow's rules find among the shard's transactions, as `FINDINGS`.

    Rules that need a table which is not there are not asked.
    """
    rules = [rule for rule in flow.rules if rule.needs <= tables.keys()]
    suspects = find_suspects(rules, tables, placing, shard, as_of)
    frames = _load_frames(flow, rules, suspects, tables, placing, shard, as_of)
    looked_until = dict.fromkeys(tables, as_of)
    found = [
        rule.evaluate(
            Scope(
                flow.name,
                _frames_for(_streams_of(rule, flow, tables), suspects[rule.name], frames),
                looked_until,
                as_of,
            )
        ).found
        for rule in rules
    ]
    return pl.concat([pl.DataFrame(schema=FINDINGS), *found])


def _load_frames(
    flow: Flow,
    rules: Sequence[Rule],
    suspects: Mapping[str, Suspects],
    tables: Mapping[StreamId, Table],
    placing: Placing,
    shard: Shard,
    as_of: datetime,
) -> dict[StreamId, pl.DataFrame]:
    """The rows of suspects in each stream that one of their rules looks at."""
    needed: dict[StreamId, list[Suspects]] = {}
    for rule in rules:
        for stream in _streams_of(rule, flow, tables):
            needed.setdefault(stream, []).append(suspects[rule.name])
    read = pl.collect_all(
        [
            load_frame(
                placing.place(tables[stream], shard),
                tables[stream],
                _together(wanted),
                _rows_of(stream, wanted, flow),
                as_of,
            )
            for stream, wanted in needed.items()
        ],
        engine="streaming",
    )
    return dict(zip(needed, read, strict=True))


def _streams_of(rule: Rule, flow: Flow, tables: Mapping[StreamId, Table]) -> frozenset[StreamId]:
    """What the rule looks at, and where the money is stated."""
    return rule.needs | ({flow.value_stream} & tables.keys())


def _together(suspects: Sequence[Suspects]) -> pl.Series | None:
    """The hashes of all; None for every transaction."""
    hashes = [each.hashes for each in suspects if each.hashes is not None]
    return pl.concat(hashes).unique() if len(hashes) == len(suspects) else None


def _rows_of(stream: StreamId, suspects: Sequence[Suspects], flow: Flow) -> pl.Expr:
    """The stream's rows that any of the rules looks at."""
    wanted = [each for suspect in suspects for each in suspect.rows.get(stream, [EVERY_ROW])]
    if stream == flow.value_stream or any(each.meta.eq(EVERY_ROW) for each in wanted):
        return EVERY_ROW
    return pl.any_horizontal(wanted)


def _frames_for(
    streams: Collection[StreamId], suspects: Suspects, frames: Mapping[StreamId, pl.DataFrame]
) -> dict[StreamId, pl.DataFrame]:
    """What a rule may look at: of each transaction either all that it needs, or nothing."""
    if suspects.hashes is None:
        return {stream: frames[stream].drop(HASH) for stream in streams}
    wanted = suspects.hashes.to_frame()
    return {
        stream: frames[stream].join(wanted, on=HASH, how="semi").drop(HASH) for stream in streams
    }
