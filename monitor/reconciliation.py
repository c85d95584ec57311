"""A whole reconciliation of extracts: the landscape's flows, shard by shard, and its watches."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

import polars as pl

from monitor.app import build_flow, build_lookouts, load_plugins, read_landscape
from monitor.config import Landscape
from monitor.config.context import known_entities, known_streams
from monitor.core.errors import Permanent, Reason
from monitor.core.model import StreamId
from monitor.core.watches import ESTATE, Timeless
from monitor.estate import Flow
from monitor.extracts.outcome import Reconciliation
from monitor.extracts.placing import Placing, Shard, place_rows
from monitor.extracts.reconciling import Reconciled, askable_rules, reconcile_shard, together
from monitor.extracts.tables import Table, open_tables
from monitor.extracts.watching import askable_watches, look, timeless
from monitor.extracts.workers import run_tasks


@dataclass(frozen=True, slots=True)
class Part:
    """One shard of one flow, as a worker gets it: nothing but names and numbers."""

    landscape: Path
    folder: Path
    flow: str
    shard: Shard
    as_of: datetime


def reconcile(path: Path, folder: Path, as_of: datetime | None) -> Reconciliation:
    """Every flow's rules over the extracts in a folder, and the watches that need no past.

    Watches look at whole streams, so they are asked here, once, whoever works on the shards.

    Args:
        path: of the landscape.
        folder: with the extracts.
        as_of: the instant at which the estate is judged; None: when the oldest extract was
            written, so that nothing is called missing that happened later.

    Raises:
        ConfigurationError: the landscape says something that cannot be.
        Permanent: there is no extract, no root among them, or one that cannot be read.
        Transient: workers cannot be reached, or keep dying.
    """
    desk = _open_desk(path, folder)
    if not desk.tables:
        raise Permanent(f"no stream's extract is in {folder}", reason=Reason.NOT_FOUND)
    for flow in desk.flows.values():
        if flow.root not in desk.tables:
            message = f"flow {flow.name}: there is no extract of its root, {flow.root}"
            raise Permanent(message, reason=Reason.NOT_FOUND)
    rows = {stream: _count(table) for stream, table in desk.tables.items()}
    instant = as_of or min(table.extracted_at for table in desk.tables.values())
    settings = desk.landscape.workers
    shards = max(-(-sum(rows.values()) // settings.rows), settings.processes)
    parts = [
        Part(path.resolve(), folder.resolve(), name, Shard(number, shards), instant)
        for name in desk.flows
        for number in range(shards)
    ]
    # What is open here already need not be opened again, unless somebody else does the work.
    work = partial(_reconcile_at, desk) if settings.stays_here else reconcile_part
    watches = timeless(each.watch for each in build_lookouts(desk.landscape, load_plugins()))
    ruled = together(run_tasks(settings, work, parts))
    watched = look(watches, desk.tables, instant)
    return Reconciliation(
        as_of=instant,
        rows=rows,
        absent=tuple(sorted(known_streams(desk.landscape).keys() - desk.tables.keys())),
        not_asked={
            name: tuple(sorted(_unasked(flow, desk.tables) | ruled.failed))
            for name, flow in desk.flows.items()
        }
        | _unasked_watches(watches, desk.tables, watched.failed),
        result=together([ruled, watched]),
    )


def reconcile_part(part: Part) -> Reconciled:
    """The work of one worker somewhere else."""
    return _reconcile_at(_open_desk(part.landscape, part.folder), part)


@dataclass(frozen=True, slots=True)
class _Desk:
    """Everything that a reconciliation needs, open on one desk."""

    landscape: Landscape
    flows: Mapping[str, Flow]
    tables: Mapping[StreamId, Table]
    placings: dict[str, Placing] = field(default_factory=dict)
    """By flow, once it was needed: all shards of a flow place their rows alike."""


def _open_desk(path: Path, folder: Path) -> _Desk:
    landscape = read_landscape(path, os.environ)
    plugins = load_plugins()
    flows = {
        name: build_flow(name, settings, landscape, plugins)
        for name, settings in landscape.flows.items()
    }
    return _Desk(landscape, flows, _tables_of(landscape, folder))


def _reconcile_at(desk: _Desk, part: Part) -> Reconciled:
    flow = desk.flows[part.flow]
    if part.flow not in desk.placings:
        desk.placings[part.flow] = place_rows(flow, desk.tables)
    placing = desk.placings[part.flow]
    return reconcile_shard(flow, desk.tables, placing, part.shard, part.as_of)


def _unasked(flow: Flow, tables: Mapping[StreamId, Table]) -> set[str]:
    asked = {rule.name for rule in askable_rules(flow, tables)}
    return {rule.name for rule in flow.rules} - asked


def _unasked_watches(
    watches: Sequence[Timeless], tables: Mapping[StreamId, Table], failed: frozenset[str]
) -> dict[str, tuple[str, ...]]:
    if not watches:
        return {}
    unasked = {watch.name for watch in watches} - {
        watch.name for watch in askable_watches(watches, tables) if watch.name not in failed
    }
    return {ESTATE: tuple(sorted(unasked))}


def _count(table: Table) -> int:
    return int(table.rows.select(pl.len()).collect().item())


def _tables_of(landscape: Landscape, folder: Path) -> dict[StreamId, Table]:
    entities = known_entities(landscape)
    return open_tables(
        {
            stream: (settings, entities[settings.entity])
            for stream, settings in known_streams(landscape).items()
        },
        folder,
    )
