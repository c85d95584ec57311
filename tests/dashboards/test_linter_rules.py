"""The rules of Grafana's dashboard-linter, each under its own name, asked of every dashboard.

Source: github.com/grafana/dashboard-linter as of June 2026, `docs/rules` and `lint`. Its rules are
restated, so that they hold without it. Of its seventeen two do not apply, `target-logql-rule` and
`target-logql-auto-rule`: they are about Loki, and no dashboard asks it anything, as the rule of the
data source shows. Whether an expression parses (`target-promql-rule`,
`template-label-promql-rule`) is for Prometheus to say: `tests/e2e/test_monitoring.py` has it run
every expression of every panel. Here their form is checked.
"""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from dashboards.addresses import Addresses
from dashboards.grafana import to_grafana
from dashboards.pages import DASHBOARDS

Json = Any

UNITS = {
    "none",
    "short",
    "percentunit",
    "s",
    "bytes",
    "cps",
    "reqps",
    "bool_yes_no",
    "bool_on_off",
}
"""Of Grafana's list of value formats, those in use."""

AGGREGATED = r"\b(?:rate|irate|increase)\("
QUERY_FUNCTIONS = {"label_names", "label_values", "metrics", "query_result"}


@pytest.fixture(scope="module", params=DASHBOARDS, ids=lambda board: board.uid)
def document(request: pytest.FixtureRequest) -> Json:
    return to_grafana(request.param, Addresses().page)


def panels(document: Json) -> Iterator[Json]:
    return (panel for panel in document["panels"] if panel["type"] != "row")


def expressions(document: Json) -> Iterator[str]:
    return (target["expr"] for panel in panels(document) for target in panel["targets"])


def variables(document: Json) -> dict[str, Json]:
    return {each["name"]: each for each in document["templating"]["list"]}


def selectors(expression: str) -> list[str]:
    return re.findall(r"\w+\{([^}]*)\}", expression)


def is_asked_well(variable: Json, label: str) -> bool:
    return bool(
        variable["type"] == "query"
        and variable["datasource"]["uid"] == "${datasource}"
        and variable["label"] == label
        and variable["multi"]
        and variable["allValue"] == ".+"
    )


def test_template_datasource_rule(document: Json) -> None:
    (source,) = [each for each in variables(document).values() if each["type"] == "datasource"]
    assert (source["name"], source["label"], source["query"]) == (
        "datasource",
        "Data source",
        "prometheus",
    )


def test_template_job_rule(document: Json) -> None:
    assert is_asked_well(variables(document)["job"], "Job")


def test_template_instance_rule(document: Json) -> None:
    assert is_asked_well(variables(document)["instance"], "Instance")


def test_template_label_promql_rule(document: Json) -> None:
    for variable in variables(document).values():
        if variable["type"] == "query":
            asked = re.fullmatch(r"(\w+)\((\w+)(\{[^{}]*\})?, (\w+)\)", variable["query"])
            assert asked
            assert asked[1] in QUERY_FUNCTIONS


def test_template_on_time_change_reload_rule(document: Json) -> None:
    on_time_change = 2
    asked = [each for each in variables(document).values() if each["type"] == "query"]
    assert {each["refresh"] for each in asked} == {on_time_change}


def test_panel_datasource_rule(document: Json) -> None:
    assert {panel["datasource"]["uid"] for panel in panels(document)} == {"${datasource}"}


def test_panel_title_description_rule(document: Json) -> None:
    assert all(panel["title"] and panel["description"] for panel in panels(document))


def test_panel_units_rule(document: Json) -> None:
    assert {panel["fieldConfig"]["defaults"]["unit"] for panel in panels(document)} <= UNITS


def test_panel_no_targets_rule(document: Json) -> None:
    assert all(panel["targets"] for panel in panels(document))


def test_target_promql_rule(document: Json) -> None:
    for expression in expressions(document):
        for opening, closing in ("()", "{}", "[]"):
            assert expression.count(opening) == expression.count(closing)
        assert expression.count('"') % 2 == 0


def test_target_rate_interval_rule(document: Json) -> None:
    for expression in expressions(document):
        ranges = re.findall(r"\[([^\]]*)\]", expression)
        assert len(ranges) == len(re.findall(AGGREGATED, expression))
        assert set(ranges) <= {"$__rate_interval"}


def test_target_job_rule(document: Json) -> None:
    for expression in expressions(document):
        assert selectors(expression)
        assert all('job=~"$job"' in selector for selector in selectors(expression))


def test_target_instance_rule(document: Json) -> None:
    for expression in expressions(document):
        assert all('instance=~"$instance"' in selector for selector in selectors(expression))


def test_target_counter_agg_rule(document: Json) -> None:
    for expression in expressions(document):
        counted = re.findall(r"\w+_total\b", expression)
        assert len(counted) == len(re.findall(rf"{AGGREGATED}\w+_total\{{", expression))


def test_uneditable_rule(document: Json) -> None:
    assert document["editable"] is False
