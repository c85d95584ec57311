"""Resident memory of an idle daemon over the simulated firm, after everything was looked at."""

import os
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from monitor.simulation import SimulatedFirm
from monitor.simulation.firm import environment
from tests.bench.measure import Figure, free_port

LANDSCAPE = Path("monitor/simulation/landscape.yaml")
DEALS = 200
SETTLED = "tieout_touched_depth 0.0"
AIM_MIB = 150.0
PATIENCE_SECONDS = 60
IDLE_SECONDS = 10


def run() -> list[Figure]:
    """Two figures: mebibytes against the aim, of a fresh store and after a restart."""
    with (
        tempfile.TemporaryDirectory(prefix="tieout-bench-") as folder,
        SimulatedFirm(deals=DEALS) as firm,
    ):
        return [_measure(firm, folder, when) for when in ("on a fresh store", "restarted")]


def _measure(firm: SimulatedFirm, folder: str, when: str) -> Figure:
    port = free_port()
    variables = {
        **os.environ,
        **environment(firm),
        "TIEOUT_DEMO_STORE": f"sqlite:///{folder}/tieout.db",
        "TIEOUT_DEMO_PORT": str(port),
    }
    command = [sys.executable, "-m", "monitor.cli", "run", str(LANDSCAPE)]
    with subprocess.Popen(command, env=variables) as daemon:
        try:
            _wait_until_settled(port)
            time.sleep(IDLE_SECONDS)
            resident = _resident_mib(daemon.pid)
        finally:
            daemon.terminate()
    detail = f"{resident:.0f} MiB resident / {AIM_MIB:.0f} MiB, {DEALS} deals, all jobs running"
    return Figure(f"idle daemon {when} / its aim", resident / AIM_MIB, "<= 1.0", detail)


def _wait_until_settled(port: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        time.sleep(0.5)
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                page = answer.read().decode()
        except urllib.error.URLError:
            continue
        if SETTLED in page and 'status="broken"} 0.0' not in page:
            return
    raise TimeoutError("the daemon did not settle")


def _resident_mib(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ValueError("no VmRSS line")
