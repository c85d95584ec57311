"""What every writer promises, whatever it writes to."""

import logging
import traceback
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import structlog

from monitor.core.clock import system_clock
from monitor.core.errors import UNSENT, Permanent, Reason, TieoutError, Transient
from monitor.core.model import Record, Value
from monitor.core.writing import Abilities, Observation, Operation, Receipt, Write
from tests.writing.fake_target import Mishap
from tests.writing.targets import TARGETS
from tests.writing.targets.target import (
    CANARY,
    FIELDS,
    STREAM,
    Opened,
    Target,
    creation,
    deletion,
    open_probe,
    update,
    writer_of,
)

HAPPENED = (Mishap.LOST, Mishap.CUT, Mishap.FAILED)
VALUES: dict[str, Value] = {
    "number": 'O\'Brien; "DROP TABLE invoices" -- ünï ☃ {id} %s',
    "status": "open",
    "amount": Decimal("12345678901234567.89"),
    "currency": "EUR",
    "issued_on": date(2026, 2, 28),
    "issued_at": datetime(2026, 3, 29, 1, 30, 0, 250000, tzinfo=UTC),
}


@pytest.fixture(params=sorted(TARGETS))
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    opened = TARGETS[request.param](request)
    yield opened
    opened.close()


@pytest.fixture
def opened(target: Target) -> Iterator[Opened]:
    probe = open_probe(target.settings)
    yield Opened(target, probe, writer_of(probe), target.settings)
    probe.close()


def apply(opened: Opened, write: Write, key: str = "key-1") -> Receipt:
    return opened.writer.apply(write, opened.writer.observe(write), key)


def seen(opened: Opened, write: Write) -> Record:
    record = opened.writer.observe(write).record
    assert record is not None
    return record


def refused(opened: Opened, write: Write, observed: Observation) -> Permanent:
    before = opened.target.rows()
    with pytest.raises(Permanent) as caught:
        opened.writer.apply(write, observed, "key-1")
    assert opened.target.rows() == before
    return caught.value


def test_what_was_created_is_seen(opened: Opened) -> None:
    write = creation("OPP-1", **VALUES)
    observed = opened.writer.observe(write)
    assert (observed.record, observed.token) == (None, "")
    assert abs(observed.at - system_clock()) < timedelta(minutes=1)
    receipt = apply(opened, write)
    record = seen(opened, write)
    assert record.fields == VALUES
    assert record.keys == write.keys
    assert receipt.native_id == record.native_id
    assert len(opened.target.rows()) == 1


def test_an_update_changes_only_what_it_says(opened: Opened) -> None:
    opened.target.put("7", "OPP-7", **VALUES)
    opened.target.put("8", "OPP-8", **VALUES)
    others = opened.target.rows()["8"]
    apply(opened, update("7", amount=Decimal("0.01"), number=None))
    assert seen(opened, update("7")).fields == VALUES | {"amount": Decimal("0.01"), "number": None}
    assert opened.target.rows()["8"] == others


def test_a_record_is_found_by_its_key_as_by_its_id(opened: Opened) -> None:
    opened.target.put("7", "OPP-7", **VALUES)
    by_key = Write(Operation.UPDATE, STREAM, "", creation("OPP-7").keys, "", {}, {"status": "x"})
    assert opened.writer.observe(by_key).record == seen(opened, update("7"))
    assert apply(opened, by_key).native_id == "7"
    assert seen(opened, update("7")).fields["status"] == "x"


def test_a_record_is_seen_as_the_probe_reads_it(opened: Opened) -> None:
    opened.target.put("7", "OPP-7", **VALUES)
    (read,) = opened.probe.fetch(STREAM.stream, ["7"]).records
    record = seen(opened, update("7"))
    assert (record.version, record.stream) == (read.version, STREAM)


@pytest.mark.parametrize("write", [update("7", amount=Decimal(5)), deletion("7")])
def test_an_edit_by_others_is_refused_and_left_alone(opened: Opened, write: Write) -> None:
    opened.target.put("7", "OPP-7", **VALUES)
    observed = opened.writer.observe(write)
    opened.target.put("7", "OPP-7", status="held")
    assert refused(opened, write, observed).reason is Reason.CONFLICT
    assert seen(opened, update("7")).fields == VALUES | {"status": "held"}


