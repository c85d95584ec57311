"""Closed deals arrive at a collector as traces, each once, with identities that stay."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status
from pydantic import AnyHttpUrl, SecretStr
from sqlalchemy import text

from monitor import jobs
from monitor.core.errors import Permanent, Reason, TieoutError, Transient
from monitor.core.telemetry import TelemetrySettings, trace_id_of
from monitor.estate import Traces
from monitor.simulation.ledger import FaultKind
from monitor.store.database import Database
from monitor.telemetry.otlp import OtlpExporter
from tests.firm.watching import Watch, watched
from tests.telemetry.collector import Collector, collecting

QUIET = timedelta(days=1)


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as opened:
        yield opened


def exporter_to(collector: Collector) -> OtlpExporter:
    return OtlpExporter(
        TelemetrySettings(
            endpoint=AnyHttpUrl(collector.address),
            headers={"Authorization": SecretStr("Bearer canary-7f3a")},
            quiet=QUIET,
        )
    )


@pytest.fixture
def watch(sqlite_database: Database, collector: Collector) -> Iterator[Watch]:
    with watched(sqlite_database, seed=2, deals=40) as opened:
        exporter = exporter_to(collector)
        opened.estate = replace(opened.estate, traces=Traces(exporter, QUIET))
        opened.look()
        yield opened
        exporter.close()


def of_deals(collector: Collector) -> list[tuple[str, Span]]:
    return [(service, span) for service, span in collector.spans() if service != "tieout"]


def attributes(span: Span) -> dict[str, str]:
    return {each.key: each.value.string_value for each in span.attributes}


def nanoseconds(at: datetime) -> int:
    return int((at - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(microseconds=1)) * 1000


def test_a_deal_is_exported_once_it_is_closed_and_only_once(
    watch: Watch, collector: Collector
) -> None:
    jobs.export_traces(watch.estate, watch.runtime)
    assert of_deals(collector) == []
    watch.firm.advance(QUIET + timedelta(minutes=1))
    jobs.export_traces(watch.estate, watch.runtime)
    first = of_deals(collector)
    roots = [span for _, span in first if not span.parent_span_id]
    assert len(roots) > 10
    assert len({span.trace_id for span in roots}) == len(roots)
    jobs.export_traces(watch.estate, watch.runtime)
    assert of_deals(collector) == first


def test_hand_offs_are_spans_at_their_true_times_in_the_system_they_arrive_in(
    watch: Watch, collector: Collector
) -> None:
    watch.firm.advance(QUIET + timedelta(minutes=1))
    jobs.export_traces(watch.estate, watch.runtime)
    root = next(span for _, span in of_deals(collector) if not span.parent_span_id)
    deal = attributes(root)["tieout.transaction"]
    assert root.trace_id == trace_id_of("sales-to-cash", deal)
    hops = {
        span.name: (service, span)
        for service, span in of_deals(collector)
        if span.parent_span_id == root.span_id
    }
    service, signed = hops["contract-signed"]
    (opportunity,) = [r for r in _rows(watch, "crm.opportunities") if r.deal == deal]  # type: ignore[attr-defined]  # rows of several classes
    (contract,) = [r for r in _rows(watch, "contracts.contracts") if r.deal == deal]  # type: ignore[attr-defined]  # as above
    assert service == "contracts"
    assert signed.start_time_unix_nano == nanoseconds(opportunity.closed_at)  # type: ignore[attr-defined]  # as above
    assert signed.end_time_unix_nano == nanoseconds(contract.created_at)  # type: ignore[attr-defined]  # as above
    assert signed.status.code == Status.STATUS_CODE_OK
    assert root.end_time_unix_nano == max(span.end_time_unix_nano for _, span in hops.values())


def _rows(watch: Watch, stream: str) -> list[object]:
    return [
        seen.row
        for name, table in watch.firm.world.tables.items()
        if str(name) == stream
        for seen in table.ordered()
    ]


def test_breaks_that_stood_are_events_beside_what_was_told_before(
    watch: Watch, collector: Collector
) -> None:
    watch.firm.advance(QUIET + timedelta(minutes=1))
    jobs.export_traces(watch.estate, watch.runtime)
    before = {span.trace_id: span for _, span in of_deals(collector) if not span.parent_span_id}
    known = {(span.trace_id, span.span_id) for _, span in of_deals(collector)}
    collector.requests.clear()
    entry = watch.firm.plant(FaultKind.MISSING_ERP_PROJECT)
    watch.firm.advance(timedelta(minutes=1))
    watch.look()
    opened_at = watch.firm.clock()
    watch.firm.advance(timedelta(hours=1))
    watch.firm.repair(entry)
    watch.firm.advance(timedelta(minutes=1))
    watch.look()
    watch.firm.advance(QUIET + timedelta(minutes=1))
    jobs.export_traces(watch.estate, watch.runtime)
    again = of_deals(collector)
    (root,) = [span for _, span in again if not span.parent_span_id]
    assert attributes(root)["tieout.transaction"] == entry.deal
    assert root.trace_id in before
    # Stores keep the first of two spans with one identity, or either: none is given twice.
    assert not known & {(span.trace_id, span.span_id) for _, span in again}
    assert {span.parent_span_id for _, span in again} == {b"", root.span_id}
    assert "tieout.as_of" not in attributes(before[root.trace_id])
    assert attributes(root)["tieout.as_of"] > f"{opened_at:%Y-%m-%d}"
    (booked,) = [span for _, span in again if span.name == "project-booked"]
    told = [(event.name, event.time_unix_nano) for event in booked.events]
    assert told[0] == ("break opened", nanoseconds(opened_at))
    assert [name for name, _ in told] == ["break opened", "break resolved"]
    assert root.status.code == Status.STATUS_CODE_ERROR


def test_what_was_told_of_a_later_state_is_told_again_to_the_byte_after_a_crash(
    watch: Watch, collector: Collector
) -> None:
    watch.firm.advance(QUIET + timedelta(minutes=1))
    jobs.export_traces(watch.estate, watch.runtime)
    entry = watch.firm.plant(FaultKind.MISSING_ERP_PROJECT)
    for _ in range(2):
        watch.firm.advance(timedelta(minutes=1))
        watch.look()
        if entry in watch.firm.ledger():
            watch.firm.repair(entry)
    watch.firm.advance(QUIET + timedelta(minutes=1))
    with watch.runtime.database.read() as connection:
        noted = connection.execute(text("SELECT transaction_id, digest FROM exported_trace")).all()
        since = connection.execute(
            text("SELECT name, value FROM setting WHERE name LIKE 'traced:%'")
        ).all()
    jobs.export_traces(watch.estate, watch.runtime)
    with watch.runtime.database.write() as connection:
        for number, digest in noted:
            connection.execute(
                text("UPDATE exported_trace SET digest = :digest WHERE transaction_id = :number"),
                {"digest": digest, "number": number},
            )
        for name, value in since:
            connection.execute(
                text("UPDATE setting SET value = :value WHERE name = :name"),
                {"name": name, "value": value},
            )
    jobs.export_traces(watch.estate, watch.runtime)
    _, later, again = collector.requests
    assert later == again


def test_an_export_that_failed_is_made_good_at_the_next_turn(
    watch: Watch, collector: Collector
) -> None:
    watch.firm.advance(QUIET + timedelta(minutes=1))
    collector.answers.append(503)
    jobs.export_traces(watch.estate, watch.runtime)
    assert collector.requests == []
    jobs.export_traces(watch.estate, watch.runtime)
    assert len(of_deals(collector)) > 10


def test_the_token_goes_along_and_the_form_is_otlps(watch: Watch, collector: Collector) -> None:
    watch.firm.advance(QUIET + timedelta(minutes=1))
    jobs.export_traces(watch.estate, watch.runtime)
    assert set(collector.paths) == {"/v1/traces"}
    assert {each["content-type"] for each in collector.headers} == {"application/x-protobuf"}
    assert {each["authorization"] for each in collector.headers} == {"Bearer canary-7f3a"}


@pytest.mark.parametrize(
    ("status", "failure", "reason"),
    [
        (401, Permanent, Reason.CREDENTIALS),
        (400, Permanent, Reason.REFUSED),
        (429, Transient, Reason.THROTTLED),
        (502, Transient, Reason.SERVER_ERROR),
        (504, Transient, Reason.DEADLINE),
    ],
)
def test_what_a_collector_answers_says_whether_to_try_again(
    collector: Collector, status: int, failure: type[TieoutError], reason: Reason
) -> None:
    exporter = exporter_to(collector)
    collector.answers.append(status)
    with pytest.raises(failure) as caught:
        exporter.export([])
    assert caught.value.reason is reason
    assert "canary" not in str(caught.value)
    exporter.close()


def test_an_export_made_again_is_the_same_to_the_byte(watch: Watch, collector: Collector) -> None:
    watch.firm.advance(QUIET + timedelta(minutes=1))
    jobs.export_traces(watch.estate, watch.runtime)
    with watch.runtime.database.write() as connection:
        connection.execute(text("DELETE FROM exported_trace"))
        connection.execute(text("DELETE FROM setting WHERE name LIKE 'traced:%'"))
    jobs.export_traces(watch.estate, watch.runtime)
    first, again = collector.requests
    assert first == again
