"""Requests written from data: nothing lost at a window's edge, nothing smuggled in by a value."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.core.errors import Permanent, Reason
from monitor.core.model import Window
from probes.engine.caller import Call
from probes.engine.requests import FetchSettings, LookupSettings, ReadSettings
from probes.engine.stamps import write_since, write_until

SINCE = datetime(2026, 2, 1, 12, 30, 15, 123456, tzinfo=UTC)
UNTIL = datetime(2026, 2, 2, tzinfo=UTC)
MOMENTS = st.datetimes(
    datetime(2001, 1, 1), datetime(2037, 1, 1), timezones=st.just(UTC)  # noqa: DTZ001 - aware by timezones
)  # fmt: skip
READERS: dict[str, Callable[[str], datetime]] = {
    "iso": datetime.fromisoformat,
    "iso_ms": datetime.fromisoformat,
    "iso_s": datetime.fromisoformat,
    "epoch": lambda text: datetime.fromtimestamp(int(text), UTC),
    "epoch_ms": lambda text: datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=int(text)),
    "%Y-%m-%d %H:%M:%S": lambda text: datetime.fromisoformat(text + "Z"),
    "%Y-%m-%d %H:%M": lambda text: datetime.fromisoformat(text + "Z"),
    "%Y-%m-%d": lambda text: datetime.fromisoformat(text + "T00:00Z"),
    "%d.%m.%Y %H:%M:%S.%f": lambda text: datetime.strptime(text + "Z", "%d.%m.%Y %H:%M:%S.%f%z"),
}


@pytest.mark.parametrize("form", READERS)
@given(moment=MOMENTS)
def test_a_window_as_written_holds_the_window_as_meant(form: str, moment: datetime) -> None:
    assert READERS[form](write_since(moment, form)) <= moment
    assert READERS[form](write_until(moment, form)) >= moment


@pytest.mark.parametrize(
    ("form", "zone", "since", "until"),
    [
        ("iso", "UTC", "2026-02-01T12:30:15.123456Z", "2026-02-02T00:00:00.000000Z"),
        ("iso_ms", "UTC", "2026-02-01T12:30:15.123Z", "2026-02-02T00:00:00.000Z"),
        ("iso_s", "UTC", "2026-02-01T12:30:15Z", "2026-02-02T00:00:00Z"),
        ("epoch", "UTC", "1769949015", "1769990400"),
        ("epoch_ms", "UTC", "1769949015123", "1769990400000"),
        ("%m/%d/%Y %H:%M", "America/New_York", "02/01/2026 07:30", "02/01/2026 19:00"),
    ],
)
def test_a_window_goes_into_parameters(form: str, zone: str, since: str, until: str) -> None:
    settings = read(since_param="from", until_param="to", time_format=form, zone=zone)
    assert params(settings.call(Window(SINCE, UNTIL))) == {"from": since, "to": until}


def test_a_window_goes_into_a_header() -> None:
    settings = read(headers={"If-Modified-Since": "{since}"}, time_format="iso_s")
    assert settings.call(Window(SINCE, UNTIL)).headers == {
        "If-Modified-Since": "2026-02-01T12:30:15Z"
    }


def test_a_full_read_leaves_the_start_out() -> None:
    settings = read(since_param="from", until_param="to", time_format="epoch")
    assert params(settings.call(Window(None, UNTIL))) == {"to": "1769990400"}


def test_a_window_goes_wherever_the_placeholders_stand() -> None:
    settings = read(
        path="/query",
        method="POST",
        time_format="iso_s",
        params={"q": "SELECT Id WHERE Stamp >= {since}"},
        body={"query": 'query { rows(since: "{since}") { id } }', "to": ["{until}", 3, None]},
    )
    call = settings.call(Window(None, UNTIL))
    assert params(call) == {"q": "SELECT Id WHERE Stamp >= 1970-01-01T00:00:00Z"}
    assert call.body == {
        "query": 'query { rows(since: "1970-01-01T00:00:00Z") { id } }',
        "to": ["2026-02-02T00:00:00Z", 3, None],
    }
    assert call.may_repeat


def test_lists_and_flags_become_parameters() -> None:
    settings = read(params={"status": ["won", "lost"], "deleted": True, "depth": 2})
    assert list(settings.call(Window(None, UNTIL)).params) == [
        ("status", "won"),
        ("status", "lost"),
        ("deleted", "true"),
        ("depth", "2"),
    ]


@pytest.mark.parametrize(
    "settings",
    [{"time_format": "rfc1123"}, {"zone": "Mars/Olympus"}, {"select": "items["}, {"method": "PUT"}],
)
def test_a_request_that_cannot_be_written_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        read(**settings)


IDS = st.text(min_size=1, max_size=20).filter(lambda text: text.isprintable())


@given(IDS)
def test_an_id_stays_one_step_of_the_path(native_id: str) -> None:
    ((_, call),) = FetchSettings(path="/projects/{id}/full").calls([native_id])
    steps = urlsplit(f"http://host{call.url}").path.split("/")
    assert steps[1::2] == ["projects", "full"]
    assert unquote(steps[2]) == native_id
    assert steps[2] not in {".", ".."}


def test_batches_take_what_fits() -> None:
    settings = FetchSettings(path="/projects", param="ids", batch=2)
    asked = [(values, params(call)) for values, call in settings.calls(["1", "2", "3"])]
    assert asked == [(["1", "2"], {"ids": "1,2"}), (["3"], {"ids": "3"})]


def test_a_parameter_may_be_repeated() -> None:
    settings = FetchSettings(path="/projects", param="id", batch=2, join=None)
    ((_, call),) = settings.calls(["1", "2"])
    assert list(call.params) == [("id", "1"), ("id", "2")]


def test_a_list_in_a_body_stays_a_list() -> None:
    settings = FetchSettings(path="/q", method="POST", body={"ids": "{ids}"}, batch=5)
    ((_, call),) = settings.calls(["a'b", "c,d"])
    assert call.body == {"ids": ["a'b", "c,d"]}


@pytest.mark.parametrize(
    ("quote", "written"),
    [
        ("doubled", "key in ('O''Hare','a\\b','x')"),
        ("backslash", "key in ('O\\'Hare','a\\\\b','x')"),
        ("json", 'key in ("O\'Hare","a\\\\b","x")'),
    ],
)
def test_values_are_quoted_for_a_query_language(quote: str, written: str) -> None:
    settings = LookupSettings.model_validate(
        {"path": "/q", "params": {"f": "key in ({values})"}, "quote": quote, "batch": 3}
    )
    ((_, call),) = settings.calls(["O'Hare", "a\\b", "x"])
    assert params(call) == {"f": written}


@pytest.mark.parametrize("value", ["x' or '1'='1", 'a"b', "a\\", "a,b", "a\nb"])
def test_a_value_that_could_change_a_query_is_refused(value: str) -> None:
    settings = LookupSettings(path="/q", params={"f": "key in ({values})"}, batch=2)
    with pytest.raises(Permanent) as caught:
        list(settings.calls([value]))
    assert caught.value.reason is Reason.UNSUPPORTED
    assert value not in str(caught.value)


def test_a_value_alone_in_its_parameter_needs_no_quotes() -> None:
    ((_, call),) = LookupSettings(path="/q", params={"key": "{value}"}).calls(["O'Hare, Ltd"])
    assert params(call) == {"key": "O'Hare, Ltd"}


def test_a_placeholder_inside_a_value_is_left_alone() -> None:
    settings = LookupSettings(path="/q/{value}", params={"key": "{value} {values}"})
    ((_, call),) = settings.calls(["{values}"])
    assert params(call) == {"key": "{values} {values}"}


@pytest.mark.parametrize(
    "settings",
    [
        {"path": "/projects"},
        {"path": "/projects/{value}"},
        {"path": "/projects/{id}", "batch": 2},
        {"path": "/projects", "param": "id", "batch": 0},
    ],
)
def test_a_fetch_that_takes_no_ids_is_refused(settings: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        FetchSettings.model_validate(settings)


def read(**settings: Any) -> ReadSettings:
    return ReadSettings.model_validate({"path": "/rows", **settings})


def params(call: Call) -> dict[str, str]:
    return dict(call.params)


def test_values_go_into_a_body_as_numbers_where_the_source_takes_no_text() -> None:
    body = {"domain": [["id", "in", "{ids}"]]}
    settings = FetchSettings(path="/x", method="POST", body=body, batch=5, numbers=True)
    ((_, call),) = settings.calls(["7", "12"])
    assert call.body == {"domain": [["id", "in", [7, 12]]]}
    with pytest.raises(Permanent):
        list(settings.calls(["7 OR 1=1"]))
