"""Commands that ask the store: breaks, quarantine, trace, transactions."""

import json
from collections.abc import Sequence
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from monitor.cli import workbench
from monitor.cli.exits import Exit
from monitor.cli.options import AsJson, LandscapeOption, new_console
from monitor.core.breaks import Break, BreakKind
from monitor.core.clock import system_clock
from monitor.core.ignores import heard_only, suppressed_only
from monitor.core.showing import show_minute
from monitor.core.transactions import TransactionStatus
from monitor.reports.break_list import BreakList
from monitor.reports.deal import trace_deal
from monitor.reports.ignored import count_breaks
from monitor.reports.listing import list_deals
from monitor.reports.overview import break_as_json, in_order
from monitor.reports.picture import show_trace
from monitor.reports.set_aside import set_aside_as_json, set_aside_table
from monitor.store import breaks as break_store
from monitor.store import quarantine as quarantine_store


def breaks(
    landscape: LandscapeOption,
    system: Annotated[str, typer.Option(help="Only those of this system.")] = "",
    kind: Annotated[BreakKind | None, typer.Option(help="Only those of this class.")] = None,
    owner: Annotated[str, typer.Option(help="Only those that this owner holds.")] = "",
    ignored: Annotated[
        bool, typer.Option("--ignored", help="Also those that somebody ignores.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the breaks that stand, the most severe first, then the dearest.

    Ignored ones are counted, and listed with --ignored and in JSON. Exit status 1 if any stand that
    nobody ignores.
    """
    with workbench.opened_estate(landscape) as (_, database), database.read() as connection:
        standing = [
            each
            for each in break_store.standing_breaks(connection)
            if system in ("", each.finding.system)
            and kind in (None, each.finding.kind)
            and owner in ("", each.finding.owner)
        ]
    heard = heard_only(standing)
    if as_json:
        typer.echo(json.dumps([break_as_json(each) for each in in_order(standing)], indent=2))
    else:
        _show_breaks(standing if ignored else heard, suppressed_only(standing))
    raise typer.Exit(Exit.BREAKS if heard else Exit.IN_ORDER)


def _show_breaks(shown: Sequence[Break], suppressed: Sequence[Break]) -> None:
    if shown:
        new_console().print(BreakList(in_order(shown)))
    else:
        typer.echo("no breaks stand" if not suppressed else "no breaks stand but ignored ones")
    if suppressed:
        typer.echo(f"ignored: {count_breaks(suppressed)}; see tieout ignores")


def quarantine(
    landscape: LandscapeOption,
    system: Annotated[str, typer.Option(help="Only those of this system.")] = "",
    payload: Annotated[
        bool, typer.Option("--payload", help="Also what the source sent; it may be confidential.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the rows that were set aside because they could not become records, and why.

    A row leaves the list when the source has mended it. Exit status 4 if there are any.
    """
    with workbench.opened_estate(landscape) as (_, database), database.read() as connection:
        rows = [
            each
            for each in quarantine_store.in_quarantine(connection)
            if system in ("", each.stream.system)
        ]
    if as_json:
        told = [set_aside_as_json(each, with_payload=payload) for each in rows]
        typer.echo(json.dumps(told, indent=2))
    elif rows:
        new_console().print(set_aside_table(rows, with_payload=payload))
    else:
        typer.echo("no row is set aside")
    raise typer.Exit(Exit.BLIND if rows else Exit.IN_ORDER)


def trace(
    key: Annotated[str, typer.Argument(help="Business key of the deal, such as OPP-123.")],
    landscape: LandscapeOption,
    as_json: AsJson = False,
) -> None:
    """Draw a deal's way through every system. Exit status 1 if breaks stand, 2 if unknown key."""
    with workbench.opened_estate(landscape) as (estate, database):
        traces = trace_deal(estate, database, key, system_clock())
    if not traces:
        typer.echo(f"no transaction is called '{key}'", err=True)
        raise typer.Exit(Exit.REFUSED)
    if as_json:
        typer.echo(json.dumps([each.as_json() for each in traces], indent=2))
    else:
        for each in traces:
            show_trace(each, new_console())
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
    with workbench.opened_estate(landscape) as (estate, database):
        found = list_deals(
            estate, database, system_clock(), text=search, status=status, limit=limit
        )
    if as_json:
        typer.echo(json.dumps([each.as_json() for each in found], indent=2))
        return
    if not found:
        typer.echo("no transaction is found by that")
        return
    table = Table("flow", "transaction", "status", "since (UTC)", box=None, header_style="bold")
    for each in found:
        status_text = each.status.value.replace("_", " ")
        cells = (each.flow, each.key, status_text, show_minute(each.status_since))
        table.add_row(*(Text(cell) for cell in cells))
    console = new_console()
    console.print(table)
    if len(found) == limit:
        console.print(Text(f"the first {limit:,}; --limit shows more", style="dim"))
