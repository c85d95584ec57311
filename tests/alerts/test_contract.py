"""What holds for every row of CHANNELS."""

import logging
import socket
import traceback
from collections.abc import Iterator
from dataclasses import replace

import pytest
from pydantic import ValidationError

from alerts import CHANNELS
from monitor.core.breaks import BreakKind
from monitor.core.errors import Permanent, Reason, TieoutError, Transient
from tests.alerts.examples import FINDINGS, HOSTILE, hostile_finding
from tests.alerts.harness import HARNESSES, Harness, Time, build
from tests.alerts.receiver import Receiver, Reply, running

TRANSIENT = {
    429: Reason.THROTTLED,
    500: Reason.SERVER_ERROR,
    502: Reason.SERVER_ERROR,
    504: Reason.SERVER_ERROR,
}
FAULTS = {
    "dropped connection": Reply(drop=True),
    "cut body": Reply(body=b'{"ok": tr', cut=True),
    "throttled": Reply(429, b""),
    "server error": Reply(500, b"<html>oops</html>"),
    "not found": Reply(404, b"<html>gone</html>"),
    "redirect": Reply(302, b"", {"Location": "http://127.0.0.1:1/elsewhere"}),
    "unauthorised": Reply(401, b'{"ok": false, "error": "invalid_auth"}'),
}


@pytest.fixture(params=sorted(HARNESSES))
def harness(request: pytest.FixtureRequest) -> Iterator[Harness]:
    with HARNESSES[request.param]() as each:
        yield each


def test_every_channel_is_held_to_the_contract() -> None:
    # E-mail is no HTTP: test_email holds it to the same.
    assert set(HARNESSES) == set(CHANNELS) - {"email"}


@pytest.mark.parametrize("kind", sorted(FINDINGS))
def test_every_kind_of_break_arrives_once(harness: Harness, kind: BreakKind) -> None:
    said = harness.say(FINDINGS[kind])
    assert harness.arrived() == [said]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_of_a_record_keeps_a_notice_from_arriving(harness: Harness, text: str) -> None:
    said = harness.say(hostile_finding(text))
    assert harness.arrived() == [said]


@pytest.mark.parametrize("status", sorted(TRANSIENT))
def test_what_may_pass_is_transient(harness: Harness, status: int) -> None:
    harness.receiver.replies.append(Reply(status, b"{}", {"Retry-After": "7"}))
    with pytest.raises(Transient) as caught:
        harness.say()
    assert caught.value.reason is TRANSIENT[status]
    assert caught.value.retry_after == (7.0 if status == 429 else None)
    assert harness.arrived() == []


def test_an_absurd_wait_is_bounded(harness: Harness) -> None:
    harness.receiver.replies.append(Reply(429, b"{}", {"Retry-After": "999999999"}))
    with pytest.raises(Transient) as caught:
        harness.say()
    assert caught.value.retry_after == 3_600


def test_after_a_failure_the_same_channel_delivers(harness: Harness) -> None:
    harness.receiver.replies.append(Reply(500))
    with pytest.raises(Transient):
        harness.say()
    said = harness.say()
    assert harness.arrived() == [said]


def test_a_failed_call_is_not_repeated_unasked(harness: Harness) -> None:
    harness.receiver.replies.append(Reply(drop=True))
    with pytest.raises(Transient):
        harness.say()
    assert len(harness.receiver.requests) == 1


def test_nobody_listening_is_unreachable(harness: Harness) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused
        address = f"http://127.0.0.1:{reserved.getsockname()[1]}"
        key = "base_url" if harness.name == "slack" else "url"
        channel = build({**harness.raw_settings, key: address}, Time())
        with pytest.raises(Transient) as caught:
            replace(harness, channel=channel).say()
        channel.close()
    assert caught.value.reason is Reason.UNREACHABLE


@pytest.mark.parametrize("fault", sorted(FAULTS))
def test_a_fault_tells_no_secret_and_chains_no_foreign_error(
    harness: Harness, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    harness.receiver.replies.append(FAULTS[fault])
    with pytest.raises((Transient, Permanent)) as caught:
        harness.say()
    shown = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert caught.value.__context__ is None
    assert not [canary for canary in harness.canaries if canary in shown]


def test_a_redirect_is_not_followed_with_the_secrets_in_hand(harness: Harness) -> None:
    with running(Receiver(lambda _: Reply(200, b'{"ok": true, "ts": "1.1"}'))) as stranger:
        for status in (301, 302, 303, 307, 308):
            harness.receiver.replies.append(Reply(status, b"", {"Location": stranger.address}))
            with pytest.raises(Permanent):
                harness.say()
        assert stranger.requests == []


def test_settings_and_channel_show_no_secret(harness: Harness) -> None:
    settings = CHANNELS[harness.name].settings.model_validate(harness.raw_settings)
    shown = f"{settings!r} {settings} {settings.model_dump_json()} {harness.channel!r}"
    assert not [canary for canary in harness.canaries if canary in shown]


def test_unknown_settings_are_refused_without_showing_a_secret(harness: Harness) -> None:
    with pytest.raises(ValidationError) as caught:
        CHANNELS[harness.name].settings.model_validate({**harness.raw_settings, "colour": "red"})
    assert "colour" in str(caught.value)
    assert not [canary for canary in harness.canaries if canary in str(caught.value)]


def test_looking_for_what_was_never_sent_finds_nothing(harness: Harness) -> None:
    assert harness.look() is None


def test_every_refusal_is_one_of_our_errors(harness: Harness) -> None:
    for status in (300, 301, 304, 400, 401, 403, 404, 408, 409, 410, 413, 418, 422, 425, 451, 503):
        for body in (b"", b"[]", b"[1]", b"null", b'"x"', b"\xff\xfe", b'{"ok": 1}'):
            harness.receiver.replies.append(Reply(status, b"" if status == 304 else body))
            with pytest.raises(TieoutError) as caught:
                harness.say()
            assert type(caught.value) in {Transient, Permanent}
