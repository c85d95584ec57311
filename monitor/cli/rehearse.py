"""The command that tries changed rules on the past: rehearse."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from monitor.app import build_estate
from monitor.cli import workbench
from monitor.cli.exits import Exit
from monitor.cli.moments import read_instant, read_length
from monitor.cli.options import AsJson, LandscapePath, new_console
from monitor.core.clock import system_clock
from monitor.estate import Estate
from monitor.rehearsal import instants_between
from monitor.rehearsal import rehearse as rehearse_rules
from monitor.reports.rehearsed import Rehearsal, rehearsal_table

_WEEK = timedelta(days=7)


def rehearse(
    landscape: LandscapePath,
    against: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="Compare with what these rules would have found, not with what was recorded.",
        ),
    ] = None,
    since: Annotated[
        str, typer.Option(help="First instant, ISO 8601; a week before the last.")
    ] = "",
    until: Annotated[str, typer.Option(help="Last instant, ISO 8601; now.")] = "",
    every: Annotated[str, typer.Option(help="Time between two instants.")] = "1d",
    as_json: AsJson = False,
) -> None:
    """Ask changed rules about the stored history: what they would have opened and closed, when.

    LANDSCAPE is the changed one; its store is read and nothing is written. Exit status, as bit
    flags: 1 the rules would have found other breaks, 2 refused, 4 some rule could not be asked at
    some instant.
    """
    settings = workbench.load(landscape)
    other = None if against is None else workbench.load(against)
    now = system_clock()
    last = read_instant(until) if until else now
    first = read_instant(since) if since else last - _WEEK
    try:
        instants = instants_between(first, last, read_length(every))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if last > now:
        raise typer.BadParameter("what lies ahead cannot be rehearsed")
    estate = build_estate(settings, system_clock, calls_today={})
    before: Estate | None = None
    try:
        before = None if other is None else build_estate(other, system_clock, calls_today={})
        with workbench.opened_store(settings) as database:
            done = rehearse_rules(estate, database, instants, now, before)
    finally:
        estate.close()
        if before is not None:
            before.close()
    if as_json:
        typer.echo(json.dumps(done.as_json(), indent=2))
    else:
        new_console().print(rehearsal_table(done))
    raise typer.Exit(_exit_of(done))


def _exit_of(done: Rehearsal) -> Exit:
    status = Exit.IN_ORDER
    if not all(each.is_same for each in done.comparisons()):
        status |= Exit.BREAKS
    if done.unasked:
        status |= Exit.BLIND
    return status
