"""What a JSON API's answers mean to a write."""

from datetime import timedelta
from typing import Any

import pytest

from monitor.core.errors import UNSENT, Permanent, Reason, Transient
from tests.servers import Fault, Reply, Request
from tests.writing.api import CREATE, FIELDS, PATCH, ROW, Api, OpenWriter, apply
from tests.writing.fake_target import FakeTarget, Mishap
from tests.writing.targets.target import (
    CANARY,
    creation,
    deletion,
    update,
)


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
