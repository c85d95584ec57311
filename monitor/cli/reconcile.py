"""The command that reconciles extracts: tieout reconcile."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from monitor import reconciliation
from monitor.cli.exits import Exit
from monitor.cli.moments import read_instant
from monitor.cli.options import AsJson, LandscapePath, new_console
from monitor.core.clock import system_clock
from monitor.extracts.breaks_file import breaks_table, format_of, write_breaks
from monitor.extracts.outcome import Reconciliation
from monitor.reports.reconciliation import reconciliation_as_json, show_reconciliation


def reconcile(
    landscape: LandscapePath,
    data: Annotated[
        Path | None,
        typer.Option(
            exists=True, file_okay=False, help="Folder with the extracts; else the store."
        ),
    ] = None,
    as_of: Annotated[
        str,
        typer.Option(
            metavar="INSTANT", help="When to judge; when the oldest was written, or now, else."
        ),
    ] = "",
    known: Annotated[
        str,
        typer.Option(
            metavar="INSTANT", help="Of the store: without what was seen later than this."
        ),
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="Where the breaks go: .parquet, .csv or .jsonl."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Look for every break in extracts that somebody handed over, or in the store as it was then.

    Extracts need neither daemon nor store. Of the store nothing is changed.

    Exit status, as bit flags: 1 there are breaks, 2 the landscape was refused, 4 something could
    not be looked at, 8 tieout itself failed.
    """
    if out is not None:
        _require_format(out)
    instant = read_instant(as_of) if as_of else None
    if data is None:
        done = _reconcile_store(landscape, instant, read_instant(known) if known else None)
    else:
        done = reconciliation.reconcile(landscape, data, instant)
    breaks = breaks_table(done.result.found)
    if out is not None:
        write_breaks(breaks, out)
    if as_json:
        typer.echo(json.dumps(reconciliation_as_json(done, breaks), indent=2))
    else:
        show_reconciliation(done, breaks, new_console())
    unknown = done.absent or any(done.not_asked.values()) or done.result.unreadable.height
    status = Exit.BREAKS if breaks.height else Exit.IN_ORDER
    raise typer.Exit(status | Exit.BLIND if unknown else status)


def _require_format(out: Path) -> None:
    """Refuse a file that could not be written before hours are spent on what goes into it."""
    try:
        format_of(out)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _reconcile_store(
    landscape: Path, instant: datetime | None, known: datetime | None
) -> Reconciliation:
    from monitor.cli import workbench  # noqa: PLC0415 - extracts need no store
    from monitor.store.past import AsOf  # noqa: PLC0415 - as above
    from monitor.store_reconciliation import reconcile_store  # noqa: PLC0415 - as above

    settings = workbench.load(landscape)
    now = system_clock()
    as_of = AsOf(instant or known or now, known or now)
    if max(as_of) > now:
        raise typer.BadParameter("what lies ahead cannot be reconciled")
    with workbench.opened_store(settings) as database:
        estate = workbench.build(settings, database)
        try:
            return reconcile_store(estate, database, as_of)
        except ValueError as error:
            raise typer.BadParameter(str(error)) from None
        finally:
            estate.close()
