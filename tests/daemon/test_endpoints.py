"""What a running daemon answers: figures that are the store's own, health, readiness."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from monitor.core.catalogue import CATALOGUE
from monitor.core.metric_types import MetricType, series_names
from tests.daemon.firms import Scene, scene
from tests.daemon.metrics import OPEN_METRICS, families, values_of
from tests.daemon.process import Process, count, daemon, get, wait_until

WATCHED = "tieout_watch_last_success_timestamp_seconds"
OPEN = "SELECT count(*) FROM \"break\" WHERE state = 'open'"


@dataclass
class Running:
    """A daemon that has found everything and shows it."""

    opened: Scene
    process: Process
    address: str
    store: Path


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with scene(tmp_path_factory.mktemp("endpoints")) as opened:
        store, planted = opened.folder / "tieout.db", len(opened.planted())
        with daemon(opened.landscape, opened.environment()) as process:
            address = process.address()
            wait_until(lambda: count(store, OPEN) == planted)
            wait_until(lambda: sum(values_of(address, "tieout_breaks_open").values()) == planted)
            wait_until(lambda: bool(values_of(address, WATCHED)))
            yield Running(opened, process, address, store)


def grouped(store: Path, query: str) -> dict[tuple[str, ...], float]:
    """Rows of names with a number at the end."""
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as connection:
        return {tuple(row[:-1]): float(row[-1]) for row in connection.execute(query)}


@pytest.mark.parametrize("accept", [OPEN_METRICS, "text/plain"])
def test_every_metric_of_the_catalogue_is_there_in_both_formats(
    running: Running, accept: str
) -> None:
    page = families(running.address, accept).values()
    # A gauge without anything to tell has a family and no series.
    shown = {family.name for family in page if family.type == "gauge"} | {
        sample.name for family in page for sample in family.samples
    }
    assert {name for metric in CATALOGUE for name in series_names(metric)} <= shown


def test_labels_are_those_of_the_catalogue(running: Running) -> None:
    for metric in CATALOGUE:
        if metric.type is not MetricType.INFO:
            for series in values_of(running.address, series_names(metric)[0]):
                extra = 1 if metric.type is MetricType.HISTOGRAM else 0
                assert len(series) == len(metric.label_names) + extra


def test_figures_are_the_stores_own(running: Running) -> None:
    standing = values_of(running.address, "tieout_breaks_open")
    assert {labels: value for labels, value in standing.items() if value} == grouped(
        running.store,
        "SELECT kind, severity, system, count(*) FROM \"break\" WHERE state = 'open'"
        " GROUP BY 1, 2, 3",
    )
    transactions = values_of(running.address, "tieout_transactions")
    assert {labels: value for labels, value in transactions.items() if value} == grouped(
        running.store,
        "SELECT flow, status, count(*) FROM business_transaction GROUP BY 1, 2",
    )
    sampled = values_of(running.address, "tieout_records_sampled_total")
    stored = grouped(running.store, "SELECT stream, count(*) FROM record GROUP BY 1")
    for (stream,), records in stored.items():
        system, _, name = stream.partition(".")
        assert sampled[("new", system, name)] == records
        assert sampled[("rejected", system, name)] == 0
    assert sum(rows for labels, rows in sampled.items() if labels[0] == "unchanged") > 0


def test_health_and_readiness_are_told(running: Running) -> None:
    assert get(running.address, "/-/healthy").status_code == 200
    assert get(running.address, "/-/ready").status_code == 200


def test_a_store_that_takes_no_writes_is_not_ready_and_gets_ready_again(running: Running) -> None:
    with closing(sqlite3.connect(running.store, timeout=5, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        answer = get(running.address, "/-/ready")
        assert answer.status_code == 503
        assert answer.text == "not ready: store\n"
        assert get(running.address, "/-/healthy").status_code == 200
        assert get(running.address, "/metrics").status_code == 200
        assert get(running.address, "/").status_code == 200
        connection.execute("ROLLBACK")
    wait_until(lambda: get(running.address, "/-/ready").status_code == 200)


def test_pages_show_what_was_found(running: Running) -> None:
    now = get(running.address, "/").text
    for deal, *_ in running.opened.planted():
        assert deal in now
        assert get(running.address, f"/transactions/{deal}").status_code == 200


def test_no_secret_is_in_anything_that_leaves_the_process(running: Running) -> None:
    firm = running.opened.firm
    secrets = {
        value
        for credentials in firm.credentials.values()
        for name, value in credentials.items()
        if name.lower() not in {"user", "client_id"}
    } | {firm.webhook_secret}
    assert len(secrets) == 7
    firm_is_told = [request.body.decode() for request in running.opened.receiver.requests]
    deal = next(iter(running.opened.planted()))[0]
    left = [
        *(get(running.address, path).text for path in ("/", "/transactions", "/metrics")),
        get(running.address, f"/transactions/{deal}").text,
        running.process.errors(),
        running.process.stdout.read_text("utf-8"),
        *firm_is_told,
    ]
    store = [path.read_bytes() for path in running.store.parent.glob("tieout.db*")]
    assert firm_is_told
    assert store
    for secret in secrets:
        assert not [text for text in left if secret in text]
        assert not [stored for stored in store if secret.encode() in stored]
