"""What a scrape of a large estate holds, and that its page is what the numbers say.

How long it takes is measured by `make bench`, as a ratio.
"""

import gzip
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.openmetrics import parser as openmetrics

from monitor import jobs
from monitor.app import build_estate, read_landscape
from monitor.calls import CallLedger
from monitor.core import catalogue
from monitor.core.breaks import BreakKind, Severity
from monitor.core.metrics import KnownNames, Metrics
from monitor.core.model import StreamId
from monitor.estate import Estate
from monitor.exposition import known_names, possible_breaks
from monitor.scheduler import Daemon
from monitor.simulation import VirtualClock
from monitor.single_pass import pass_once
from monitor.store.breaks import open_counts
from monitor.store.database import open_database
from tests.dashboards.large_estate import variables, write_estate
from tests.databases import SQLite
from tests.web.serving import browsing

OPEN = "application/openmetrics-text; version=1.0.0"
MOST_SERIES = 5000
"""A page of more costs a Prometheus more than one estate is worth."""


@pytest.fixture(scope="module")
def large(
    sqlite: SQLite, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Estate, jobs.Runtime]]:
    """An estate that was looked at once, and what it shows."""
    folder = tmp_path_factory.mktemp("large")
    clock = VirtualClock(datetime(2026, 3, 9, 9, 0, tzinfo=UTC))
    estate = build_estate(
        read_landscape(write_estate(folder, clock() - timedelta(days=8)), variables(folder)),
        clock,
        calls_today={},
        sleep=lambda _: None,
    )
    runtime = jobs.Runtime(
        open_database(sqlite.migrated(folder)), Metrics("test"), clock, CallLedger()
    )
    runtime.metrics.prepare(known_names(estate))
    pass_once(estate, runtime)
    jobs.count_indicators(estate, runtime)
    jobs.refresh_metrics(estate, runtime)
    yield estate, runtime
    estate.close()
    runtime.database.close()


def lines_of(page: bytes) -> list[str]:
    return [line for line in page.decode().splitlines() if not line.startswith("#")]


def test_an_estate_of_50_systems_and_500_rules_has_5000_series_at_most(
    large: tuple[Estate, jobs.Runtime],
) -> None:
    estate, runtime = large
    assert len(estate.probes) == 50
    assert sum(len(flow.rules) for flow in estate.flows) == 500
    series = lines_of(runtime.metrics.expose()[0])
    families = Counter(line.partition("{")[0].partition(" ")[0] for line in series)
    assert families["tieout_sample_failures_total"] == 50 * 18
    assert families["tieout_deals_matched_ratio"] > 5
    assert families["tieout_hand_off_duration_seconds_count"] == 45
    assert len(series) <= 0.9 * MOST_SERIES, families.most_common(8)


def test_prometheus_is_served_all_of_it_by_the_application(
    large: tuple[Estate, jobs.Runtime],
) -> None:
    estate, runtime = large
    with browsing(Daemon(runtime, lambda: estate)) as client:
        answer = client.get("/metrics", headers={"Accept": OPEN, "Accept-Encoding": "gzip"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.headers["content-encoding"] == "gzip"
    families = list(openmetrics.text_string_to_metric_families(answer.text))  # type: ignore[no-untyped-call] # the library's
    assert sum(len(family.samples) for family in families) <= MOST_SERIES
    assert {family.name for family in families} == {
        metric.name.removesuffix("_total").removesuffix("_info") for metric in catalogue.CATALOGUE
    }


def test_what_is_found_could_be_found_by_the_landscapes_rules(
    large: tuple[Estate, jobs.Runtime],
) -> None:
    estate, runtime = large
    with runtime.database.read() as connection:
        found = open_counts(connection)
    assert {kind for kind, _, _ in found} == {BreakKind.MISMATCH}
    assert set(found) <= possible_breaks(estate)
    every = set(product(BreakKind, estate.probes, Severity))
    assert len(possible_breaks(estate)) < len(every) / 3


def test_a_break_that_could_be_found_is_counted_from_zero(
    large: tuple[Estate, jobs.Runtime],
) -> None:
    estate, runtime = large
    series = lines_of(runtime.metrics.expose()[0])
    shown = {line for line in series if line.startswith("tieout_breaks_open{")}
    assert len(shown) == len(possible_breaks(estate))
    orphans = 'tieout_breaks_open{kind="orphan",severity="warning",system="system07"} 0.0'
    assert (
        orphans in shown
        or orphans.replace(
            'severity="warning",system="system07"', 'system="system07",severity="warning"'
        )
        in shown
    )


CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 3)),
        st.tuples(st.just("set"), st.integers(0, 3)),
        st.tuples(st.just("replace"), st.integers(0, 3)),
        st.tuples(st.just("observe"), st.integers(0, 3)),
        st.tuples(st.just("prepare"), st.integers(0, 1)),
    ),
    max_size=12,
)
FIRM = KnownNames(("psa", "crm"), [StreamId("psa", "projects")], ("sales",))


def apply(metrics: Metrics, change: tuple[str, int]) -> None:
    match change:
        case "add", amount:
            metrics.add(catalogue.CALLS, amount, source="crm")
        case "set", value:
            metrics.set(catalogue.SOURCE_UP, value, source="psa")
        case "replace", value:
            metrics.replace(catalogue.VALUE_AT_RISK, {("EUR",): value})
        case "observe", value:
            metrics.observe(catalogue.CYCLE_DURATION, value, trace_id=f"{value:032x}")
        case _, value:
            metrics.prepare((FIRM, KnownNames(("crm",)))[value])


@given(CHANGES)
@settings(max_examples=50)
def test_a_page_that_was_read_all_along_is_what_one_read_at_the_end_is(
    changes: list[tuple[str, int]],
) -> None:
    often, once = Metrics("1"), Metrics("1")
    for metrics in (often, once):
        metrics.prepare(FIRM)
    for change in changes:
        apply(often, change)
        apply(once, change)
        often.expose()
        often.expose(OPEN)
    assert lines_of(often.expose()[0]) == lines_of(once.expose()[0])
    # Exemplars carry the instant at which they were seen.
    at_last = [line.partition(" # ")[0] for line in lines_of(often.expose(OPEN)[0])]
    assert at_last == [line.partition(" # ")[0] for line in lines_of(once.expose(OPEN)[0])]


def test_the_page_is_the_same_in_gzip() -> None:
    metrics = Metrics("1")
    metrics.prepare(FIRM)
    for accept in ("", OPEN):
        plain, content_type = metrics.expose(accept)
        packed, packed_type = metrics.expose(accept, compressed=True)
        assert gzip.decompress(packed) == plain
        assert packed_type == content_type
        assert len(packed) < len(plain) / 4


def test_what_did_not_change_is_not_written_again() -> None:
    metrics = Metrics("1")
    metrics.prepare(FIRM)
    first = metrics.expose()[0]
    metrics.add(catalogue.CALLS, 0, source="crm")
    metrics.replace(catalogue.VALUE_AT_RISK, {})
    assert metrics.expose()[0] == first
    metrics.replace(catalogue.VALUE_AT_RISK, {("EUR",): 2.0})
    second = metrics.expose()[0]
    assert second != first
    metrics.replace(catalogue.VALUE_AT_RISK, {("EUR",): 2.0})
    assert metrics.expose()[0] is second