@pytest.mark.parametrize("write", [update("7", amount=Decimal(5)), deletion("7")])
def test_what_is_gone_is_refused(opened: Opened, write: Write) -> None:
    opened.target.put("7", "OPP-7", **VALUES)
    observed = opened.writer.observe(write)
    apply(opened, deletion("7"))
    assert opened.target.rows() == {}
    assert refused(opened, write, observed).reason in (Reason.CONFLICT, Reason.NOT_FOUND,
                                                       Reason.REFUSED)  # fmt: skip
    assert opened.writer.observe(write).record is None
    assert refused(opened, write, opened.writer.observe(write)).reason is Reason.NOT_FOUND


def test_what_exists_is_not_created_again(opened: Opened) -> None:
    write = creation("OPP-1", number="mine")
    opened.target.put("7", "OPP-1", number="theirs")
    assert refused(opened, write, opened.writer.observe(write)).reason is Reason.CONFLICT


def test_what_came_to_exist_is_not_created_where_no_key_of_ours_is_known(opened: Opened) -> None:
    write = creation("OPP-1", number="mine")
    nothing = opened.writer.observe(write)
    opened.target.put("7", "OPP-1", number="theirs")
    by_header = "idempotency" in opened.settings["streams"]["invoice"]["write"]["create"]
    observed = opened.writer.observe(write) if by_header else nothing
    assert refused(opened, write, observed).reason is Reason.CONFLICT


def test_one_key_is_one_record(opened: Opened) -> None:
    """Keyed or not: where the system knows no keys, the writer looks just before."""
    write = creation("OPP-1", **VALUES)
    observed = opened.writer.observe(write)
    first = opened.writer.apply(write, observed, "key-1")
    with suppress(Permanent):
        assert opened.writer.apply(write, observed, "key-1").native_id == first.native_id
    assert set(opened.target.rows()) == {first.native_id}


@pytest.mark.parametrize("mishap", HAPPENED)
def test_a_lost_answer_leaves_the_outcome_open_and_a_look_decides(
    opened: Opened, mishap: Mishap
) -> None:
    if mishap not in opened.target.mishaps:
        mishap = Mishap.LOST
    opened.target.put("7", "OPP-7", **VALUES)
    writes = [creation("OPP-1", **VALUES), update("7", amount=Decimal(5)), deletion("7")]
    for write in writes[:2] if mishap is Mishap.CUT else writes:  # nothing to cut in a 204
        observed = opened.writer.observe(write)
        opened.target.misbehave(mishap, opened.writer)
        with pytest.raises(Transient) as caught:
            opened.writer.apply(write, observed, f"key-{write.operation}")
        assert caught.value.reason not in UNSENT
        record = opened.writer.observe(write).record
        if write.operation is Operation.DELETE:
            assert record is None
        else:
            assert record is not None
            assert {**record.fields, **write.after} == record.fields


def test_a_refusal_wrote_nothing(opened: Opened) -> None:
    opened.target.put("7", "OPP-7", **VALUES)
    for write in (creation("OPP-1", number="refused"), update("7", number="refused")):
        observed = opened.writer.observe(write)
        opened.target.misbehave(Mishap.REFUSED, opened.writer)
        assert refused(opened, write, observed).reason is Reason.REFUSED


def test_who_is_turned_away_wrote_nothing_and_knows_it(opened: Opened) -> None:
    opened.target.put("7", "OPP-7", **VALUES)
    for mishap in {Mishap.BUSY, Mishap.UNHEARD} & opened.target.mishaps:
        write = update("7", number="unsent")
        observed = opened.writer.observe(write)
        opened.target.misbehave(mishap, opened.writer)
        with pytest.raises(Transient) as caught:
            opened.writer.apply(write, observed, "key-1")
        assert (caught.value.reason in UNSENT) is (mishap is Mishap.BUSY)
        assert seen(opened, write).fields == VALUES


def test_a_field_that_is_not_declared_is_not_written(target: Target) -> None:
    written = target.settings["streams"]["invoice"]["write"]
    written["fields"] = {"amount": written["fields"]["amount"]}
    written.pop("relations", None)
    written.pop("buttons", None)
    target.put("7", "OPP-7", **VALUES)
    probe = open_probe(target.settings)
    opened = Opened(target, probe, writer_of(probe), target.settings)
    able = opened.writer.abilities(STREAM.stream)
    assert able.fields == {"amount"}
    assert able.keys == {"deal"}
    write = update("7", status="paid")
    assert refused(opened, write, opened.writer.observe(write)).reason is Reason.UNSUPPORTED
    probe.close()


