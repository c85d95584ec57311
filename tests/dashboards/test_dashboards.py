"""Every dashboard by the rules that Grafana's own linter has, and some of ours."""

import json
import re
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from dashboards.addresses import Addresses
from dashboards.grafana import WIDTH, describe, to_grafana
from dashboards.pages import DASHBOARDS
from dashboards.panels import REGION, Dashboard, PageOf, Panel
from dashboards.queries import VARIABLES, chosen
from dashboards.rules.rule import Page
from dashboards.rules.table import GROUPS
from monitor.core.catalogue import CATALOGUE
from monitor.core.indicator_metrics import DEALS_MATCHED
from monitor.core.metric_types import Bound, MetricType, series_names

METRICS = {name: metric for metric in CATALOGUE for name in series_names(metric)}
ADDED_BY_PROMETHEUS = {"job", "instance", "le"}
PANELS = [panel for board in DASHBOARDS for panel in board.panels]
FOLDER = Path(__file__).parents[2] / "dashboards"

TOLD_APART = {("Matched by part of the firm", "region")}
"""Panels with a line for each value of what a variable chooses."""

SHOWN_NOWHERE: dict[str, str] = {
    "tieout_templates_failed_total": "the message itself says so, and the log says why",
}
"""Metrics that no panel and no rule reads, with the reason."""


@pytest.fixture(scope="module", params=DASHBOARDS, ids=lambda board: board.uid)
def board(request: pytest.FixtureRequest) -> Dashboard:
    chosen: Dashboard = request.param
    return chosen


@pytest.fixture(scope="module")
def document(board: Dashboard) -> dict[str, Any]:
    return to_grafana(board, Addresses().page)


def named(panel: Panel) -> str:
    return panel.title


def expressions(panel: Panel) -> list[str]:
    return [query.expression for query in panel.queries]


def test_every_dashboard_that_an_alert_links_to_exists() -> None:
    assert {board.uid for board in DASHBOARDS} == {page.value for page in Page}
    assert len({board.title for board in DASHBOARDS}) == len(DASHBOARDS)


def test_no_file_is_left_of_a_dashboard_that_is_gone() -> None:
    uids = {json.loads(file.read_text("utf-8"))["uid"] for file in FOLDER.glob("*.json")}
    assert uids == {board.uid for board in DASHBOARDS}


def test_every_metric_is_read_by_a_panel_or_a_rule_or_has_a_reason_not_to_be() -> None:
    rules = [rule.expression for group in GROUPS for rule in group.rules]
    panels = [query.expression for panel in PANELS for query in panel.queries]
    read = set(re.findall(r"\btieout_\w+", "\n".join([*rules, *panels])))
    unread = {metric.name for metric in CATALOGUE if not read & set(series_names(metric))}
    assert unread == set(SHOWN_NOWHERE)


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


def test_every_variable_narrows_something_down(board: Dashboard) -> None:
    text = "\n".join(query.expression for panel in board.panels for query in panel.queries)
    used = set(re.findall(r'=~"\$(\w+)"', text))
    assert used == {"job", "instance", *(choice.name for choice in board.choices)}
    for choice in board.choices:
        assert choice.label in METRICS[choice.metric].label_names


@pytest.mark.parametrize(
    ("board", "panel"),
    [(board, panel) for board in DASHBOARDS for panel in board.panels],
    ids=lambda part: part.uid if isinstance(part, Dashboard) else named(part),
)
def test_every_panel_honours_the_variables_of_its_board_or_says_that_it_does_not(
    board: Dashboard, panel: Panel
) -> None:
    told = describe(panel, board)
    text = "\n".join(expressions(panel))
    labels = {each for name in re.findall(r"\btieout_\w+", text) for each in METRICS[name].labels}
    for choice in board.choices:
        is_narrowed = f"${choice.name}" in text
        assert is_narrowed != (f"Of every {choice.name}." in told)
        can_be = choice.name in {
            VARIABLES[each.values]
            for each in labels
            if isinstance(each.values, Bound) and each.values in VARIABLES
        }
        assert is_narrowed or not can_be or (panel.title, choice.name) in TOLD_APART


