import json
import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from alerts.document import document_of
from alerts.webhook import WebhookChannel, WebhookSettings, sign
from monitor.core.breaks import BreakKind
from monitor.core.errors import Permanent, Reason, Transient
from monitor.core.notices import Notice, NoticeKind
from tests.alerts.examples import HOSTILE, NOW, hostile_finding, notice
from tests.alerts.harness import HOOK_PATH, HOOK_SECRET, Time, build, webhook_settings
from tests.alerts.receiver import Receiver, Reply, Request, running

PAGE = (Path(__file__).parents[2] / "docs/reference/webhook.md").read_text("utf-8")
SECRET = HOOK_SECRET.encode()

Verifier = Callable[[bytes, dict[str, str], bytes, float], bool]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running(Receiver(lambda _: Reply(204, b""))) as receiver:
        yield receiver


@pytest.fixture(scope="module")
def verify() -> Verifier:
    """The verifier that the documentation gives to receivers."""
    source = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert source is not None
    names: dict[str, Any] = {}
    exec(source[1], names)  # noqa: S102 - our own page
    verifier: Verifier = names["verify"]
    return verifier


def headers_of(request: Request) -> dict[str, str]:
    names = ("Tieout-Notice", "Tieout-Timestamp", "Tieout-Signature")
    return {name: request.headers[name.lower()] for name in names}


def send(receiver: Receiver, told: Notice | None = None) -> Request:
    channel = build(webhook_settings(receiver.address), Time())
    assert isinstance(channel, WebhookChannel)
    channel.send(told or notice())
    channel.close()
    return receiver.requests[-1]


def test_the_documented_verifier_accepts_what_is_sent(receiver: Receiver, verify: Verifier) -> None:
    request = send(receiver)
    assert verify(SECRET, headers_of(request), request.body, NOW.timestamp() + 5)


def test_the_documented_verifier_refuses_what_was_tampered_with(
    receiver: Receiver, verify: Verifier
) -> None:
    request = send(receiver)
    headers, now = headers_of(request), NOW.timestamp()
    later = {**headers, "Tieout-Timestamp": str(int(now) + 60)}
    forged = {**headers, "Tieout-Signature": "v1=" + "0" * 64}
    odd = {**headers, "Tieout-Signature": "v1=é", "Tieout-Timestamp": "soon"}
    assert not verify(SECRET, headers, request.body.replace(b"125000", b"125001"), now)
    assert not verify(SECRET, later, request.body, now)
    assert not verify(SECRET, forged, request.body, now)
    assert not verify(SECRET, odd, request.body, now)
    assert not verify(b"another secret", headers, request.body, now)


def test_the_documented_verifier_refuses_a_replay(receiver: Receiver, verify: Verifier) -> None:
    request = send(receiver)
    after = NOW + timedelta(minutes=6)
    assert not verify(SECRET, headers_of(request), request.body, after.timestamp())


@given(st.binary(max_size=200), st.integers(0, 2**33))
def test_every_body_verifies_under_its_own_secret_alone(
    verify: Verifier, body: bytes, timestamp: int
) -> None:
    signature = sign(SecretStr(HOOK_SECRET), str(timestamp), body)
    headers = {"Tieout-Timestamp": str(timestamp), "Tieout-Signature": signature}
    assert verify(SECRET, headers, body, timestamp)
    assert not verify(SECRET + b"x", headers, body, timestamp)
    assert not verify(SECRET, headers, body + b"x", timestamp)


def test_the_request_goes_to_the_address_as_it_was_given(receiver: Receiver) -> None:
    request = send(receiver)
    assert request.path == HOOK_PATH
    assert request.headers["content-type"] == "application/json"
    assert request.headers["tieout-notice"] == notice().id


def test_a_repetition_carries_the_same_identifier(receiver: Receiver) -> None:
    assert send(receiver).headers["tieout-notice"] == send(receiver).headers["tieout-notice"]


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (302, Reason.REFUSED),
        (400, Reason.REFUSED),
        (401, Reason.CREDENTIALS),
        (403, Reason.CREDENTIALS),
        (404, Reason.NOT_FOUND),
        (410, Reason.NOT_FOUND),
        (413, Reason.TOO_LARGE),
        (422, Reason.REFUSED),
    ],
)
def test_what_repeating_cannot_mend_is_permanent(
    receiver: Receiver, status: int, reason: Reason
) -> None:
    receiver.replies.append(Reply(status))
    with pytest.raises(Permanent) as caught:
        send(receiver)
    assert caught.value.reason is reason


@pytest.mark.parametrize("status", [408, 425, 429, 503])
def test_these_refusals_pass(receiver: Receiver, status: int) -> None:
    receiver.replies.append(Reply(status))
    with pytest.raises(Transient):
        send(receiver)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        ("Sun, 22 Nov 2099 09:30:00 GMT", 3_600.0),
        ("Sun, 22 Nov 2020 09:30:00 GMT", 0.0),
        ("soon", None),
        ("-1", None),
        ("1e9", None),
        ("", None),
    ],
)
def test_both_forms_of_retry_after_are_read(
    receiver: Receiver, text: str, seconds: float | None
) -> None:
    receiver.replies.append(Reply(429, b"", {"Retry-After": text}))
    with pytest.raises(Transient) as caught:
        send(receiver)
    assert caught.value.retry_after == seconds


def test_the_receivers_own_identifier_is_kept(receiver: Receiver) -> None:
    receiver.replies.append(Reply(202, b"ok", {"X-Request-Id": "req-42"}))
    channel = build(webhook_settings(receiver.address), Time())
    assert isinstance(channel, WebhookChannel)
    assert channel.send(notice()).reference == "req-42"
    channel.close()


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_the_document_is_json_with_the_values_as_they_are(text: str) -> None:
    told = notice(hostile_finding(text))
    document = json.loads(document_of(told))
    if len(text) < 1_000 and "\ud800" not in text:
        assert document["expected"] == text
    assert len(json.dumps(document)) < 250_000


def test_money_keeps_every_digit_and_unknown_is_null() -> None:
    document = json.loads(document_of(notice()))
    assert document["value_at_risk"] == "125000.000000"
    assert document["actual"] is None
    assert document["at"] == "2026-11-22T09:30:00.000000+00:00"


def test_the_page_names_every_field_and_word_of_the_document() -> None:
    documented = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
    sent = {each.name for each in fields(Notice)} | {"version", "text"}
    assert documented == sent
    assert all(f"`{word.value}`" in PAGE for word in (*NoticeKind, *BreakKind))


@pytest.mark.parametrize(
    "change",
    [
        {"secret": "short"},
        {"url": "ftp://example.test/x"},
        {"url": "https://user:canary@example.test/x"},
        {"timeout": "0s"},
    ],
)
def test_settings_that_cannot_be_right_are_refused(change: dict[str, str]) -> None:
    with pytest.raises(ValidationError) as caught:
        WebhookSettings.model_validate({**webhook_settings("https://example.test"), **change})
    assert "canary" not in str(caught.value)
