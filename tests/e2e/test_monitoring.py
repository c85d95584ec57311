"""Prometheus and Alertmanager over the daemon that watches a simulated firm."""

import math
from collections.abc import Iterator

import pytest

from dashboards.pages import DASHBOARDS
from dashboards.panels import ALWAYS, PanelType, Query
from dashboards.rules.table import RECORDINGS
from tests.e2e.monitored_firm import Monitored, befall, monitored_firm, wait_for
from tests.e2e.prometheus import Monitoring, ask

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

WATCHED = 240
"""Seconds that a panel shows; more than pass before the tests are over."""

_NOT_REPAIRED = "the simulated firm cannot be written to: no correction is ever verified"

EMPTY: dict[str, str] = {
    f"histogram_quantile({share}, sum by (le, flow)"
    ' (rate(tieout_repair_duration_seconds_bucket{job=~".+",instance=~".+"}[30s])))': _NOT_REPAIRED
    for share in (0.5, 0.95)
}
"""Expressions of panels that show nothing here, with the reason; as Prometheus is asked them."""

EMPTY_RECORDINGS: dict[str, str] = {}
"""Recorded series that are not there, likewise."""


@pytest.fixture(scope="module")
def watched() -> Iterator[Monitored]:
    with monitored_firm(seed=8, deals=80) as firm:
        befall(firm)
        yield firm


def chosen(expression: str) -> str:
    """As Grafana asks it where everything is chosen."""
    filled = expression.replace("$__rate_interval", "30s")
    for choice in {*ALWAYS, *(each for board in DASHBOARDS for each in board.choices)}:
        filled = filled.replace(f"${choice.name}", choice.every)
    return filled


def shows_something(query: Query, type_: PanelType, monitoring: Monitoring) -> bool:
    """Whether anything is drawn: now for a number, at any time for a course; NaN draws nothing."""
    expression = chosen(query.expression)
    if type_ in {PanelType.STAT, PanelType.TABLE}:
        values = [each["value"][1] for each in monitoring.query(expression)]
    else:
        courses = monitoring.query_range(expression, WATCHED)
        values = [value for each in courses for _, value in each["values"]]
    return any(not math.isnan(float(value)) for value in values)


def test_every_panel_shows_something_or_has_a_reason_not_to(watched: Monitored) -> None:
    empty = {
        chosen(query.expression)
        for board in DASHBOARDS
        for panel in board.panels
        for query in panel.queries
        if not shows_something(query, panel.type, watched.monitoring)
    }
    assert empty == set(EMPTY)


def test_every_recorded_series_is_there_or_has_a_reason_not_to_be(watched: Monitored) -> None:
    empty = {rule.name for rule in RECORDINGS if not watched.monitoring.query(rule.name)}
    assert empty == set(EMPTY_RECORDINGS)


def test_no_rule_fails(watched: Monitored) -> None:
    told = ask(f"{watched.monitoring.prometheus}/api/v1/rules")
    rules = [rule for group in told["data"]["groups"] for rule in group["rules"]]
    assert rules
    assert {rule["health"] for rule in rules} == {"ok"}


def test_an_alert_reaches_alertmanager_and_resolves(watched: Monitored) -> None:
    down = ("TieoutSourceDown", "psa")
    wait_for(lambda: ("TieoutWatchdog", "") in watched.monitoring.alerts(), 30)
    wait_for(lambda: down not in watched.monitoring.alerts(), 60)
    watched.firm.take_down("psa")
    wait_for(lambda: down in watched.monitoring.alerts(), 60)
    watched.firm.bring_up("psa")
    wait_for(lambda: down not in watched.monitoring.alerts(), 60)
