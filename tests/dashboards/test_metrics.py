"""The page on `/metrics`, and the reference page about it, which
`python -m tests.dashboards.test_metrics` writes anew.
"""

import re
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.openmetrics import parser as openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_plain

from monitor.core import catalogue, incident_metrics, indicator_metrics
from monitor.core.breaks import BreakKind, Severity
from monitor.core.catalogue import CATALOGUE
from monitor.core.errors import Reason
from monitor.core.metric_types import Bound, Metric, MetricType
from monitor.core.metrics import MAX_CURRENCIES, OTHER_CURRENCY, KnownNames, Metrics
from monitor.core.metrics_page import reference_page
from monitor.core.model import StreamId

OPEN = "application/openmetrics-text; version=1.0.0"
PAGE = Path(__file__).parents[2] / "docs/reference/metrics.md"
PROJECTS, DEALS = StreamId("psa", "projects"), StreamId("crm", "deals")
FIRM = KnownNames(
    systems=("psa", "crm"),
    streams=(PROJECTS, DEALS),
    flows=("sales_to_cash",),
    channels=("ops",),
    watches=("drift",),
    hand_offs=(("sales_to_cash", "project-opened"),),
)

Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


def parse_open(text: str) -> list[Family]:
    """As a scraper reads it; raises on anything that is not valid OpenMetrics."""
    return list(openmetrics.text_string_to_metric_families(text))  # type: ignore[no-untyped-call] # the library's


def series(metrics: Metrics) -> Series:
    text = metrics.expose(OPEN)[0].decode()
    return {
        (sample.name, frozenset(sample.labels.items())): float(sample.value)
        for family in parse_open(text)
        for sample in family.samples
    }


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return series(metrics).get((name, frozenset(labels.items())))


@pytest.fixture
def metrics() -> Metrics:
    metrics = Metrics("1.2.3")
    metrics.prepare(FIRM)
    return metrics


def test_the_page_is_openmetrics_where_that_is_accepted(metrics: Metrics) -> None:
    page, content_type = metrics.expose(OPEN)
    assert content_type.startswith("application/openmetrics-text")
    assert page.endswith(b"# EOF\n")
    assert {family.name for family in parse_open(page.decode())}


def test_the_page_is_plain_text_otherwise(metrics: Metrics) -> None:
    page, content_type = metrics.expose("*/*")
    assert content_type.startswith("text/plain")
    assert {family.name for family in parse_plain(page.decode())}


def test_every_metric_of_the_catalogue_is_on_the_page_and_nothing_else(metrics: Metrics) -> None:
    families = {family.name: family for family in parse_open(metrics.expose(OPEN)[0].decode())}
    declared = {re.sub(r"_(total|info)$", "", metric.name): metric for metric in CATALOGUE}
    assert set(families) == set(declared)
    for name, family in families.items():
        assert family.type == declared[name].type.value
        assert family.documentation == declared[name].help


def test_no_series_of_ours_is_in_the_global_registry() -> None:
    Metrics("1.2.3")
    assert not [family for family in REGISTRY.collect() if family.name.startswith("tieout")]


def test_names_follow_the_naming_rules() -> None:
    for metric in CATALOGUE:
        assert re.fullmatch(r"tieout_[a-z]+(_[a-z]+)*", metric.name)
        assert metric.name.endswith("_total") == (metric.type is MetricType.COUNTER)
        assert metric.name.endswith("_info") == (metric.type is MetricType.INFO)
        assert ("timestamp" in metric.name) == metric.name.endswith("_timestamp_seconds")
        assert bool(metric.buckets) == (metric.type is MetricType.HISTOGRAM)
        assert metric.help.endswith(".")
        assert not {"le", "quantile"} & set(metric.label_names)


def test_every_declared_metric_is_in_the_catalogue_once() -> None:
    parts = {**vars(catalogue), **vars(incident_metrics), **vars(indicator_metrics)}
    declared = [each for each in parts.values() if isinstance(each, Metric)]
    assert sorted(each.name for each in declared) == sorted(each.name for each in CATALOGUE)
    assert len({each.name for each in CATALOGUE}) == len(CATALOGUE)