@pytest.mark.parametrize("operation", ["create", "update", "delete"])
def test_an_operation_that_is_not_declared_is_refused(target: Target, operation: str) -> None:
    written = target.settings["streams"]["invoice"]["write"]
    del written[operation]
    written.pop("buttons", None)
    target.put("7", "OPP-7", **VALUES)
    probe = open_probe(target.settings)
    opened = Opened(target, probe, writer_of(probe), target.settings)
    assert operation not in opened.writer.abilities(STREAM.stream).operations
    writes = {"create": creation("OPP-1"), "update": update("7", number="x"),
              "delete": deletion("7")}  # fmt: skip
    write = writes[operation]
    assert refused(opened, write, opened.writer.observe(write)).reason is Reason.UNSUPPORTED
    probe.close()


def test_a_stream_without_a_declaration_cannot_be_written(target: Target) -> None:
    stream = dict(target.settings["streams"]["invoice"])
    del stream["write"]
    target.settings["streams"]["other"] = stream
    probe = open_probe(target.settings)
    writer = writer_of(probe)
    assert writer.abilities("other") == Abilities()
    write = Write(Operation.DELETE, STREAM._replace(stream="other"), "7", (), "", {}, {})
    with pytest.raises(Permanent) as caught:
        writer.observe(write)
    assert caught.value.reason is Reason.UNSUPPORTED
    probe.close()


def test_without_a_declaration_there_is_no_writer(target: Target) -> None:
    del target.settings["streams"]["invoice"]["write"]
    del target.settings["write"]
    probe: Any = open_probe(target.settings)
    assert probe.writer() is None
    probe.close()


def test_the_budget_is_shared_and_spent(target: Target) -> None:
    target.settings["budget"] = {"calls_per_day": 40}
    target.put("7", "OPP-7", **VALUES)
    probe = open_probe(target.settings)
    opened = Opened(target, probe, writer_of(probe), target.settings)
    made = probe.calls_made()
    write = update("7", number="x")
    observed = opened.writer.observe(write)
    looked = probe.calls_made()
    opened.writer.apply(write, observed, "key-1")
    assert made < looked < probe.calls_made()
    observed = opened.writer.observe(write)
    while probe.calls_remaining()["day"]:
        probe.fetch(STREAM.stream, ["7"])
    before = target.rows()
    for attempt in (
        lambda: opened.writer.observe(write),
        lambda: opened.writer.apply(write, observed, "key-2"),
    ):
        with pytest.raises(Transient) as caught:
            attempt()
        assert caught.value.reason is Reason.BUDGET_SPENT
    assert target.rows() == before
    probe.close()


def test_no_secret_is_seen_again(opened: Opened, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    opened.target.put("7", "OPP-7", **VALUES)
    texts: list[str] = []
    with structlog.testing.capture_logs() as logs:
        for mishap in (None, *sorted(opened.target.mishaps)):
            for write in (creation(f"OPP-{mishap}", number="refused"), update("7", number="x")):
                try:
                    observed = opened.writer.observe(write)
                    if mishap is not None:
                        opened.target.misbehave(mishap, opened.writer)
                    texts.append(repr(opened.writer.apply(write, observed, f"key-{mishap}")))
                except TieoutError as failure:
                    texts += traceback.format_exception(failure)
    settings = repr(opened.probe.__dict__["_settings"])
    assert CANARY not in f"{texts} {logs} {caplog.text} {settings} {opened.writer!r}"


def test_an_answer_is_kept_cut(opened: Opened) -> None:
    receipt = apply(opened, creation("OPP-1", number="n" * 5000))
    assert 0 < len(receipt.answer) <= 2000


def test_closing_twice_does_no_harm(target: Target) -> None:
    probe = open_probe(target.settings)
    writer = writer_of(probe)
    writer.close()
    probe.close()
    probe.close()


def test_every_field_can_be_written(opened: Opened) -> None:
    assert opened.writer.abilities(STREAM.stream).fields == set(FIELDS)
