"""What a JSON API is sent."""

from decimal import Decimal
from typing import Any

import pytest

from monitor.core.errors import Permanent, Reason
from monitor.core.model import KeyRole, KeyUse
from monitor.core.writing import Operation, Safety, Write
from tests.servers import Reply
from tests.writing.api import CREATE, FIELDS, PATCH, ROW, Api, OpenWriter, apply
from tests.writing.fake_target import FakeTarget
from tests.writing.targets.target import (
    CANARY,
    STREAM,
    creation,
    deal,
    update,
)


def test_only_the_changes_are_sent_at_their_places(api: Api) -> None:
    sent = api.answers(Reply({}))
    writer = api.writer(fields=FIELDS, update=PATCH | {"constants": {"by": "tieout"}})
    apply(writer, update("7", amount=Decimal("12345678901234567.10")))
    assert sent[0].body == b'{"billing":{"total":12345678901234567.10},"by":"tieout"}'
    assert sent[0].headers["authorization"] == f"Bearer {CANARY}"


def test_the_whole_record_goes_back_with_the_changes_in_it(api: Api) -> None:
    sent = api.answers(Reply({}), "PUT")
    whole = PATCH | {"method": "PUT", "sends": "whole"}
    writer = api.writer(fields=FIELDS, update=whole)
    apply(writer, update("7", amount=Decimal(5)))
    assert sent[0].json == {**ROW, "billing": {"total": 5, "payer": "Acme"}}


def test_numbers_are_text_with_as_many_decimals_as_declared(api: Api) -> None:
    sent = api.answers(Reply({}))
    amount = {"to": "billing.total", "as": "text", "decimals": 2}
    writer = api.writer(fields={"amount": amount}, update=PATCH)
    apply(writer, update("7", amount=Decimal("1200.5")))
    assert sent[0].json == {"billing": {"total": "1200.50"}}


def test_a_number_is_never_rounded_to_fit(api: Api) -> None:
    sent = api.answers(Reply({}))
    writer = api.writer(fields={"amount": {"to": "billing.total", "decimals": 2}}, update=PATCH)
    with pytest.raises(Permanent) as caught:
        apply(writer, update("7", amount=Decimal("0.125")))
    assert caught.value.reason is Reason.UNSUPPORTED
    assert not sent


@pytest.mark.parametrize(("status", "word"), [("open", "N"), ("paid", "P"), ("void", "void")])
def test_canonical_words_become_the_systems(api: Api, status: str, word: str) -> None:
    sent = api.answers(Reply({}))
    fields = {"status": {"to": "state", "values": {"open": "N"}}}
    apply(api.writer(fields=fields, update=PATCH), update("7", status=status))
    assert sent[0].json == {"state": word}


def test_a_word_that_would_be_read_as_another_is_not_written(api: Api) -> None:
    sent = api.answers(Reply({}))
    fields = {"status": {"to": "state", "values": {"open": "N"}}}
    with pytest.raises(Permanent):
        apply(api.writer(fields=fields, update=PATCH), update("7", status="P"))
    assert not sent


VERSION = {"kind": "version", "field": "version"}


@pytest.mark.parametrize(
    ("precondition", "shown"),
    [
        ({"kind": "etag"}, lambda sent: sent.headers["if-match"] == 'W/"3"'),
        ({"kind": "etag", "field": "number"}, lambda sent: sent.headers["if-match"] == "INV-7"),
        (VERSION, lambda sent: sent.json == {"number": "x", "version": 3}),
        (VERSION | {"name": "meta.was"},
         lambda sent: sent.json == {"number": "x", "meta": {"was": 3}}),
        (VERSION | {"in": "query"}, lambda sent: sent.param("version") == "3"),
        (VERSION | {"in": "header", "name": "X-Version"},
         lambda sent: sent.headers["x-version"] == "3"),
    ],
)  # fmt: skip
def test_the_state_that_was_seen_is_named_as_declared(
    api: Api, precondition: dict[str, str], shown: Any
) -> None:
    sent = api.answers(Reply({}))
    writer = api.writer(fields={"number": "number"}, update=PATCH | {"precondition": precondition})
    assert writer.abilities("invoice").operations == {Operation.UPDATE: Safety.CONDITIONAL}
    apply(writer, update("7", number="x"))
    assert shown(sent[0])


def test_without_a_name_for_the_state_nothing_is_sent(api: Api) -> None:
    writer = api.writer(
        fields={"number": "number"}, update=PATCH | {"precondition": {"kind": "etag"}}
    )
    with pytest.raises(Permanent) as caught:
        apply(writer, update("7", number="x"))
    assert caught.value.reason is Reason.SCHEMA
    assert {request.method for request in api.server.requests} == {"GET"}