def test_a_region_narrows_shares_down_and_all_of_them_are_the_whole_firm() -> None:
    shares = chosen(DEALS_MATCHED)
    assert 'dimension=~"all|region",slice=~"$region"' in shares
    assert REGION.every == "all"


@pytest.mark.parametrize("panel", PANELS, ids=named)
def test_links_to_the_page_carry_only_labels_that_the_expression_keeps(panel: Panel) -> None:
    if panel.page is None:
        return
    needed = set(re.findall(r"labels\.(\w+)", panel.page))
    for query in panel.queries:
        kept = re.findall(r"\bby \(([^)]*)\)", query.expression)
        assert needed <= {each.strip() for group in kept for each in group.split(",")}


def test_every_link_to_the_page_is_used() -> None:
    assert {panel.page for panel in PANELS if panel.page is not None} == set(PageOf)


def test_panels_and_dashboards_that_pages_name_exist() -> None:
    pages = (FOLDER.parent / "docs").rglob("*.md")
    text = " ".join(word for page in pages for word in page.read_text("utf-8").split())
    named_panels = set(re.findall(r"\bpanel \*([^*]+)\*", text))
    named_boards = set(re.findall(r"\bdashboard \*([^*]+)\*", text))
    assert named_panels
    assert named_panels <= {panel.title for panel in PANELS}
    assert named_boards <= {board.title.removeprefix("tieout / ") for board in DASHBOARDS}


def test_no_panel_is_described_twice() -> None:
    """One that stands on two dashboards is one value; its size apart."""
    drawn = {(panel.queries, panel.type, panel.title, panel.description) for panel in PANELS}
    assert len({(queries, type_) for queries, type_, _, _ in drawn}) == len(drawn)


def test_dashboards_link_to_one_another_and_to_the_deals(document: dict[str, Any]) -> None:
    (others,) = [link for link in document["links"] if link["type"] == "dashboards"]
    assert others["tags"] == document["tags"]
    assert others["includeVars"]
    pages = [link["url"] for link in document["links"] if link["type"] == "link"]
    assert [page.rpartition("/")[2] for page in pages] == ["transactions", "breaks", "incidents"]


def test_a_number_is_of_now_or_of_nothing(document: dict[str, Any]) -> None:
    """One that was true hours ago, before the daemon ended, is not shown as how things stand."""
    for panel in document["panels"]:
        for target in panel.get("targets", ()):
            assert target["instant"] == (panel["type"] == "stat")
            assert target["range"] != target["instant"]


def test_annotations_read_metrics_that_exist(document: dict[str, Any]) -> None:
    text = "\n".join(each["target"]["expr"] for each in document["annotations"]["list"])
    assert {*re.findall(r"\btieout_\w+", text)} <= set(METRICS)


def test_the_datasource_is_chosen_by_a_variable_everywhere(document: dict[str, Any]) -> None:
    variables = {each["name"]: each for each in document["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    assert {"job", "instance"} <= set(variables)
    for panel in document["panels"]:
        if panel["type"] != "row":
            assert panel["datasource"]["uid"] == "${datasource}"
            assert {each["datasource"]["uid"] for each in panel["targets"]} == {"${datasource}"}


def test_the_dashboard_cannot_be_edited_away_from_its_code(
    board: Dashboard, document: dict[str, Any]
) -> None:
    assert document["editable"] is False
    assert document["schemaVersion"] >= 39
    assert document["uid"] == board.uid


def test_panels_have_their_own_number_and_place(document: dict[str, Any]) -> None:
    panels = document["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [panel["gridPos"] for panel in panels]
    assert all(place["x"] >= 0 and place["x"] + place["w"] <= WIDTH for place in places)
    for one, other in combinations(places, 2):
        beside = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        apart = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert beside or apart
