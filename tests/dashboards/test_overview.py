import json
import re
from itertools import combinations
from typing import Any

import pytest

from dashboards.overview import FILE, OVERVIEW, render
from dashboards.panels import WIDTH, Panel
from monitor.core.catalogue import CATALOGUE, MetricType, series_names

METRICS = {name: metric for metric in CATALOGUE for name in series_names(metric)}
ADDED_BY_PROMETHEUS = {"job", "instance", "le"}
PANELS = OVERVIEW.panels


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    return read


def named(panel: Panel) -> str:
    return panel.title


def expressions(panel: Panel) -> list[str]:
    return [query.expression for query in panel.queries]


def test_the_committed_file_is_what_the_code_says() -> None:
    assert FILE.read_text("utf-8") == render()


@pytest.mark.parametrize("panel", PANELS, ids=named)
def test_expressions_use_only_metrics_and_labels_of_the_catalogue(panel: Panel) -> None:
    for expression in expressions(panel):
        names = re.findall(r"\btieout_\w+", expression)
        assert names
        assert set(names) <= set(METRICS)
        allowed = {label for name in names for label in METRICS[name].label_names}
        grouped = re.findall(r"\bby \(([^)]*)\)", expression)
        labels = {each.strip() for group in grouped for each in group.split(",")}
        assert labels <= allowed | ADDED_BY_PROMETHEUS
        matched = set(re.findall(r'(\w+)=~?"', expression))
        assert matched <= allowed | ADDED_BY_PROMETHEUS


@pytest.mark.parametrize("panel", PANELS, ids=named)
def test_legends_name_only_labels_that_the_expression_keeps(panel: Panel) -> None:
    for query in panel.queries:
        kept = re.findall(r"\bby \(([^)]*)\)", query.expression)
        labels = {each.strip() for group in kept for each in group.split(",")}
        assert set(re.findall(r"{{(\w+)}}", query.legend)) <= labels
        assert query.legend


@pytest.mark.parametrize("panel", PANELS, ids=named)
def test_counters_are_only_ever_read_as_rates_over_the_rate_interval(panel: Panel) -> None:
    for expression in expressions(panel):
        for name in re.findall(r"\btieout_\w+", expression):
            is_rated = re.search(
                rf"(rate|increase)\({name}{{[^}}]*}}\[\$__rate_interval\]\)", expression
            )
            grows = METRICS[name].type in {MetricType.COUNTER, MetricType.HISTOGRAM}
            assert bool(is_rated) == grows


@pytest.mark.parametrize("panel", PANELS, ids=named)
def test_every_selector_is_bound_to_the_chosen_job_and_instance(panel: Panel) -> None:
    for expression in expressions(panel):
        for selector in re.findall(r"\btieout_\w+{([^}]*)}", expression):
            assert 'job=~"$job"' in selector
            assert 'instance=~"$instance"' in selector
        assert expression.count("(") == expression.count(")")
        assert len(re.findall(r"\btieout_\w+", expression)) == expression.count("{")


@pytest.mark.parametrize("panel", PANELS, ids=named)
def test_every_panel_has_a_title_a_description_and_a_unit(panel: Panel) -> None:
    assert panel.title
    assert panel.description.endswith(".")
    assert panel.unit


def test_the_questions_of_the_issue_have_their_panels() -> None:
    shown = {name for panel in PANELS for each in expressions(panel) for name in METRICS
             if name in each}  # fmt: skip
    asked = {
        "tieout_source_up",
        "tieout_source_blind",
        "tieout_breaks_open",
        "tieout_value_at_risk",
        "tieout_transactions",
        "tieout_cycle_duration_seconds_bucket",
        "tieout_source_last_success_timestamp_seconds",
        "tieout_outbox_depth",
        "tieout_calls_remaining",
    }
    assert shown.issuperset(asked)


def test_the_datasource_is_chosen_by_a_variable_everywhere(document: dict[str, Any]) -> None:
    variables = {each["name"]: each for each in document["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    assert {"job", "instance"} <= set(variables)
    for panel in document["panels"]:
        if panel["type"] != "row":
            assert panel["datasource"]["uid"] == "${datasource}"
            assert {each["datasource"]["uid"] for each in panel["targets"]} == {"${datasource}"}


def test_the_dashboard_cannot_be_edited_away_from_its_code(document: dict[str, Any]) -> None:
    assert document["editable"] is False
    assert document["schemaVersion"] >= 39
    assert document["uid"] == OVERVIEW.uid


def test_panels_have_their_own_number_and_place(document: dict[str, Any]) -> None:
    panels = document["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [panel["gridPos"] for panel in panels]
    assert all(place["x"] >= 0 and place["x"] + place["w"] <= WIDTH for place in places)
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        apart = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or apart
