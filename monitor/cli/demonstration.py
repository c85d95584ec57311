"""The demonstration: a simulated firm with planted faults, and what tieout finds of them."""

import os
import tempfile
from collections.abc import Sequence
from importlib.resources import as_file, files
from pathlib import Path

import typer
from rich.console import Console
from rich.text import Text

from monitor.app import build_estate, read_landscape
from monitor.cli.exits import Exit
from monitor.cli.options import new_console
from monitor.cli.run import watched_pass
from monitor.cli.serve import serve
from monitor.cli.workbench import new_runtime
from monitor.core.breaks import Break
from monitor.estate import Estate
from monitor.reports.deal import trace_deal
from monitor.reports.overview import look_over, show_overview
from monitor.reports.picture import show_trace
from monitor.scheduler import Daemon
from monitor.simulation.firm import SimulatedFirm, environment
from monitor.simulation.ledger import Entry
from monitor.store.database import open_database


def demonstrate(*, once: bool, deals: int, seed: int, port: int) -> None:
    """Run the demonstration; without `once`, until SIGINT or SIGTERM."""
    console = new_console()
    with (
        tempfile.TemporaryDirectory(prefix="tieout-demo-") as folder,
        SimulatedFirm(seed=seed, deals=deals) as firm,
        as_file(files("monitor.simulation") / "landscape.yaml") as path,
    ):
        variables = {
            **os.environ,
            **environment(firm),
            "TIEOUT_DEMO_STORE": f"sqlite:///{Path(folder) / 'tieout.db'}",
            "TIEOUT_DEMO_PORT": str(port),
        }
        landscape = read_landscape(path, variables)
        database = open_database(landscape.store.url)
        database.migrate()
        runtime = new_runtime(database, firm.clock)

        def build() -> Estate:
            return build_estate(read_landscape(path, variables), firm.clock, calls_today={})

        estate = build()
        watched_pass(estate, runtime)
        overview = look_over(estate, database, firm.clock())
        show_overview(overview, console)
        if overview.breaks:
            key = overview.breaks[0].finding.transaction
            for trace in trace_deal(estate, database, key, firm.clock()):
                show_trace(trace, console)
        agrees = _compare(firm.ledger(), overview.breaks, console)
        estate.close()
        if not once:
            _announce(firm, console)
            serve(Daemon(runtime, build), landscape.server)
        database.close()
    if not agrees:
        raise typer.Exit(Exit.FAILED)


def _compare(planted: tuple[Entry, ...], found: Sequence[Break], console: Console) -> bool:
    """Say whether what was found is exactly what was planted."""
    expected = {_planted_identity(entry) for entry in planted}
    actual = {_found_identity(each) for each in found}
    missed, invented = expected - actual, actual - expected
    agrees = not missed and not invented
    console.print(
        Text(
            f"planted {len(expected)} faults; found {len(expected & actual)}, "
            f"missed {len(missed)}, invented {len(invented)}",
            style="bold green" if agrees else "bold red",
        )
    )
    for title, identities in (("missed", missed), ("invented", invented)):
        for identity in sorted(identities):
            console.print(Text(f"  {title}: {' '.join(identity)}", style="red"))
    return agrees


def _planted_identity(entry: Entry) -> tuple[str, ...]:
    symptom = entry.symptom
    return (entry.deal, symptom.break_kind.value, symptom.system, symptom.stream, symptom.field)


def _found_identity(each: Break) -> tuple[str, ...]:
    found = each.finding
    return (found.transaction, found.kind.value, found.system, found.stream, found.field)


def _announce(firm: SimulatedFirm, console: Console) -> None:
    order = '{"kind": "amount_drift"}'
    console.print(Text("\nIt goes on until Ctrl-C. To plant another fault:"))
    console.print(Text(f"curl -X POST {firm.control_url}/faults -d '{order}'\n"))
