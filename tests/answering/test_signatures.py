"""Only what Slack signed lately is taken, and nothing that is sent makes the check raise."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from slack_sdk.signature import SignatureVerifier

from monitor.answering.signatures import HOLDS, is_from_slack

SECRET = "canary-signing-5f1c"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
BODY = b"payload=%7B%7D"


def sign(body: bytes = BODY, stamp: str = STAMP, secret: str = SECRET) -> str:
    signed = b"v0:" + stamp.encode() + b":" + body
    return "v0=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def test_what_slack_signed_now_is_taken() -> None:
    assert is_from_slack(SECRET, STAMP, BODY, sign(), NOW)


def test_the_sdk_signs_and_verifies_the_same() -> None:
    verifier = SignatureVerifier(SECRET)
    made = verifier.generate_signature(timestamp=STAMP, body=BODY)
    assert made == sign()
    assert is_from_slack(SECRET, STAMP, BODY, str(made), NOW)


@pytest.mark.parametrize("seconds", [-301, 301, 86_400])
def test_what_is_too_old_or_from_the_future_is_not(seconds: int) -> None:
    stamp = str(int(NOW.timestamp()) + seconds)
    assert not is_from_slack(SECRET, stamp, BODY, sign(stamp=stamp), NOW)
    near = str(int((NOW - HOLDS + timedelta(seconds=1)).timestamp()))
    assert is_from_slack(SECRET, near, BODY, sign(stamp=near), NOW)


@pytest.mark.parametrize(
    ("stamp", "body", "signature"),
    [
        ("", BODY, sign()),
        ("noon", BODY, sign()),
        ("1e9", BODY, sign(stamp="1e9")),
        ("\u0661\u0662", BODY, sign()),
        (STAMP, b"\xff\xfe", sign()),
        (STAMP, BODY, ""),
        (STAMP, BODY, "v0=\u00e9"),
        (STAMP, BODY, sign().upper()),
        (STAMP, BODY, sign()[:-1]),
        (STAMP, BODY, sign(secret="another")),
        (STAMP, BODY + b"&", sign()),
    ],
    ids=["none", "word", "float", "digits-elsewhere", "no-utf-8", "unsigned", "no-ascii", "upper",
         "short", "another-secret", "another-body"],
)  # fmt: skip
def test_values_on_which_others_raise_are_refused(stamp: str, body: bytes, signature: str) -> None:
    assert not is_from_slack(SECRET, stamp, body, signature, NOW)


def test_a_body_that_is_no_text_is_taken_where_it_is_signed() -> None:
    assert is_from_slack(SECRET, STAMP, b"\xff", sign(b"\xff"), NOW)


@given(st.text(max_size=20), st.binary(max_size=40), st.text(max_size=80))
def test_nothing_forged_is_ever_taken(stamp: str, body: bytes, signature: str) -> None:
    assert not is_from_slack(SECRET, stamp, body, signature, NOW)
