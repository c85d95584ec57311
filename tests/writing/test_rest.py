"""What a JSON API is sent, and what its answers mean to a write."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from monitor.core.errors import UNSENT, Permanent, Reason, Transient
from monitor.core.model import KeyRole, KeyUse
from monitor.core.writing import Operation, Receipt, Safety, Write, Writer
from tests.servers import Fault, Reply, Request, Script, ScriptedServer
from tests.writing.conftest import OpenWriter
from tests.writing.fake_target import FakeTarget, Mishap
from tests.writing.targets.target import (
    CANARY,
    STREAM,
    creation,
    deal,
    deletion,
    update,
)

ROW: Mapping[str, Any] = {
    "id": 7,
    "deal": "OPP-7",
    "number": "INV-7",
    "state": "O",
    "billing": {"total": "800.00", "payer": "Acme"},
    "version": 3,
    "lines": [{"sku": "A-1"}],
}
JSON = {"Content-Type": "application/json"}


@dataclass
class Api:
    """A server with one invoice, and writers for it."""

    server: ScriptedServer
    open: OpenWriter

    def system(self, write: Mapping[str, Any], **changed: Any) -> dict[str, Any]:
        """The system as a landscape describes it, written as given."""
        stream = {
            "entity": "invoice",
            "id": "id",
            "map": {
                "number": "number",
                "status": {"from": "state", "values": {"O": "open", "N": "open", "P": "paid"}},
                "amount": "billing.total",
            },
            "refers": {"deal": "deal"},
            "read": {"path": "/invoices", "select": "items"},
            "fetch": {"path": "/invoices/{id}"},
            "lookup": {"deal": {"path": "/invoices", "select": "items", "param": "deal"}},
            "write": write,
        }
        return {
            "probe": "rest",
            "base_url": self.server.url,
            "write": {"auth": {"kind": "bearer", "token": CANARY}},
            "retry": {"tries": 1},
            "streams": {"invoice": stream},
            **changed,
        }

    def writer(self, **write: Any) -> Writer:
        """A writer that may do this."""
        return self.open(self.system(write))

    def answers(self, reply: Reply, method: str = "PATCH") -> list[Request]:
        """Let a write be answered so; what is written is kept."""
        kept: list[Request] = []

        def answer(request: Request) -> Reply:
            if request.method != method:
                return Reply(dict(ROW), headers={"ETag": 'W/"3"'})
            kept.append(request)
            return reply

        self.server.scripts["/invoices/7"] = answer
        return kept

    def creates(self, reply: Reply) -> None:
        """Let a creation be answered so; there is nothing yet."""
        nothing: Mapping[str, Any] = {"items": []}
        self.server.scripts["/invoices"] = lambda request: (
            reply if request.method == "POST" else Reply(nothing)
        )


@pytest.fixture
def api(open_writer: OpenWriter) -> Iterator[Api]:
    nothing: Mapping[str, Any] = {"items": []}
    scripts: Mapping[str, Script] = {"/invoices/7": Reply(dict(ROW)), "/invoices": Reply(nothing)}
    with ScriptedServer(scripts) as server:
        yield Api(server, open_writer)


def apply(writer: Writer, write: Write) -> Receipt:
    return writer.apply(write, writer.observe(write), "key-1")


PATCH = {"path": "/invoices/{id}"}
FIELDS = {"number": "number", "amount": "billing.total"}


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


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply({}, status=503), Reason.SERVER_ERROR),
        (Reply({}, status=500), Reason.SERVER_ERROR),
        (Reply({}, status=504, headers={"Retry-After": "1"}), Reason.SERVER_ERROR),
        (Reply({}, status=408), Reason.DEADLINE),
        (Reply({}, status=303, headers={"Location": "/elsewhere"}), Reason.MALFORMED),
        (Reply({}, status=302, headers={"Location": "/elsewhere"}), Reason.MALFORMED),
        (Reply(fault=Fault.DROPPED), Reason.UNREACHABLE),
        (Reply({"a": "b" * 90}, fault=Fault.CUT), Reason.MALFORMED),
        (Reply({}, headers={"Content-Encoding": "br"}), Reason.MALFORMED),
        (Reply({"a": "b" * 5000}), Reason.TOO_LARGE),
    ],
    ids=str,
)
def test_what_may_have_happened_is_not_known(api: Api, reply: Reply, reason: Reason) -> None:
    sent = api.answers(reply)
    settings = api.system({"fields": FIELDS, "update": PATCH}, max_bytes=3000)
    settings["errors"] = [
        {"status": 503, "then": "retry", "reason": "throttled"},
        {"status": 500, "then": "fail", "reason": "refused"},
        {"status": 504, "then": "empty"},
    ]
    with pytest.raises(Transient) as caught:
        apply(api.open(settings), update("7", number="x"))
    assert caught.value.reason is reason
    assert reason not in UNSENT
    assert len(sent) == 1


@pytest.mark.parametrize(
    ("status", "failure", "reason"),
    [
        (400, Permanent, Reason.REFUSED),
        (403, Permanent, Reason.CREDENTIALS),
        (404, Permanent, Reason.NOT_FOUND),
        (409, Permanent, Reason.CONFLICT),
        (412, Permanent, Reason.CONFLICT),
        (422, Permanent, Reason.REFUSED),
        (428, Permanent, Reason.REFUSED),
        (429, Transient, Reason.THROTTLED),
    ],
)
def test_what_was_refused_did_not_happen(
    api: Api, status: int, failure: type[Exception], reason: Reason
) -> None:
    sent = api.answers(Reply({}, status=status))
    settings = api.system({"fields": FIELDS, "update": PATCH})
    settings["errors"] = [{"status": 404, "then": "empty"}]
    with pytest.raises(failure) as caught:
        apply(api.open(settings), update("7", number="x"))
    assert caught.value.reason is reason  # type: ignore[attr-defined]  # both have one
    assert len(sent) == 1


def test_a_refusal_is_quoted_for_whoever_asks_why(api: Api) -> None:
    said = {"error": "total must\n not exceed 500", "token": CANARY, "echo": CANARY}
    api.answers(Reply(said, status=422))
    with pytest.raises(Permanent) as caught:
        apply(api.writer(fields=FIELDS, update=PATCH), update("7", number="x"))
    assert "answered 422: refused; it said: " in str(caught.value)
    assert "total must\\n not exceed 500" in str(caught.value)
    assert CANARY not in str(caught.value)
    assert len(str(caught.value)) < 400


def test_the_landscape_may_know_better_what_an_answer_to_this_write_means(
    api: Api,
) -> None:
    api.answers(Reply({"code": "NOT_NOW"}, status=503))
    row = {"status": 503, "body": "NOT_NOW", "then": "retry", "reason": "throttled"}
    writer = api.writer(fields=FIELDS, update=PATCH | {"errors": [row]})
    with pytest.raises(Transient) as caught:
        apply(writer, update("7", number="x"))
    assert caught.value.reason in UNSENT


@pytest.mark.parametrize("body", [b"", b"OK", b"<html>"])
def test_an_answer_that_says_nothing_more_than_yes_is_enough(api: Api, body: bytes) -> None:
    api.answers(Reply(body))
    writer = api.writer(fields=FIELDS, update=PATCH)
    assert apply(writer, update("7", number="x")).answer == body.decode()


def test_an_expired_credential_is_renewed_and_the_write_made_once(api: Api) -> None:
    api.server.scripts["/login"] = [Reply({"t": "first"}), Reply({"t": "second"})]
    writes: list[str] = []

    def answer(request: Request) -> Reply:
        if request.method == "GET":
            return Reply(dict(ROW))
        if request.headers["authorization"] == "Bearer first":
            return Reply({}, status=401)
        writes.append(request.headers["authorization"])
        return Reply({})

    api.server.scripts["/invoices/7"] = answer
    settings = api.system({"fields": FIELDS, "update": PATCH})
    login = {"kind": "login", "url": "/login", "token": "t", "secrets": {"password": CANARY}}
    settings["write"] = {"auth": login}
    apply(api.open(settings), update("7", number="x"))
    assert writes == ["Bearer second"]


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


CREATE = {"path": "/invoices", "id": "id"}


@pytest.mark.parametrize(
    ("create", "reply", "native_id"),
    [
        (CREATE, Reply({"id": "a/b"}), "a/b"),
        ({"path": "/invoices", "id_header": "Location"},
         Reply(b"", headers={"Location": "https://api.example/invoices/99?x=1"}), "99"),
    ],
)  # fmt: skip
def test_the_new_id_is_read_where_it_stands(
    api: Api, create: dict[str, Any], reply: Reply, native_id: str
) -> None:
    api.creates(reply)
    writer = api.writer(keys={"deal": "deal"}, create=create)
    assert apply(writer, creation("OPP-9")).native_id == native_id


@pytest.mark.parametrize("body", [{}, {"id": None}, {"id": ""}, {"id": True}, b"", b"created", []])
def test_a_creation_whose_id_is_not_shown_is_not_known(api: Api, body: object) -> None:
    api.creates(Reply(body))
    writer = api.writer(keys={"deal": "deal"}, create=CREATE)
    with pytest.raises(Transient) as caught:
        apply(writer, creation("OPP-9"))
    assert caught.value.reason not in UNSENT


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


def test_a_request_that_comes_twice_is_one_effect(open_writer: OpenWriter) -> None:
    with FakeTarget() as target:
        target.put("invoices", {"id": "7", "deal": "OPP-7", "number": "INV-7"})
        writer = open_writer(target.system())
        for write in (creation("OPP-1", number="x"), update("7", number="y"), deletion("7")):
            target.misbehave(Mishap.REPEATED)
            writer.apply(write, writer.observe(write), f"key-{write.operation}")
        assert [effect.operation for effect in target.ledger] == ["create", "update", "delete"]


def test_an_answer_that_comes_late_leaves_the_outcome_open(open_writer: OpenWriter) -> None:
    with FakeTarget() as target:
        slow = target.system(deadline="PT0.15S", retry={"tries": 1})
        patient, hasty = open_writer(target.system()), open_writer(slow)
        write = creation("OPP-1", number="x")
        observed = patient.observe(write)
        target.misbehave(Mishap.DELAYED, seconds=timedelta(milliseconds=200).total_seconds())
        with pytest.raises(Transient) as caught:
            hasty.apply(write, observed, "key-1")
        assert caught.value.reason is Reason.DEADLINE
        assert patient.observe(write).record is not None


def test_an_answer_is_kept_without_the_secrets_in_it(api: Api) -> None:
    said = {
        "token": CANARY,
        "echo": f"Bearer {CANARY}",
        "api_key": "k-of-somebody-else",
        "nested": {"clientSecret": "s-of-somebody-else", "password": ["p-of-somebody-else"]},
        "number": "x" * 3000,
    }
    api.answers(Reply(said, headers={"X-Request-Id": f"r-{CANARY}"}))
    receipt = apply(api.writer(fields=FIELDS, update=PATCH), update("7", number="x"))
    for hidden in (CANARY, "somebody-else"):
        assert hidden not in repr(receipt)
    assert '"number": "xxx' in receipt.answer
    assert len(receipt.answer) == 2000
    assert receipt.reference == "r-(hidden)"