def test_no_label_can_be_a_key_a_name_or_an_amount() -> None:
    """Each label is a closed list in the code, or bounded by the landscape."""
    for metric in CATALOGUE:
        for label in metric.labels:
            if not isinstance(label.values, Bound):
                assert 0 < len(label.values) <= 24


def test_counters_start_at_zero_for_every_known_label_set(metrics: Metrics) -> None:
    found = series(metrics)
    for system in FIRM.systems:
        for reason in Reason:
            labels = {"source": system, "reason": reason.value}
            assert found["tieout_sample_failures_total", frozenset(labels.items())] == 0
    assert value(metrics, "tieout_calls_total", source="crm") == 0
    assert value(metrics, "tieout_notices_total", channel="ops", outcome="dead") == 0
    assert value(metrics, "tieout_break_transitions_total", kind="opened") == 0
    assert value(metrics, "tieout_sample_duration_seconds_count", source="psa") == 0


def test_a_stream_is_counted_under_its_own_system_alone(metrics: Metrics) -> None:
    pairs = {
        (labels["source"], labels["stream"])
        for labels in (dict(items) for _, items in series(metrics))
        if "stream" in labels
    }
    assert pairs == {("psa", "projects"), ("crm", "deals")}


def test_values_are_shown_as_they_are_set(metrics: Metrics) -> None:
    metrics.set(catalogue.SOURCE_UP, 1, source="psa")
    metrics.set(catalogue.CALLS_REMAINING, 58, source="psa", budget="minute")
    metrics.set(catalogue.TOUCHED_DEPTH, 7)
    metrics.add(catalogue.CALLS, 3, source="psa")
    metrics.add(catalogue.CALLS, source="psa")
    metrics.observe(catalogue.CYCLE_DURATION, 0.2)
    assert value(metrics, "tieout_source_up", source="psa") == 1
    assert value(metrics, "tieout_calls_remaining", source="psa", budget="minute") == 58
    assert value(metrics, "tieout_touched_depth") == 7
    assert value(metrics, "tieout_calls_total", source="psa") == 4
    assert value(metrics, "tieout_cycle_duration_seconds_bucket", le="0.1") == 0
    assert value(metrics, "tieout_cycle_duration_seconds_bucket", le="0.5") == 1
    assert value(metrics, "tieout_build_info", version="1.2.3") == 1


def test_a_gauge_that_is_replaced_forgets_what_is_over(metrics: Metrics) -> None:
    critical = Severity.CRITICAL.value
    metrics.replace(catalogue.BREAKS_OPEN, {("missing", "psa", critical): 3})
    metrics.replace(catalogue.BREAKS_OPEN, {("orphan", "psa", critical): 1})
    shown = {kind.value: 0.0 for kind in BreakKind} | {"orphan": 1.0}
    for kind, expected in shown.items():
        labels = {"kind": kind, "system": "psa", "severity": critical}
        assert value(metrics, "tieout_breaks_open", **labels) == expected


def test_series_of_a_removed_source_disappear_and_counters_of_the_others_stay(
    metrics: Metrics,
) -> None:
    metrics.set(catalogue.SOURCE_UP, 1, source="psa")
    metrics.set(catalogue.SOURCE_BLIND, 0, source="psa", stream="projects")
    metrics.add(catalogue.CALLS, 5, source="crm")
    metrics.observe(catalogue.SAMPLE_DURATION, 1, source="psa")
    metrics.prepare(KnownNames(systems=("crm",), streams=(DEALS,)))
    labels = [dict(items) for _, items in series(metrics)]
    assert not [each for each in labels if "psa" in each.values()]
    assert not [each for each in labels if {"channel", "flow"} & set(each)]
    assert value(metrics, "tieout_calls_total", source="crm") == 5


def test_a_job_that_outlives_a_reload_brings_no_series_back(metrics: Metrics) -> None:
    metrics.prepare(KnownNames(systems=("crm",), streams=(DEALS,)))
    before = series(metrics)
    metrics.set(catalogue.SOURCE_UP, 1, source="psa")
    metrics.add(catalogue.RECORDS_SAMPLED, source="psa", stream="projects", outcome="new")
    metrics.add(catalogue.RECORDS_SAMPLED, source="crm", stream="projects", outcome="new")
    metrics.add(catalogue.NOTICES, channel="ops", outcome="sent")
    metrics.observe(catalogue.SAMPLE_DURATION, 1, source="psa")
    assert series(metrics) == before


