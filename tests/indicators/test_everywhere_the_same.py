"""Metrics, the page's JSON and the report tell the same figures: they come from one computation."""

import json
from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction
from itertools import chain, product
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor import jobs
from monitor.exposition import known_names
from monitor.indicators.compute import compute_indicators
from monitor.indicators.telling import indicators_as_json
from monitor.scheduler import Daemon
from monitor.simulation.ledger import FaultKind
from monitor.store.database import Database
from tests.firm.watching import Watch, watched
from tests.indicators.test_slices import sliced
from tests.web.serving import browsing

RATIOS = {
    "match_rate": "tieout_deals_matched_ratio",
    "visibility": "tieout_deals_visible_ratio",
    "touchless": "tieout_hand_offs_touchless_ratio",
    "billing_exceptions": "tieout_billing_exceptions_ratio",
    "duplicates": "tieout_duplicates_ratio",
}
RANKS = {"0.5": "p50", "0.9": "p90", "0.99": "p99"}


@pytest.fixture
def watch(sqlite_database: Database) -> Iterator[Watch]:
    """A firm divided by who sold, in which something was broken and mended."""
    with watched(sqlite_database, seed=1, deals=60) as watch:
        watch.estate = sliced(watch.estate, most=3)
        watch.runtime.metrics.prepare(known_names(watch.estate))
        watch.look()
        entry = watch.firm.plant(FaultKind.MISSING_ERP_PROJECT)
        watch.firm.advance(timedelta(minutes=2))
        watch.look()
        watch.firm.repair(entry)
        watch.firm.advance(timedelta(hours=9))
        watch.look()
        jobs.count_indicators(watch.estate, watch.runtime)
        yield watch


Series = dict[tuple[str, frozenset[tuple[str, str]]], float]


def shown(watch: Watch) -> Series:
    page, _ = watch.runtime.metrics.expose()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }


Gauge = tuple[str, dict[str, str], float]


def ratios(each: Any) -> Iterator[Gauge]:
    if each["indicator"] in RATIOS and not each["part"] and each["ratio"] is not None:
        labels = {"dimension": each["dimension"], "slice": each["slice"]}
        yield RATIOS[each["indicator"]], labels, float(Fraction(each["ratio"]))


def times(each: Any) -> Iterator[Gauge]:
    name, hop = each["indicator"], {"hop": each["part"]} if each["part"] else {}
    for kind, (rank, quantile) in product(("plain", "working"), RANKS.items()):
        if each.get(kind) and name in {"set_up_time", "hand_off_time"}:
            labels = {**hop, "time": kind, "rank": rank}
            yield f"tieout_{name}_seconds", labels, each[kind][quantile]
        elif each.get(kind) and name == "recovery_time" and (kind, hop) == ("plain", {}):
            yield "tieout_recovery_time_seconds", {"rank": rank}, each[kind][quantile]


def levels(each: Any) -> Iterator[Gauge]:
    part = each["part"]
    if each["indicator"] == "revenue_delayed" and part:
        yield "tieout_hand_offs_overdue", {"hop": part}, each["count"]
        for currency, amount in each["money"].items():
            yield "tieout_revenue_delayed", {"hop": part, "currency": currency}, float(amount)
    if each["indicator"] == "ageing" and part:
        yield "tieout_breaks_by_age", {"age": part}, each["count"]
    if each["indicator"] == "time_saved":
        yield "tieout_time_saved_seconds", {}, each["seconds"]


def expected(flow: Any) -> Series:
    """The gauges that the figures make, from their JSON alone."""
    whole = [each for each in flow["figures"] if each["dimension"] == "all"]
    gauges = chain(
        *map(ratios, flow["figures"]), *(tell(each) for each in whole for tell in (times, levels))
    )
    return {
        (name, frozenset({"flow": flow["flow"], **labels}.items())): value
        for name, labels, value in gauges
    }


def test_every_gauge_of_an_indicator_is_what_the_report_says(watch: Watch) -> None:
    report = indicators_as_json(
        compute_indicators(watch.estate, watch.runtime.database, watch.firm.clock())
    )
    gauges = expected(report[0])
    told = shown(watch)
    assert {name for name, _ in gauges} >= {*RATIOS.values(), "tieout_recovery_time_seconds"}
    assert {key: told.get(key) for key in gauges} == gauges
    names = {name for name, _ in gauges}
    assert {key for key in told if key[0] in names} == gauges.keys()


def test_the_page_tells_what_the_report_says(watch: Watch) -> None:
    report = indicators_as_json(
        compute_indicators(watch.estate, watch.runtime.database, watch.firm.clock())
    )
    with browsing(Daemon(watch.runtime, lambda: watch.estate)) as browser:
        assert browser.get("/api/v1/indicators").json() == json.loads(json.dumps(report))
