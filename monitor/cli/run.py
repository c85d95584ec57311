"""Commands that look at systems: run, once, demo."""

import json
from typing import Annotated

import structlog
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from monitor.cli import workbench
from monitor.cli.exits import Exit
from monitor.cli.options import AsJson, LandscapePath, new_console
from monitor.cli.serve import serve
from monitor.estate import Estate
from monitor.jobs import Runtime
from monitor.reports.overview import Overview, look_over, show_overview
from monitor.scheduler import Daemon
from monitor.single_pass import Pass, pass_once

log = structlog.get_logger(__name__)


def run(landscape: LandscapePath) -> None:
    """Run the daemon until it is stopped: sample, settle, tell; page and metrics on its port.

    SIGHUP and POST /-/reload read the landscape anew; SIGTERM and SIGINT end it with status 0.
    """
    settings = workbench.load(landscape)
    with workbench.opened_store(settings) as database:
        runtime = workbench.new_runtime(database)

        def build() -> Estate:
            changed = workbench.load(landscape)
            if (changed.store, changed.server) != (settings.store, settings.server):
                log.warning("store and server settings take effect at the next start")
            return workbench.build(changed, database, runtime.clock)

        serve(Daemon(runtime, build), settings.server)


def once(landscape: LandscapePath, as_json: AsJson = False) -> None:
    """Look at every system once, settle what changed, and say what stands.

    Exit status, as bit flags: 1 breaks stand, 2 the landscape was refused, 4 a source could not
    be looked at, 8 tieout itself failed.
    """
    settings = workbench.load(landscape)
    with workbench.opened_store(settings) as database:
        runtime = workbench.new_runtime(database)
        estate = workbench.build(settings, database, runtime.clock)
        try:
            done = watched_pass(estate, runtime)
            overview = look_over(estate, database, runtime.clock())
        finally:
            estate.close()
    if as_json:
        typer.echo(json.dumps({"pass": describe_pass(done), **overview.as_json()}, indent=2))
    else:
        show_overview(overview, new_console())
    raise typer.Exit(exit_of(done, overview))


def watched_pass(estate: Estate, runtime: Runtime) -> Pass:
    """A pass with a progress bar on stderr, where that is a terminal."""
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    ) as progress:
        task = progress.add_task("looking", total=len(estate.sources))
        return pass_once(estate, runtime, lambda _: progress.advance(task))


def exit_of(done: Pass, overview: Overview) -> Exit:
    """Everything that a pass has to say, as flags."""
    status = Exit.IN_ORDER
    if overview.breaks:
        status |= Exit.BREAKS
    if done.blind:
        status |= Exit.BLIND
    if done.failed:
        status |= Exit.FAILED
    return status


def describe_pass(done: Pass) -> dict[str, object]:
    """A pass for machines."""
    return {
        "looked_at": done.looked_at,
        "transitions": [
            {
                "kind": step.kind,
                "break": step.after.id,
                "transaction": step.after.finding.transaction,
                "rule": step.after.finding.rule,
                "why": step.why,
            }
            for step in done.transitions
        ],
        "looks": [
            {
                "stream": str(look.source),
                "failure": look.failure,
                "set_aside": look.tally.rejected,
            }
            for look in done.looks
        ],
    }


def demo(
    once: Annotated[bool, typer.Option("--once", help="Print what was found and end.")] = False,
    deals: Annotated[int, typer.Option(min=10, max=5000, help="Deals of the firm.")] = 200,
    seed: Annotated[int, typer.Option(help="What the firm is generated from.")] = 7,
    port: Annotated[int, typer.Option(help="Port of the page and the metrics.")] = 9464,
) -> None:
    """Start a simulated firm and look at it: what was planted, what was found."""
    from monitor.cli.demonstration import (  # noqa: PLC0415 - a daemon does without the simulation
        demonstrate,
    )

    demonstrate(once=once, deals=deals, seed=seed, port=port)
