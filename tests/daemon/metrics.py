"""The metrics page of a daemon, read by the parsers of its two formats."""

from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as text_format

from tests.daemon.process import get

OPEN_METRICS = "application/openmetrics-text; version=1.0.0"


def families(address: str, accept: str = OPEN_METRICS) -> dict[str, Metric]:
    """Every family by name."""
    page = get(address, "/metrics", Accept=accept)
    assert page.status_code == 200
    is_open = page.headers["content-type"].startswith("application/openmetrics-text")
    assert is_open == (accept == OPEN_METRICS)
    parse = open_metrics if is_open else text_format
    return {family.name: family for family in parse(page.text)}


def values_of(
    address: str, series: str, accept: str = OPEN_METRICS
) -> dict[tuple[str, ...], float]:
    """Values of one series by its label values, in the order of the labels' names."""
    return {
        tuple(sample.labels.values()): sample.value
        for family in families(address, accept).values()
        for sample in family.samples
        if sample.name == series
    }