@pytest.mark.parametrize(
    "labels", [{}, {"kind": "opened", "source": "psa"}, {"kind": "invented"}, {"sort": "opened"}]
)
def test_wrong_labels_are_a_mistake_that_is_said(metrics: Metrics, labels: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"tieout_break_transitions_total|invented"):
        metrics.add(catalogue.BREAK_TRANSITIONS, 1, **labels)


@given(st.dictionaries(st.text(max_size=4) | st.from_regex("[A-Z]{3}", fullmatch=True),
                       st.integers(0, 10**9), max_size=80))  # fmt: skip
def test_records_cannot_make_endless_currencies(amounts: dict[str, int]) -> None:
    metrics = Metrics("1.2.3")
    metrics.replace(
        catalogue.VALUE_AT_RISK, {(code,): float(amount) for code, amount in amounts.items()}
    )
    shown = {
        dict(labels)["currency"]: amount
        for (name, labels), amount in series(metrics).items()
        if name == "tieout_value_at_risk"
    }
    assert len(shown) <= MAX_CURRENCIES + 1
    assert all(re.fullmatch("[A-Z]{3}", code) for code in shown if code != OTHER_CURRENCY)
    assert sum(shown.values()) == sum(amounts.values())


def test_many_threads_lose_no_count_while_the_page_is_read_and_the_landscape_reloaded(
    metrics: Metrics,
) -> None:
    def work() -> None:
        for _ in range(100):
            metrics.add(catalogue.CALLS, source="crm")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for systems in (("crm",), ("psa", "crm"), ("crm",)):
        metrics.prepare(KnownNames(systems=systems))
        assert value(metrics, "tieout_calls_total", source="crm") is not None
    for thread in threads:
        thread.join()
    assert value(metrics, "tieout_calls_total", source="crm") == 400


def test_an_example_of_a_length_of_time_carries_its_trace_in_openmetrics_alone(
    metrics: Metrics,
) -> None:
    metrics.observe(
        indicator_metrics.HAND_OFF_DURATION,
        50,
        trace_id="a1" * 16,
        flow="sales_to_cash",
        hop="project-opened",
    )
    found = [
        sample.exemplar.labels
        for family in parse_open(metrics.expose(OPEN)[0].decode())
        for sample in family.samples
        if sample.exemplar
    ]
    assert found == [{"trace_id": "a1" * 16}]
    assert b"a1a1" not in metrics.expose("*/*")[0]


def test_an_example_longer_than_openmetrics_allows_is_a_mistake(metrics: Metrics) -> None:
    with pytest.raises(ValueError, match="128"):
        metrics.observe(catalogue.CYCLE_DURATION, 1, trace_id="a" * 121)


def test_a_hand_off_is_counted_under_its_own_flow_and_goes_with_it(metrics: Metrics) -> None:
    arrived = {"flow": "sales_to_cash", "hop": "project-opened", "outcome": "late"}
    assert value(metrics, "tieout_hand_offs_arrived_total", **arrived) == 0
    metrics.add(indicator_metrics.HAND_OFFS_ARRIVED, 1, **arrived | {"hop": "renamed"})
    metrics.set(indicator_metrics.HAND_OFFS_OVERDUE, 3, flow="other", hop="project-opened")
    assert not [labels for _, labels in series(metrics) if ("hop", "renamed") in labels]
    metrics.prepare(KnownNames(flows=("sales_to_cash",)))
    assert not [labels for _, labels in series(metrics) if "hop" in dict(labels)]


def test_no_creation_stamps_double_the_series(metrics: Metrics) -> None:
    assert not [name for name, _ in series(metrics) if name.endswith("_created")]


def test_the_reference_page_is_the_catalogue() -> None:
    assert PAGE.read_text("utf-8") == reference_page()


if __name__ == "__main__":
    PAGE.write_text(reference_page(), "utf-8")
