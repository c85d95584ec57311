"""What Prometheus's own tool says of the rules and of the metrics page."""

import json
import subprocess
from pathlib import Path

import pytest

from dashboards.rules.table import ALERTS
from monitor.core.metrics import KnownNames, Metrics
from monitor.core.model import StreamId
from tests.dashboards.rule_cases import CASES, STEPS, promtool_tests
from tests.e2e.processes import find_program, run

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

RULES = Path(__file__).parents[2] / "dashboards" / "rules" / "tieout.rules.yml"


def test_the_rule_file_is_sound() -> None:
    assert "SUCCESS" in run([find_program("promtool"), "check", "rules", RULES])


def test_the_metrics_page_is_clean() -> None:
    metrics = Metrics("1.2.3")
    streams = [StreamId("erp", "invoices")]
    metrics.prepare(KnownNames(("erp",), streams, ("sales",), hand_offs=[("sales", "booked")]))
    page, _ = metrics.expose("*/*")
    done = subprocess.run(
        [find_program("promtool"), "check", "metrics"], input=page, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_must_not() -> None:
    assert {alert.name for alert in ALERTS} == {*CASES, "TieoutWatchdog"}


@pytest.mark.parametrize("step", STEPS)
def test_alerts_fire_where_they_must_and_nowhere_else(step: int, tmp_path: Path) -> None:
    cases = tmp_path / "cases.yml"
    cases.write_text(json.dumps(promtool_tests(str(RULES), step)))
    assert "SUCCESS" in run([find_program("promtool"), "test", "rules", cases])
