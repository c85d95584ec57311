"""The simulated firm in trouble, the daemon over it, and Prometheus and Alertmanager over both.

The firm's clock is behind ours, so that it can be moved on while it is watched: deals that are on
their way then arrive. Nothing here speaks of a vendor's system.
"""

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from monitor.core.clock import system_clock
from monitor.simulation import SimulatedFirm, VirtualClock
from monitor.simulation.firm import environment
from monitor.simulation.ledger import FaultKind
from tests.e2e.processes import POLL_SECONDS, Command, Server, free_port, run, scratch_folder, serve
from tests.e2e.prometheus import Monitoring, answers, ask, run_monitoring

SIMULATED = Path("monitor/simulation/landscape.yaml")
BEHIND = timedelta(hours=22)
"""How far the firm's clock is behind ours at first."""

REGIONS = {"EUR": "Europe", "GBP": "Britain", "USD": "Americas", "CHF": "Switzerland"}
"""The simulated firm names no regions: each currency stands for one."""


@dataclass(frozen=True, slots=True)
class Monitored:
    """The firm and who watches it.

    Attributes:
        firm: to break and to mend.
        monitoring: Prometheus and Alertmanager.
        daemon: the process that watches the firm.
        address: of the daemon's page.
        landscape: the file that it runs.
        variables: its environment.
    """

    firm: SimulatedFirm
    monitoring: Monitoring
    daemon: Server
    address: str
    landscape: Path
    variables: Mapping[str, str]

    def tieout(self, *words: str) -> str:
        """What a command says, beside the daemon that runs."""
        return run([sys.executable, "-m", "monitor.cli", *words], self.variables)

    def shows(self, expression: str) -> bool:
        """Whether Prometheus has it now."""
        return bool(self.monitoring.query(expression))


def wait_for(holds: Callable[[], bool], seconds: float) -> None:
    """Poll until something holds.

    Raises:
        AssertionError: it did not in time.
    """
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(POLL_SECONDS)


def quick_landscape() -> dict[str, Any]:
    """The simulated firm's landscape: looked at more often, with what it leaves out.

    Policies that have people repair amounts, a channel that nobody listens on, and regions. The
    firm's stamps are those of a clock behind ours, so nothing watches clocks.
    """
    landscape: dict[str, Any] = YAML(typ="safe").load(SIMULATED)
    for system in landscape["systems"].values():
        for stream in system["streams"].values():
            stream["every"] = "2s"
            if "every" in stream["deletes"]:
                stream["deletes"]["every"] = "10s"
    del landscape["watches"]["clocks"]
    landscape["systems"]["crm"]["streams"]["opportunities"]["map"]["region"] = {
        "from": "currency",
        "values": REGIONS,
    }
    flow = landscape["flows"]["sales-to-cash"]
    flow["indicators"]["slices"] = {"region": {}}
    flow["corrections"] = {
        "planned-amount": {"mode": "propose", "fix": "hand_over"},
        # What is late may still arrive: it is left alone.
        "project-opened": {"mode": "auto", "fix": "hand_over"},
        "project-booked": {"mode": "auto", "fix": "hand_over"},
    }
    landscape["corrections"] = {
        "approvers": {"ann": {}, "bob": {}},
        "limits": {"share": 1},
        "clock": "2d",
    }
    landscape["channels"]["nobody"] = {
        "channel": "webhook",
        "url": f"http://127.0.0.1:{free_port()}/",
        "secret": "${env:SIM_WEBHOOK_SECRET}",
    }
    landscape["routes"].append({"channels": ["nobody"], "severities": ["critical"]})
    return landscape


@contextlib.contextmanager
def monitored_firm(*, seed: int, deals: int) -> Iterator[Monitored]:
    """A firm with faults in its history that was looked at once, and still stands."""
    clock = VirtualClock(system_clock() - BEHIND, follow=system_clock)
    port = free_port()
    with scratch_folder() as folder, SimulatedFirm(seed, deals, clock) as firm:
        landscape = folder / "landscape.yaml"
        landscape.write_text(json.dumps(quick_landscape()))
        variables = {
            **os.environ,
            **environment(firm),
            "TIEOUT_DEMO_STORE": f"sqlite:///{folder / 'tieout.db'}",
            "TIEOUT_DEMO_PORT": str(port),
            "PYTHONPATH": os.getcwd(),
        }
        command: Command = [sys.executable, "-m", "monitor.cli", "run", landscape]
        address = f"http://127.0.0.1:{port}"
        with serve("tieout", command, folder / "tieout.log", variables) as daemon:
            daemon.wait_until(lambda: answers(f"{address}/-/ready"), 60)
            with run_monitoring(folder, f"127.0.0.1:{port}") as monitoring:
                watched = Monitored(firm, monitoring, daemon, address, landscape, variables)
                wait_for(lambda: watched.shows("sum(tieout_breaks_open) > 0"), 60)
                wait_for(lambda: watched.shows("tieout_set_up_time_seconds"), 60)
                yield watched


def befall(watched: Monitored) -> None:
    """Let happen what a quiet firm does not show: time passes, things break, people act."""
    of_landscape = ("--landscape", str(watched.landscape))
    watched.firm.take_down("psa")
    wait_for(lambda: watched.shows('tieout_sample_failures_total{source="psa"} > 0'), 60)
    watched.firm.bring_up("psa")
    mended = next(
        each for each in watched.firm.ledger() if each.kind is FaultKind.MISSING_ERP_PROJECT
    )
    watched.firm.repair(mended)
    standing = ask(f"{watched.address}/api/v1/breaks")
    said = ("--owner", "ann", "--reason", "Known.", "--until", f"{system_clock() + BEHIND}")
    watched.tieout("ignore", standing["items"][0]["id"], *of_landscape, *said)
    of_flow = (str(watched.landscape), "--flow", "sales-to-cash")
    watched.tieout("plan", *of_flow, "--propose", "--as", "bob")
    for hours in (8, 13):
        watched.firm.advance(timedelta(hours=hours))
        arrived = _total(watched, "tieout_hand_offs_arrived_total")
        wait_for(lambda: _total(watched, "tieout_hand_offs_arrived_total") > arrived, 90)  # noqa: B023 - asked within the turn
    wait_for(lambda: watched.shows("tieout_recovery_time_seconds"), 60)


def _total(watched: Monitored, metric: str) -> float:
    (told,) = watched.monitoring.query(f"sum({metric})")
    return float(told["value"][1])
