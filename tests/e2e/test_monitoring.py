"""Prometheus and Alertmanager over the daemon that watches a simulated firm."""

import math
import time
from collections.abc import Iterator

import pytest

from dashboards.addresses import Addresses
from dashboards.grafana import to_grafana
from dashboards.pages import DASHBOARDS
from dashboards.panels import ALWAYS, PanelType
from dashboards.queries import chosen_everywhere
from dashboards.rules.table import RECORDINGS
from monitor.core.telemetry import trace_id_of
from tests.e2e.monitored_firm import Monitored, befall, monitored_firm, wait_for
from tests.e2e.prometheus import Monitoring, ask

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

WATCHED = 240
"""Seconds that a panel shows; more than pass before the tests are over."""

_NOT_REPAIRED = "the simulated firm cannot be written to: no correction is ever verified"

EMPTY: dict[str, str] = {
    "histogram_quantile(0.5, sum by (le, flow) (rate(tieout_repair_duration_seconds_bucket"
    '{job=~".+",instance=~".+",flow=~".+"}[30s])))': _NOT_REPAIRED,
    "histogram_quantile(0.95, sum by (le, flow) (rate(tieout_repair_duration_seconds_bucket"
    '{job=~".+",instance=~".+",flow=~".+"}[30s])))': _NOT_REPAIRED,
}
"""Expressions of panels that show nothing here, with the reason; as Prometheus is asked them."""

EMPTY_RECORDINGS: dict[str, str] = {}
"""Recorded series that are not there, likewise."""


@pytest.fixture(scope="module")
def watched() -> Iterator[Monitored]:
    with monitored_firm(seed=8, deals=80) as firm:
        befall(firm)
        yield firm


def shows_something(expression: str, type_: PanelType, monitoring: Monitoring) -> bool:
    """Whether anything is drawn: now for a number, at any time for a course; NaN draws nothing."""
    if type_ is PanelType.STAT:
        values = [each["value"][1] for each in monitoring.query(expression)]
    else:
        courses = monitoring.query_range(expression, int(time.time()), WATCHED)
        values = [value for each in courses for _, value in each["values"]]
    return any(not math.isnan(float(value)) for value in values)


def test_every_panel_shows_something_or_has_a_reason_not_to(watched: Monitored) -> None:
    asked = {
        (chosen_everywhere(query.expression, board.choices), panel.type)
        for board in DASHBOARDS
        for panel in board.panels
        for query in panel.queries
    }
    empty = {
        expression
        for expression, type_ in asked
        if not shows_something(expression, type_, watched.monitoring)
    }
    assert empty == set(EMPTY)


def test_every_variable_has_values_to_choose_from(watched: Monitored) -> None:
    for choice in {*ALWAYS, *(each for board in DASHBOARDS for each in board.choices)}:
        series = watched.monitoring.query(f"{choice.metric}{{{choice.matchers}}}")
        assert {each["metric"].get(choice.label) for each in series} - {None}, choice.name


def test_annotations_are_asked_well_and_mark_what_happened(watched: Monitored) -> None:
    document = to_grafana(DASHBOARDS[0], Addresses().page)
    marked = {
        each["name"]
        for each in document["annotations"]["list"]
        if watched.monitoring.query_range(
            chosen_everywhere(each["target"]["expr"], ()), int(time.time()), WATCHED
        )
    }
    # The daemon came while Prometheus looked on, and found what was critical.
    assert {"Deployments", "Incidents", "Alerts"} <= marked


def test_every_recorded_series_is_there_or_has_a_reason_not_to_be(watched: Monitored) -> None:
    empty = {rule.name for rule in RECORDINGS if not watched.monitoring.query(rule.name)}
    assert empty == set(EMPTY_RECORDINGS)


def test_no_rule_fails(watched: Monitored) -> None:
    told = ask(f"{watched.monitoring.prometheus}/api/v1/rules")
    rules = [rule for group in told["data"]["groups"] for rule in group["rules"]]
    assert rules
    assert {rule["health"] for rule in rules} == {"ok"}


def test_an_example_of_a_slow_hand_off_leads_to_the_trace_of_its_deal(watched: Monitored) -> None:
    now = time.time()
    told = ask(
        f"{watched.monitoring.prometheus}/api/v1/query_exemplars",
        query='tieout_hand_off_duration_seconds_bucket{flow="sales-to-cash"}',
        start=f"{now - WATCHED}",
        end=f"{now}",
    )
    traces = {
        example["labels"]["trace_id"] for series in told["data"] for example in series["exemplars"]
    }
    assert traces
    assert traces <= {trace_id_of("sales-to-cash", deal).hex() for deal in watched.firm.world.deals}


def test_an_alert_reaches_alertmanager_and_resolves(watched: Monitored) -> None:
    down = ("TieoutSourceDown", "psa")
    wait_for(lambda: ("TieoutWatchdog", "") in watched.monitoring.alerts(), 30)
    wait_for(lambda: down not in watched.monitoring.alerts(), 60)
    watched.firm.take_down("psa")
    wait_for(lambda: down in watched.monitoring.alerts(), 60)
    watched.firm.bring_up("psa")
    wait_for(lambda: down not in watched.monitoring.alerts(), 60)
