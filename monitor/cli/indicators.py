"""The command that tells business indicators: tieout indicators."""

import json
from datetime import timedelta
from typing import Annotated

import typer

from monitor.cli import workbench
from monitor.cli.exits import Exit
from monitor.cli.moments import read_beginning, read_instant
from monitor.cli.options import AsJson, LandscapeOption, new_console
from monitor.core.clock import system_clock
from monitor.core.indicators import Dimension
from monitor.indicators.compute import compute_indicators
from monitor.indicators.figures import Period
from monitor.indicators.measuring import measure
from monitor.indicators.telling import indicators_as_json, show_indicators

_USUAL = timedelta(days=30)


def indicators(
    landscape: LandscapeOption,
    since: Annotated[
        str,
        typer.Option(metavar="INSTANT", help="Count from then on; else the landscape's period."),
    ] = "",
    until: Annotated[
        str, typer.Option(metavar="INSTANT", help="Count what came before; else up to now.")
    ] = "",
    by: Annotated[
        Dimension | None, typer.Option(help="Also for each part of the firm in this dimension.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell business indicators: match rate, visibility, set-up time, money that waits, and others.

    What was measured is brought up to date first. Exit status 4 if a source is blind, so that part
    of it is unknown.
    """
    now = system_clock()
    ends = (read_instant(until) if until else now) + timedelta.resolution
    period = None
    if since or until:
        period = Period(read_beginning(since) if since else ends - _USUAL, ends)
        if period.since >= period.until:
            raise typer.BadParameter("the time to count must begin before it ends")
    with workbench.opened_estate(landscape) as (estate, database):
        measure(estate, database)
        told = compute_indicators(estate, database, now, period)
    if as_json:
        typer.echo(json.dumps(indicators_as_json(told), indent=2))
    else:
        for each in told:
            show_indicators(each, new_console(), by)
    raise typer.Exit(Exit.BLIND if any(each.blind for each in told) else Exit.IN_ORDER)
