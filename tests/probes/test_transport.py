"""What HTTP can do to us, on a real connection."""

import gzip
import logging
import socket
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Event, Thread

import pytest

from monitor.core.clock import TimeLimit
from monitor.core.errors import Permanent, Reason, TieoutError, Transient
from monitor.transport import Response, Timeouts, Transport
from tests.servers import Fault, Reply, ScriptedServer

CANARY = "canary-7f3a91"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def transport(server: ScriptedServer) -> Iterator[Transport]:
    opened = Transport(server.url, max_bytes=100_000)
    yield opened
    opened.close()


def limit(seconds: float = 5.0) -> TimeLimit:
    return TimeLimit.of(timedelta(seconds=seconds))


def get(transport: Transport, path: str = "/rows", seconds: float = 5.0) -> Response:
    return transport.request("GET", path, time_limit=limit(seconds))


def test_an_answer_is_read_whole(server: ScriptedServer, transport: Transport) -> None:
    server.scripts["/rows"] = Reply({"items": [1, 2]}, status=201, headers={"X-Left": "7"})
    answer = get(transport)
    assert answer.status == 201
    assert answer.headers["x-left"] == "7"
    assert answer.json() == {"items": [1, 2]}


def test_a_compressed_answer_is_decoded(server: ScriptedServer, transport: Transport) -> None:
    text = b'{"text": "' + b"abc" * 20_000 + b'"}'
    server.scripts["/rows"] = Reply(text, gzipped=True)
    assert get(transport).body == text


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 99_999])
def test_a_compressed_answer_of_any_size_is_decoded(
    server: ScriptedServer, transport: Transport, size: int
) -> None:
    server.scripts["/rows"] = Reply(b" " * size, gzipped=True)
    assert len(get(transport).body) == size


def test_several_compressed_members_are_one_body(
    server: ScriptedServer, transport: Transport
) -> None:
    body = gzip.compress(b"[1,") + gzip.compress(b"2]")
    server.scripts["/rows"] = Reply(body, headers={"Content-Encoding": "gzip"})
    assert get(transport).json() == [1, 2]


def test_a_body_that_drips_is_cut_by_the_time_limit(
    server: ScriptedServer, transport: Transport
) -> None:
    server.scripts["/rows"] = Reply(fault=Fault.DRIPPING)
    with pytest.raises(Transient) as caught:
        get(transport, seconds=0.1)
    assert caught.value.reason is Reason.DEADLINE


def test_headers_that_drip_are_cut_by_the_time_limit(
    server: ScriptedServer, transport: Transport
) -> None:
    server.scripts["/rows"] = Reply(fault=Fault.DRIPPING_HEAD)
    with pytest.raises(Transient) as caught:
        get(transport, seconds=0.1)
    assert caught.value.reason is Reason.DEADLINE


def test_a_server_that_says_nothing_is_left(server: ScriptedServer) -> None:
    server.scripts["/rows"] = Reply(fault=Fault.SILENT)
    transport = Transport(server.url, timeouts=Timeouts(read=0.05))
    with pytest.raises(Transient) as caught:
        get(transport)
    transport.close()
    assert caught.value.reason is Reason.DEADLINE


def test_no_call_starts_after_the_time_is_over(
    server: ScriptedServer, transport: Transport
) -> None:
    server.scripts["/rows"] = Reply({})
    with pytest.raises(Transient) as caught:
        get(transport, seconds=0.0)
    assert caught.value.reason is Reason.DEADLINE
    assert server.requests == []


def test_a_huge_body_is_refused(server: ScriptedServer, transport: Transport) -> None:
    server.scripts["/rows"] = Reply(b"x" * 100_001)
    with pytest.raises(Permanent) as caught:
        get(transport)
    assert caught.value.reason is Reason.TOO_LARGE


def test_a_small_body_that_grows_huge_is_refused(
    server: ScriptedServer, transport: Transport
) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    assert len(bomb) < 100_000
    server.scripts["/rows"] = Reply(bomb, headers={"Content-Encoding": "gzip"})
    with pytest.raises(Permanent) as caught:
        get(transport)
    assert caught.value.reason is Reason.TOO_LARGE


def test_an_encoding_inside_an_encoding_is_refused(
    server: ScriptedServer, transport: Transport
) -> None:
    body = gzip.compress(gzip.compress(b"{}"))
    server.scripts["/rows"] = Reply(body, headers={"Content-Encoding": "gzip, gzip"})
    with pytest.raises(Permanent) as caught:
        get(transport)
    assert caught.value.reason is Reason.MALFORMED


