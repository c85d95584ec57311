"""Prometheus and Alertmanager over the daemon that watches a simulated firm."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from dashboards.pages import DASHBOARDS
from dashboards.rules.rule import Recording
from dashboards.rules.table import RECORDINGS
from monitor.simulation import SimulatedFirm
from monitor.simulation.firm import environment
from tests.e2e.processes import POLL_SECONDS, free_port, scratch_folder, serve
from tests.e2e.prometheus import Monitoring, answers, ask, run_monitoring

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

LANDSCAPE = "monitor/simulation/landscape.yaml"
WARM_UP = 12
"""Seconds of scrapes before rates are asked for."""

EMPTY: dict[str, str] = {
    "Failed looks": "no look fails before a system is taken down",
    "Failed deliveries": "every notice is taken",
    "Breaks left alone": "the landscape has no policy",
    "Corrections": "the landscape has no policy",
    "Plans": "the landscape has no policy",
    "Oldest notice": "every notice is delivered within a second or so",
    "Ignored": "nobody ignores a break",
    "Recovery time": "nothing has recovered since the daemon began to look",
    "Calls remaining": "shown where a budget is counted",
}
"""Panels that may have nothing to show, with the reason."""

EMPTY_RECORDINGS: dict[str, str] = {
    "ratio": "nothing has arrived since the daemon began to look: a share of nothing is none",
}
"""Endings of recorded series that may be empty, likewise."""


@dataclass(frozen=True, slots=True)
class Watched:
    """The firm and who watches it."""

    firm: SimulatedFirm
    monitoring: Monitoring


@pytest.fixture(scope="module")
def watched() -> Iterator[Watched]:
    port = free_port()
    with scratch_folder() as folder, SimulatedFirm(seed=7, deals=60) as firm:
        variables = {
            **os.environ,
            **environment(firm),
            "TIEOUT_DEMO_STORE": f"sqlite:///{folder / 'tieout.db'}",
            "TIEOUT_DEMO_PORT": str(port),
            "PYTHONPATH": os.getcwd(),
        }
        command = [sys.executable, "-m", "monitor.cli", "run", os.path.abspath(LANDSCAPE)]
        with serve("tieout", command, folder / "tieout.log", variables) as daemon:
            daemon.wait_until(lambda: answers(f"http://127.0.0.1:{port}/-/ready"), 30)
            with run_monitoring(folder, f"127.0.0.1:{port}") as monitoring:
                wait_for(
                    lambda: (
                        bool(monitoring.query("sum(tieout_breaks_open) > 0"))
                        and bool(monitoring.query("tieout_set_up_time_seconds"))
                    ),
                    60,
                )
                time.sleep(WARM_UP)
                yield Watched(firm, monitoring)


def wait_for(holds: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(POLL_SECONDS)


def chosen(expression: str) -> str:
    """As Grafana asks it where everything is chosen."""
    filled = expression.replace("$__rate_interval", "30s")
    for variable in ("job", "instance", "system", "flow"):
        filled = filled.replace(f"${variable}", ".+")
    return filled


def test_every_panel_shows_something_or_has_a_reason_not_to(watched: Watched) -> None:
    empty = {
        panel.title
        for board in DASHBOARDS
        for panel in board.panels
        for query in panel.queries
        if not watched.monitoring.query(chosen(query.expression))
    }
    assert empty <= set(EMPTY)


def test_every_recorded_series_is_there_or_has_a_reason_not_to_be(watched: Watched) -> None:
    def is_empty(rule: Recording) -> bool:
        return not watched.monitoring.query(rule.name)

    empty = {rule.name for rule in RECORDINGS if is_empty(rule)}
    assert {name for name in empty if not any(part in name for part in EMPTY_RECORDINGS)} == set()


def test_no_rule_fails(watched: Watched) -> None:
    told = ask(f"{watched.monitoring.prometheus}/api/v1/rules")
    rules = [rule for group in told["data"]["groups"] for rule in group["rules"]]
    assert rules
    assert {rule["health"] for rule in rules} == {"ok"}


def test_an_alert_reaches_alertmanager_and_resolves(watched: Watched) -> None:
    down = ("TieoutSourceDown", "psa")
    wait_for(lambda: ("TieoutWatchdog", "") in watched.monitoring.alerts(), 30)
    assert down not in watched.monitoring.alerts()
    watched.firm.take_down("psa")
    wait_for(lambda: down in watched.monitoring.alerts(), 60)
    watched.firm.bring_up("psa")
    wait_for(lambda: down not in watched.monitoring.alerts(), 60)