def test_a_record_is_created_with_keys_constants_and_the_idempotency_key(
    api: Api,
) -> None:
    created = Reply({"data": {"id": 9}}, status=201)
    api.creates(created)
    writer = api.writer(
        fields={"amount": "billing.total"},
        keys={"deal": "deal"},
        create={
            "path": "/invoices",
            "params": {"source": "tieout/{deal}"},
            "headers": {"X-Reason": "repair"},
            "constants": {"note": "for {deal}", "billing.currency": "EUR"},
            "id": "data.id",
            "idempotency": {"field": "meta.request"},
        },
    )
    assert writer.abilities("invoice").operations == {Operation.CREATE: Safety.KEYED}
    assert apply(writer, creation("OPP-9", amount=Decimal(5))).native_id == "9"
    sent = api.server.requests[-1]
    assert sent.json == {
        "deal": "OPP-9",
        "billing": {"total": 5, "currency": "EUR"},
        "note": "for OPP-9",
        "meta": {"request": "key-1"},
    }
    assert (sent.param("source"), sent.headers["x-reason"]) == ("tieout/OPP-9", "repair")


def test_a_record_that_would_not_have_its_key_is_not_created(api: Api) -> None:
    writer = api.writer(create=CREATE)
    with pytest.raises(Permanent) as caught:
        apply(writer, creation("OPP-9"))
    assert caught.value.reason is Reason.UNSUPPORTED
    assert {request.method for request in api.server.requests} == {"GET"}


def test_a_key_may_come_from_a_constant_with_the_key_in_it(api: Api) -> None:
    api.creates(Reply({"id": 9}))
    settings = api.system({"create": CREATE | {"constants": {"number": "CRM/{deal}"}}})
    deal_in_number = {"from": "number", "strip_prefix": ["CRM/"]}
    settings["streams"]["invoice"]["refers"] = {"deal": deal_in_number}
    writer = api.open(settings)
    assert writer.abilities("invoice").keys == {"deal"}
    apply(writer, creation("OPP-9"))
    assert api.server.requests[-1].json == {"number": "CRM/OPP-9"}


def test_several_records_with_the_keys_are_no_place_to_write(api: Api) -> None:
    rows = [dict(ROW), dict(ROW, id=8)]
    api.server.scripts["/invoices"] = Reply({"items": rows})
    writer = api.writer(keys={"deal": "deal"}, create=CREATE)
    with pytest.raises(Permanent) as caught:
        writer.observe(creation("OPP-7"))
    assert caught.value.reason is Reason.CONFLICT


@pytest.mark.parametrize("role", list(KeyRole))
def test_a_record_is_found_by_a_key_in_whatever_role(api: Api, role: KeyRole) -> None:
    """A missing record gets the keys of the one that asks for it, in that one's roles."""
    server_row = {**ROW, "deal": "OPP-9"}
    api.server.scripts["/invoices"] = Reply({"items": [server_row]})
    write = Write(Operation.CREATE, STREAM, "", (KeyUse(role, "deal", "OPP-9"),), "", {}, {})
    writer = api.writer(keys={"deal": "deal"}, create=CREATE)
    assert writer.observe(write).record is not None
    api.creates(Reply({"id": 9}))
    assert apply(writer, write).native_id == "9"
    assert api.server.requests[-1].json == {"deal": "OPP-9"}


def test_a_key_that_defines_the_record_is_enough_to_find_it(api: Api) -> None:
    api.server.scripts["/invoices"] = Reply({"items": [dict(ROW)]})
    settings = api.system({"create": CREATE, "keys": {"deal": "deal"}})
    stream = settings["streams"]["invoice"]
    stream["defines"] = {"invoice": "number"}
    stream["lookup"]["invoice"] = stream["lookup"]["deal"]
    keys = (KeyUse(KeyRole.DEFINES, "invoice", "INV-7"), KeyUse(KeyRole.REFERS, "deal", "OPP-9"))
    write = Write(Operation.CREATE, STREAM, "", keys, "", {}, {})
    record = api.open(settings).observe(write).record
    assert record is not None
    assert record.native_id == "7"


def test_a_flow_is_started_once_for_one_key(open_writer: OpenWriter) -> None:
    with FakeTarget() as target:
        writer = open_writer(target.system())
        write = Write(Operation.TRIGGER, STREAM, "", deal("OPP-1"), "", {}, {}, "bill")
        for _ in range(2):
            writer.apply(write, writer.observe(write), "key-1")
        assert [effect.after for effect in target.ledger] == [{"deal": "OPP-1"}]
        assert target.ledger[0].key == "key-1"
        unknown = Write(Operation.TRIGGER, STREAM, "", deal("OPP-1"), "", {}, {}, "ship")
        with pytest.raises(Permanent) as caught:
            writer.apply(unknown, writer.observe(unknown), "key-1")
        assert caught.value.reason is Reason.UNSUPPORTED


def test_what_a_trigger_is_about_is_seen_where_it_is_a_record_of_its_stream(
    open_writer: OpenWriter,
) -> None:
    with FakeTarget() as target:
        for native_id in ("7", "8"):
            target.put("invoices", {"id": native_id, "deal": "OPP-1"})
        writer = open_writer(target.system())
        by_id = Write(Operation.TRIGGER, STREAM, "7", (), "", {}, {}, "bill")
        record = writer.observe(by_id).record
        assert record is not None
        assert record.native_id == "7"
        by_key = Write(Operation.TRIGGER, STREAM, "", deal("OPP-1"), "", {}, {}, "bill")
        assert writer.observe(by_key).record is None
