"""What an answer means."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from pydantic import ValidationError

from monitor.core.errors import Permanent, Reason, Transient
from monitor.response import Response
from probes.engine.errors import ErrorRow, Then, judge, read_retry_after

NOW = datetime(2026, 2, 1, 12, tzinfo=UTC)


def rows(*given: dict[str, Any]) -> list[ErrorRow]:
    return [ErrorRow.model_validate(row) for row in given]


@pytest.mark.parametrize(
    ("status", "then", "reason"),
    [
        (301, Then.FAIL, Reason.REFUSED),
        (400, Then.FAIL, Reason.REFUSED),
        (401, Then.REFRESH, Reason.CREDENTIALS),
        (403, Then.FAIL, Reason.CREDENTIALS),
        (404, Then.FAIL, Reason.NOT_FOUND),
        (408, Then.RETRY, Reason.DEADLINE),
        (425, Then.RETRY, Reason.THROTTLED),
        (429, Then.RETRY, Reason.THROTTLED),
        (500, Then.RETRY, Reason.SERVER_ERROR),
        (502, Then.RETRY, Reason.SERVER_ERROR),
        (503, Then.RETRY, Reason.THROTTLED),
        (599, Then.RETRY, Reason.SERVER_ERROR),
    ],
)
def test_http_has_a_meaning_of_its_own(status: int, then: Then, reason: Reason) -> None:
    verdict = judge(Response(status, {}, b""), (), NOW)
    assert verdict is not None
    assert (verdict.then, verdict.reason) == (then, reason)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 206])
def test_success_needs_no_verdict(status: int) -> None:
    assert judge(Response(status, {}, b"{}"), (), NOW) is None


def test_a_systems_own_row_comes_first() -> None:
    own = rows(
        {
            "status": 403,
            "body": "REQUEST_LIMIT_EXCEEDED",
            "then": "retry",
            "reason": "throttled",
        }
    )
    limited = judge(Response(403, {}, b'[{"errorCode":"REQUEST_LIMIT_EXCEEDED"}]'), own, NOW)
    denied = judge(Response(403, {}, b'[{"errorCode":"INSUFFICIENT_ACCESS"}]'), own, NOW)
    assert limited is not None
    assert denied is not None
    assert limited.then is Then.RETRY
    assert denied.then is Then.FAIL


def test_errors_inside_a_good_status_are_seen() -> None:
    own = rows({"status": 200, "present": "errors", "then": "retry", "reason": "server_error"})
    failed = judge(Response(200, {}, b'{"errors": [{"message": "busy"}]}'), own, NOW)
    assert failed is not None
    assert failed.reason is Reason.SERVER_ERROR
    assert judge(Response(200, {}, b'{"data": {}, "errors": []}'), own, NOW) is None
    assert judge(Response(200, {}, b'{"data": "errors"}'), own, NOW) is None


def test_a_row_may_name_several_statuses() -> None:
    own = rows({"status": [406, 420], "then": "retry", "reason": "throttled"})
    assert judge(Response(420, {}, b""), own, NOW) is not None


@pytest.mark.parametrize(
    "row", [{"then": "retry"}, {"status": 200, "body": "(", "then": "fail"}, {"status": 200}]
)
def test_a_row_that_cannot_be_used_is_refused(row: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        ErrorRow.model_validate(row)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("17", 17.0),
        (" 0 ", 0.0),
        ("1.5", 1.5),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90.0),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_both_forms(text: str | None, seconds: float | None) -> None:
    assert read_retry_after(text, NOW) == seconds


def test_an_instant_to_wait_for_is_measured_by_the_servers_own_clock() -> None:
    ahead = NOW + timedelta(hours=1)
    headers = {
        "date": format_datetime(ahead, usegmt=True),
        "retry-after": format_datetime(ahead + timedelta(seconds=30), usegmt=True),
    }
    verdict = judge(Response(429, headers, b""), (), NOW)
    assert verdict is not None
    assert verdict.retry_after == 30.0


def test_only_what_may_help_is_transient() -> None:
    busy = judge(Response(503, {"retry-after": "9"}, b""), (), NOW)
    lost = judge(Response(404, {}, b""), (), NOW)
    assert busy is not None
    assert lost is not None
    busy_error, lost_error = busy.error("http://crm"), lost.error("http://crm")
    assert isinstance(busy_error, Transient)
    assert busy_error.retry_after == 9.0
    assert isinstance(lost_error, Permanent)
    assert str(lost_error) == "http://crm answered 404: not found"
