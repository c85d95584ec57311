"""Commands that ask the store: breaks, trace, transactions."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitor.cli import workbench
from monitor.cli.exits import Exit
from monitor.cli.workbench import AsJson, LandscapeOption
from monitor.core.breaks import BreakKind
from monitor.core.clock import system_clock
from monitor.core.model import encode_value
from monitor.core.transactions import TransactionStatus, shown_status
from monitor.estate import Estate
from monitor.reports.deal import trace_deal
from monitor.reports.overview import break_as_json, break_table
from monitor.reports.picture import show_trace
from monitor.sight import see
from monitor.store import breaks as break_store
from monitor.store.database import Database
from monitor.store.trace import find_transactions


@contextmanager
def _opened(landscape: LandscapeOption) -> Iterator[tuple[Estate, Database]]:
    settings = workbench.load(landscape)
    with workbench.opened_store(settings) as database:
        estate = workbench.build(settings, database)
        try:
            yield estate, database
        finally:
            estate.close()


def breaks(
    landscape: LandscapeOption,
    system: Annotated[str, typer.Option(help="Only those of this system.")] = "",
    kind: Annotated[BreakKind | None, typer.Option(help="Only those of this class.")] = None,
    owner: Annotated[str, typer.Option(help="Only those that this owner holds.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the breaks that stand, the dearest first. Exit status 1 if there are any."""
    with _opened(landscape) as (_, database), database.read() as connection:
        standing = [
            each
            for each in break_store.standing_breaks(connection)
            if system in ("", each.finding.system)
            and kind in (None, each.finding.kind)
            and owner in ("", each.finding.owner)
        ]
    if as_json:
        typer.echo(json.dumps([break_as_json(each) for each in standing], indent=2))
    elif standing:
        Console().print(break_table(standing))
    else:
        typer.echo("no breaks stand")
    raise typer.Exit(Exit.BREAKS if standing else Exit.IN_ORDER)


def trace(
    key: Annotated[str, typer.Argument(help="Business key of the deal, such as OPP-123.")],
    landscape: LandscapeOption,
    as_json: AsJson = False,
) -> None:
    """Draw a deal's way through every system. Exit status 1 if breaks stand, 2 if unknown key."""
    with _opened(landscape) as (estate, database):
        traces = trace_deal(estate, database, key, system_clock())
    if not traces:
        typer.echo(f"no transaction is called '{key}'", err=True)
        raise typer.Exit(Exit.REFUSED)
    if as_json:
        typer.echo(json.dumps([each.as_json() for each in traces], indent=2))
    else:
        for each in traces:
            show_trace(each, Console())
    broken = any(each.status is TransactionStatus.BROKEN for each in traces)
    raise typer.Exit(Exit.BREAKS if broken else Exit.IN_ORDER)


def transactions(
    landscape: LandscapeOption,
    search: Annotated[str, typer.Argument(help="Part of a business key.")] = "",
    status: Annotated[TransactionStatus | None, typer.Option(help="Only in this status.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List transactions with their status."""
    with _opened(landscape) as (estate, database):
        blind = see(estate, database, system_clock()).blind
        dark = {flow.name: bool(flow.needs & blind.keys()) for flow in estate.flows}
        with database.read() as connection:
            found = find_transactions(connection, text=search, status=status, limit=limit)
    rows = [
        (row.flow, row.key, shown_status(row.status, is_blind=dark.get(row.flow, True)), row)
        for row in found
    ]
    if as_json:
        document = [
            {
                "flow": flow,
                "transaction": key,
                "status": shown.value,
                "status_since": encode_value(row.status_since),
            }
            for flow, key, shown, row in rows
        ]
        typer.echo(json.dumps(document, indent=2))
        return
    table = Table("flow", "transaction", "status", "since", box=None, header_style="bold")
    for flow, key, shown, row in rows:
        since = f"{row.status_since:%Y-%m-%d %H:%M}" if row.status_since else ""
        cells = (flow, key, shown.value.replace("_", " "), since)
        table.add_row(*(Text(cell) for cell in cells))
    Console().print(table)
