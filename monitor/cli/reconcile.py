"""The command that reconciles extracts: tieout reconcile."""

import json
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli import workbench
from monitor.cli.exits import Exit
from monitor.cli.moments import read_instant
from monitor.cli.workbench import AsJson, LandscapePath


def reconcile(
    landscape: LandscapePath,
    data: Annotated[
        Path, typer.Option(exists=True, file_okay=False, help="Folder with the extracts.")
    ],
    as_of: Annotated[
        str,
        typer.Option(metavar="INSTANT", help="When to judge; when the oldest was written, else."),
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(dir_okay=False, help="Where the breaks go: .parquet, .csv or .jsonl."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Look for every break in extracts that somebody handed over: no daemon, no store.

    Exit status, as bit flags: 1 there are breaks, 2 the landscape was refused, 4 something could
    not be looked at, 8 tieout itself failed.
    """
    from monitor import reconciliation  # noqa: PLC0415 - other commands start without it
    from monitor.extracts.breaks_file import breaks_table, write_breaks  # noqa: PLC0415 - as above
    from monitor.reports.reconciliation import (  # noqa: PLC0415 - as above
        reconciliation_as_json,
        show_reconciliation,
    )

    done = reconciliation.reconcile(landscape, data, read_instant(as_of) if as_of else None)
    breaks = breaks_table(done.result.found)
    if out is not None:
        write_breaks(breaks, out)
    if as_json:
        typer.echo(json.dumps(reconciliation_as_json(done, breaks), indent=2))
    else:
        show_reconciliation(done, breaks, workbench.new_console())
    unknown = done.absent or any(done.not_asked.values()) or done.result.unreadable.height
    status = Exit.BREAKS if breaks.height else Exit.IN_ORDER
    raise typer.Exit(status | Exit.BLIND if unknown else status)