@pytest.mark.parametrize("fault", [Fault.CUT, Fault.CUT_UNSIZED])
@pytest.mark.parametrize("gzipped", [False, True])
def test_half_a_page_is_never_taken_for_a_whole_one(
    server: ScriptedServer, transport: Transport, fault: Fault, gzipped: bool
) -> None:
    server.scripts["/rows"] = Reply({"items": list(range(100))}, fault=fault, gzipped=gzipped)
    with pytest.raises(Transient) as caught:
        get(transport).json()
    assert caught.value.reason is Reason.MALFORMED


def test_a_dropped_connection_is_transient(server: ScriptedServer, transport: Transport) -> None:
    server.scripts["/rows"] = Reply(fault=Fault.DROPPED)
    with pytest.raises(Transient) as caught:
        get(transport)
    assert caught.value.reason is Reason.UNREACHABLE


def test_a_port_where_nobody_listens_is_transient() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        transport = Transport(f"http://127.0.0.1:{free.getsockname()[1]}")
        with pytest.raises(Transient) as caught:
            get(transport)
        transport.close()
    assert caught.value.reason is Reason.UNREACHABLE


def test_an_interrupted_connection_does_not_spoil_the_next_call(
    server: ScriptedServer, transport: Transport
) -> None:
    server.scripts["/rows"] = [Reply({}, fault=Fault.CUT), Reply({"items": []})]
    with pytest.raises(Transient):
        get(transport)
    assert get(transport).json() == {"items": []}


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1, "a": 2}',
        b'{"a": NaN}',
        b"[Infinity]",
        b"[-Infinity]",
        b"[" * 65 + b"]" * 65,
        b"[" * 50_000 + b"]" * 50_000,
        b"[1e999999999]",
        b"[1e99999999999999999999]",
        b"[1" + b"0" * 5000 + b"]",
    ],
)
def test_json_that_readers_disagree_about_is_refused(body: bytes) -> None:
    with pytest.raises(Permanent) as caught:
        Response(200, {}, body).json()
    assert caught.value.reason is Reason.MALFORMED


@pytest.mark.parametrize("body", [b"", b"{", b'{"a": "\xff"}', b"<html>"])
def test_what_is_no_json_may_have_been_cut_off(body: bytes) -> None:
    with pytest.raises(Transient) as caught:
        Response(200, {}, body).json()
    assert caught.value.reason is Reason.MALFORMED


def test_numbers_keep_every_digit() -> None:
    amount = Response(200, {}, b'{"amount": 12345678901234567.89}').json()["amount"]
    assert amount == Decimal("12345678901234567.89")


def test_64_levels_are_read() -> None:
    assert Response(200, {}, b"[" * 64 + b"]" * 64).json()


def test_no_content_is_nothing() -> None:
    assert Response(204, {}, b"").json() is None


def test_the_date_is_read_as_utc(server: ScriptedServer, transport: Transport) -> None:
    server.scripts["/rows"] = Reply(headers={"Date": "Sun, 01 Feb 2026 12:00:00 GMT"})
    assert get(transport).date == datetime(2026, 2, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "date",
    [
        "",
        "yesterday",
        "Sun, 99 Feb 2026 12:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 -2300",
        "Sun, 01 Feb 2026 12:00:00 +9999999999",
    ],
)
def test_an_unreadable_date_is_none(date: str) -> None:
    assert Response(200, {"date": date}, b"").date is None


def test_a_redirect_is_an_answer_and_is_not_followed(
    server: ScriptedServer, transport: Transport
) -> None:
    server.scripts["/rows"] = Reply(status=302, headers={"Location": f"{server.url}/elsewhere"})
    assert get(transport).status == 302
    assert server.asked("/elsewhere") == []


def test_another_origin_is_not_called(server: ScriptedServer) -> None:
    with ScriptedServer({"/rows": Reply({})}) as other:
        transport = Transport(server.url, headers={"Authorization": CANARY})
        with pytest.raises(Permanent) as caught:
            get(transport, f"{other.url}/rows")
        transport.close()
        assert other.requests == []
    assert caught.value.reason is Reason.REFUSED


@pytest.mark.parametrize(
    "address", ["ftp://host/", "host", "http://user:password@host/", "http://", "http://[::1"]
)
def test_an_address_that_cannot_be_called_is_refused(address: str) -> None:
    with pytest.raises(Permanent) as caught:
        Transport(address)
    assert caught.value.reason is Reason.CONFIGURATION


def test_certificates_that_cannot_be_read_are_named() -> None:
    with pytest.raises(Permanent, match=r"/nowhere\.pem") as caught:
        Transport("https://host", ca_file="/nowhere.pem")
    assert caught.value.reason is Reason.CONFIGURATION


