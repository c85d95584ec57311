"""A whole reconciliation of extracts: the landscape's flows, shard by shard."""

import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl

from monitor.app import build_flow, load_plugins, read_landscape
from monitor.config import Landscape
from monitor.config.context import known_entities, known_streams
from monitor.core.errors import Permanent, Reason
from monitor.core.model import StreamId
from monitor.estate import Flow
from monitor.extracts.outcome import Reconciliation
from monitor.extracts.placing import Shard, place_rows
from monitor.extracts.reconciling import Reconciled, askable_rules, reconcile_shard, together
from monitor.extracts.tables import Table, open_tables
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
    """Every flow's rules over the extracts in a folder.

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
    landscape = read_landscape(path, os.environ)
    tables = _tables_of(landscape, folder)
    if not tables:
        raise Permanent(f"no stream's extract is in {folder}", reason=Reason.NOT_FOUND)
    rows = {stream: _count(table) for stream, table in tables.items()}
    instant = as_of or min(table.extracted_at for table in tables.values())
    flows = _flows_of(landscape)
    for flow in flows:
        if flow.root not in tables:
            message = f"flow {flow.name}: there is no extract of its root, {flow.root}"
            raise Permanent(message, reason=Reason.NOT_FOUND)
    settings = landscape.workers
    shards = max(-(-sum(rows.values()) // settings.rows), settings.processes)
    parts = [
        Part(path.resolve(), folder.resolve(), flow.name, Shard(number, shards), instant)
        for flow in flows
        for number in range(shards)
    ]
    return Reconciliation(
        as_of=instant,
        rows=rows,
        absent=tuple(sorted(known_streams(landscape).keys() - tables.keys())),
        not_asked={
            flow.name: tuple(
                rule.name for rule in flow.rules if rule not in askable_rules(flow, tables)
            )
            for flow in flows
        },
        result=together(run_tasks(settings, reconcile_part, parts)),
    )


def reconcile_part(part: Part) -> Reconciled:
    """The work of one worker."""
    landscape = read_landscape(part.landscape, os.environ)
    flow = build_flow(part.flow, landscape.flows[part.flow], landscape, load_plugins())
    tables = _tables_of(landscape, part.folder)
    placing = place_rows(flow, tables)
    return reconcile_shard(flow, tables, placing, part.shard, part.as_of)


def _flows_of(landscape: Landscape) -> list[Flow]:
    plugins = load_plugins()
    return [build_flow(name, each, landscape, plugins) for name, each in landscape.flows.items()]


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