def test_the_environment_names_no_proxy(
    server: ScriptedServer, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    server.scripts["/rows"] = Reply({})
    opened = Transport(server.url)
    assert get(opened).status == 200
    opened.close()


def test_cookies_are_not_kept(server: ScriptedServer, transport: Transport) -> None:
    server.scripts["/rows"] = Reply({}, headers={"Set-Cookie": "session=1; Path=/"})
    get(transport)
    get(transport)
    assert "cookie" not in server.requests[1].headers


def test_a_link_goes_out_as_it_came_in(server: ScriptedServer, transport: Transport) -> None:
    server.scripts["/rows"] = Reply({})
    get(transport, f"{server.url}/rows?after=a%20b%2Bc&x=1,2")
    assert server.requests[0].target == "/rows?after=a%20b%2Bc&x=1,2"


def test_parameters_join_those_of_the_address(server: ScriptedServer, transport: Transport) -> None:
    server.scripts["/rows"] = Reply({})
    transport.request(
        "GET", "/rows?a=1", params=[("b", "2026-01-01T00:00:00+00:00"), ("b", "&")],
        time_limit=limit(),
    )  # fmt: skip
    query = server.requests[0].query
    assert query == {"a": ["1"], "b": ["2026-01-01T00:00:00+00:00", "&"]}


@pytest.mark.parametrize("fault", [Fault.DROPPED, Fault.CUT, Fault.DRIPPING, Fault.CUT_UNSIZED])
def test_no_secret_reaches_an_error_or_a_log(
    server: ScriptedServer, fault: Fault, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.scripts["/rows"] = Reply({"token": CANARY}, fault=fault)
    transport = Transport(server.url, headers={"Authorization": CANARY})
    with pytest.raises(TieoutError) as caught:
        transport.request(
            "GET", "/rows", params=[("key", CANARY)], time_limit=limit(0.1)
        ).json()  # fmt: skip
    transport.close()
    assert_silent(caught.value, caplog)


@pytest.mark.parametrize(
    "value", [f"{CANARY}\n", f"{CANARY}\r\nX: y", f"schlüssel-{CANARY}", "\ud800"]
)
def test_a_header_that_cannot_be_sent_is_not_quoted(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture, value: str
) -> None:
    caplog.set_level(logging.DEBUG)
    transport = Transport(server.url)
    with pytest.raises(Permanent) as caught:
        transport.request("GET", "/", headers={"X-Key": value}, time_limit=limit())
    transport.close()
    assert caught.value.reason is Reason.CONFIGURATION
    assert_silent(caught.value, caplog)


def test_a_header_of_all_requests_that_cannot_be_sent_is_not_quoted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(Permanent) as caught:
        Transport("http://host", headers={"X-Key": f"schlüssel-{CANARY}"})
    assert_silent(caught.value, caplog)


def test_a_body_that_is_no_json_is_permanent(transport: Transport) -> None:
    with pytest.raises(Permanent) as caught:
        transport.request("POST", "/", json={"at": limit()}, time_limit=limit())
    assert caught.value.reason is Reason.CONFIGURATION


def test_the_wait_for_a_free_connection_ends_with_the_time_limit(
    server: ScriptedServer,
) -> None:
    server.scripts["/slow"] = Reply(fault=Fault.SILENT)
    server.scripts["/rows"] = Reply({})
    transport = Transport(server.url, connections=1)
    blocked = Thread(target=suppressed, args=(transport,))
    blocked.start()
    wait_for(lambda: bool(server.asked("/slow")))
    with pytest.raises(Transient) as caught:
        get(transport, seconds=0.05)
    assert caught.value.reason is Reason.DEADLINE
    blocked.join()
    transport.close()


def suppressed(transport: Transport) -> None:
    with suppress(Transient):
        get(transport, "/slow", seconds=0.5)


def wait_for(happened: Callable[[], bool]) -> None:
    """A connection is taken as soon as its request has arrived."""
    deadline = TimeLimit.of(timedelta(seconds=5))
    while not happened() and deadline.left():
        Event().wait(0.005)


def test_a_response_shows_neither_body_nor_address() -> None:
    shown = repr(Response(200, {"x": CANARY}, CANARY.encode(), f"http://h/?k={CANARY}"))
    assert CANARY not in shown


def assert_silent(error: TieoutError, caplog: pytest.LogCaptureFixture) -> None:
    chain: BaseException | None = error
    while chain is not None:
        assert CANARY not in repr(chain)
        chain = chain.__cause__ or chain.__context__
    assert CANARY not in "".join(traceback.format_exception(error))
    assert CANARY not in caplog.text
