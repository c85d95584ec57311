"""Any JSON API from YAML alone, with whatever such an API may do."""

from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.core.entities import ENTITIES
from monitor.core.errors import Permanent, Reason, TieoutError, Transient
from monitor.core.model import Record, Window
from monitor.core.plugins import ProbeContext
from probes.rest import RestProbe, RestSystem, build
from tests.probes.clocks import NOON, FakeTime
from tests.servers import Fault, Reply, Request, ScriptedServer

EVERYTHING = Window(None, NOON + timedelta(days=1))
STREAM: dict[str, Any] = {
    "entity": "project",
    "id": "id",
    "map": {"name": "name", "amount": "amount"},
    "refers": {"deal": "deal"},
    "read": {"path": "/rows", "select": "items"},
}


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


class Probes:
    """Opens probes on one server, and closes them in the end."""

    def __init__(self, server: ScriptedServer) -> None:
        self.time = FakeTime()
        self._server = server
        self._opened: list[RestProbe] = []

    def open(self, stream: dict[str, Any] | None = None, **system: Any) -> RestProbe:
        described = {
            "probe": "rest",
            "base_url": self._server.url,
            "streams": {"project": {**STREAM, **(stream or {})}},
            **system,
        }
        context = ProbeContext("psa", ENTITIES, self.time.clock, self.time.sleep)
        self._opened.append(build(RestSystem.model_validate(described), context))
        return self._opened[-1]

    def close(self) -> None:
        for probe in self._opened:
            probe.close()


@pytest.fixture
def probes(server: ScriptedServer) -> Iterator[Probes]:
    opened = Probes(server)
    yield opened
    opened.close()


def read(probe: RestProbe, window: Window = EVERYTHING) -> list[Record]:
    return [record for page in probe.changes("project", window) for record in page.records]


def item(number: int, **others: Any) -> dict[str, Any]:
    stamp = (NOON + timedelta(seconds=number)).isoformat()
    return {"id": number, "name": f"P{number}", "deal": f"opp-{number}", "at": stamp, **others}


@pytest.mark.parametrize(
    "document",
    [
        {"error": "maintenance"},
        {"data": None},
        [],
        "",
        None,
        {"item": []},
        [[]],
    ],
)
def test_an_answer_of_another_shape_is_no_empty_list(
    server: ScriptedServer, probes: Probes, document: Any
) -> None:
    server.scripts["/rows"] = Reply(document)
    with pytest.raises(Permanent) as caught:
        read(probes.open())
    assert caught.value.reason is Reason.SCHEMA


@pytest.mark.parametrize("document", [{"items": []}, {"items": None}])
def test_an_empty_list_is_one(server: ScriptedServer, probes: Probes, document: Any) -> None:
    server.scripts["/rows"] = Reply(document)
    assert read(probes.open()) == []


def test_a_poisoned_row_is_set_aside_and_the_rest_goes_on(
    server: ScriptedServer, probes: Probes
) -> None:
    poison: list[Any] = [
        None,
        7,
        [],
        {"name": "no id"},
        item(3, amount="NaN"),
        item(4, amount={"a": 1}),
    ]
    server.scripts["/rows"] = Reply({"items": [item(1, amount="1.10"), *poison, item(2)]})
    (page,) = probes.open().changes("project", EVERYTHING)
    assert [record.native_id for record in page.records] == ["1", "2"]
    assert len(page.rejects) == len(poison)


def test_money_keeps_every_digit(server: ScriptedServer, probes: Probes) -> None:
    server.scripts["/rows"] = Reply(b'{"items": [{"id": 1, "amount": 12345678901234567.89}]}')
    (record,) = read(probes.open())
    assert str(record.fields["amount"]) == "12345678901234567.89"


def serve_pages(size: int, count: int) -> Any:
    def serve(request: Request) -> Reply:
        start = int(request.param("cursor", "0"))
        following = start + size if start + size < count else None
        page = [item(number) for number in range(start, min(start + size, count))]
        return Reply({"items": page, "next": following})

    return serve


CURSOR_PAGES = {
    **STREAM["read"],
    "page": {"kind": "cursor", "next": "next"},
    "since_param": "since",
}

TROUBLES = [
    Reply(status=429, headers={"Retry-After": "1"}),
    Reply(status=429, headers={"Retry-After": format_datetime(NOON, usegmt=True)}),
    Reply(status=500),
    Reply(status=503),
    Reply(fault=Fault.DROPPED),
    Reply({"items": [item(1)] * 9, "next": None}, fault=Fault.CUT),
    Reply({"items": [item(1)] * 9, "next": None}, fault=Fault.CUT_UNSIZED),
    Reply({"items": [item(1)] * 9, "next": None}, fault=Fault.CUT_UNSIZED, gzipped=True),
    Reply(b"<html>try later</html>"),
]


@settings(max_examples=25, deadline=None)
@given(troubles=st.lists(st.sampled_from([*TROUBLES, None]), max_size=12))
def test_a_disturbed_look_ends_as_the_undisturbed_one_or_raises(
    troubles: list[Reply | None],
) -> None:
    serve = serve_pages(4, 14)
    schedule = iter(troubles)
    with ScriptedServer({"/rows": lambda request: next(schedule, None) or serve(request)}) as there:
        probes = Probes(there)
        try:
            found = [record.native_id for record in read(probes.open({"read": CURSOR_PAGES}))]
        except Transient:
            found = None
        probes.close()
    longest_run = max(
        map(len, "".join("x" if each else " " for each in troubles).split()), default=0
    )
    if longest_run < 4:
        assert found == [str(number) for number in range(14)]
    else:
        assert found is None or len(found) == 14


@settings(max_examples=25, deadline=None)
@given(
    pages=st.permutations([[1, 2, 3], [4, 5], [6], [2, 3], [1, 6], []]),
    shuffle=st.randoms(use_true_random=False),
)
def test_any_order_of_pages_with_duplicates_shows_the_same_states(
    pages: list[list[int]], shuffle: Any
) -> None:
    served = [[item(number) for number in page] for page in pages]
    for page in served:
        shuffle.shuffle(page)

    def serve(request: Request) -> Reply:
        turn = int(request.param("cursor", "0"))
        following = turn + 1 if turn + 1 < len(served) else None
        return Reply({"items": served[turn], "next": following})

    with ScriptedServer({"/rows": serve}) as there:
        probes = Probes(there)
        found = {
            (each.native_id, each.version) for each in read(probes.open({"read": CURSOR_PAGES}))
        }
        probes.close()
    assert {native_id for native_id, _ in found} == set("123456")
    assert len(found) == 6


def test_a_dripping_source_is_left_when_the_look_has_taken_too_long(
    server: ScriptedServer, probes: Probes
) -> None:
    server.scripts["/rows"] = Reply(fault=Fault.DRIPPING)
    with pytest.raises(Transient) as caught:
        read(probes.open(deadline="PT0.1S"))
    assert caught.value.reason is Reason.DEADLINE


def test_the_deadline_is_for_all_pages_together(server: ScriptedServer, probes: Probes) -> None:
    server.scripts["/rows"] = serve_pages(1, 10_000)
    with pytest.raises(Transient) as caught:
        read(probes.open({"read": CURSOR_PAGES}, deadline="PT0.2S"))
    assert caught.value.reason is Reason.DEADLINE


def test_a_bomb_is_refused(server: ScriptedServer, probes: Probes) -> None:
    server.scripts["/rows"] = Reply(b" " * 3_000_000, gzipped=True)
    with pytest.raises(Permanent) as caught:
        read(probes.open(max_bytes=1_000_000))
    assert caught.value.reason is Reason.TOO_LARGE


@pytest.mark.parametrize(
    "body",
    [
        b'{"items": [], "items": []}',
        b'{"items": NaN}',
        b'{"items": [], "next": 1, "next": 2}',
        b'{"items": ' + b"[" * 99,
    ],
)
def test_odd_json_never_becomes_a_page(server: ScriptedServer, probes: Probes, body: bytes) -> None:
    server.scripts["/rows"] = Reply(body)
    with pytest.raises(TieoutError) as caught:
        read(probes.open())
    assert caught.value.reason is Reason.MALFORMED


ORDERED = {"cursor": {"field": "at", "ordered": True}, "read": CURSOR_PAGES}


def test_an_ordered_source_says_how_far_it_is(server: ScriptedServer, probes: Probes) -> None:
    server.scripts["/rows"] = serve_pages(4, 10)
    pages = list(probes.open(ORDERED).changes("project", EVERYTHING))
    assert [page.position for page in pages] == [
        NOON + timedelta(seconds=3),
        NOON + timedelta(seconds=7),
        NOON + timedelta(seconds=9),
    ]


def test_a_page_out_of_order_says_nothing(server: ScriptedServer, probes: Probes) -> None:
    server.scripts["/rows"] = Reply({"items": [item(2), item(1)], "next": None})
    (page,) = probes.open(ORDERED).changes("project", EVERYTHING)
    assert page.position is None


def test_a_source_without_order_says_nothing(server: ScriptedServer, probes: Probes) -> None:
    server.scripts["/rows"] = Reply({"items": [item(1), item(2)], "next": None})
    stream = {**ORDERED, "cursor": {"field": "at"}}
    (page,) = probes.open(stream).changes("project", EVERYTHING)
    assert page.position is None


def test_rows_beyond_the_window_are_kept(server: ScriptedServer, probes: Probes) -> None:
    server.scripts["/rows"] = Reply({"items": [item(number) for number in range(10)]})
    probe = probes.open({"cursor": {"field": "at"}})
    window = Window(NOON + timedelta(seconds=3), NOON + timedelta(seconds=5))
    assert len(read(probe, window)) == 10


def test_a_flagged_row_is_a_deleted_record(server: ScriptedServer, probes: Probes) -> None:
    server.scripts["/rows"] = Reply({"items": [item(1, gone=True), item(2, gone=False)]})
    probe = probes.open({"deletes": {"kind": "field", "field": "gone"}})
    assert [(each.native_id, each.deleted) for each in read(probe)] == [("1", True), ("2", False)]


BY_ID = {"fetch": {"path": "/rows/{id}"}}


@pytest.mark.parametrize("status", [404, 410])
def test_a_record_that_is_gone_is_absent(
    server: ScriptedServer, probes: Probes, status: int
) -> None:
    server.scripts["/rows/1"] = Reply(item(1))
    server.scripts["/rows/2"] = Reply({"error": "gone"}, status=status)
    page = probes.open(BY_ID).fetch("project", ["1", "2"])
    assert [record.native_id for record in page.records] == ["1"]


@pytest.mark.parametrize("status", [400, 403, 500])
def test_a_record_that_cannot_be_read_is_not_absent(
    server: ScriptedServer, probes: Probes, status: int
) -> None:
    server.scripts["/rows/1"] = Reply({}, status=status)
    with pytest.raises(TieoutError):
        probes.open(BY_ID).fetch("project", ["1"])


@pytest.mark.parametrize("answer", [item(2), {"name": "no id"}, {"id": None}])
def test_another_record_than_asked_for_says_nothing_about_that(
    server: ScriptedServer, probes: Probes, answer: Any
) -> None:
    server.scripts["/rows/1"] = Reply(answer)
    with pytest.raises(Permanent) as caught:
        probes.open(BY_ID).fetch("project", ["1"])
    assert caught.value.reason is Reason.SCHEMA


def test_a_list_that_is_gone_is_not_a_list_of_absent_records(
    server: ScriptedServer, probes: Probes
) -> None:
    batch = {"fetch": {"path": "/gone", "param": "ids", "batch": 50, "select": "items"}}
    with pytest.raises(Permanent) as caught:
        probes.open(batch).fetch("project", ["1", "2"])
    assert caught.value.reason is Reason.NOT_FOUND


def test_a_filter_that_is_ignored_is_seen(server: ScriptedServer, probes: Probes) -> None:
    server.scripts["/rows"] = Reply({"items": [item(1), item(2), item(3)]})
    batch = {"fetch": {"path": "/rows", "param": "ids", "batch": 50, "select": "items"}}
    with pytest.raises(Permanent) as caught:
        probes.open(batch).fetch("project", ["1", "9"])
    assert caught.value.reason is Reason.SCHEMA


def test_lookup_brings_only_what_carries_the_key(server: ScriptedServer, probes: Probes) -> None:
    server.scripts["/rows"] = Reply({"items": [item(1), item(10), item(1, deal=" OPP-1 ")]})
    lookup = {"lookup": {"deal": {"path": "/rows", "param": "deal", "select": "items"}}}
    page = probes.open(lookup).lookup("project", "deal", ["OPP-1"])
    assert [record.native_id for record in page.records] == ["1", "1"]


@pytest.mark.parametrize(
    "rows",
    [
        [{"id": 1}, {}],
        [{"id": 1}, {"id": True}],
        [{"id": " "}],
        [{"id": {"a": 1}}],
        [{"id": "a\0b"}],
        [1],
    ],
)
def test_a_list_of_ids_with_a_hole_is_not_complete(
    server: ScriptedServer, probes: Probes, rows: list[Any]
) -> None:
    server.scripts["/ids"] = Reply({"items": rows})
    probe = probes.open({"ids": {"path": "/ids", "select": "items"}})
    with pytest.raises(Permanent) as caught:
        list(probe.native_ids("project"))
    assert caught.value.reason is Reason.SCHEMA


def test_bare_ids_are_listed(server: ScriptedServer, probes: Probes) -> None:
    server.scripts["/ids"] = Reply(["a", 2])
    probe = probes.open({"ids": {"path": "/ids", "id": "$"}})
    assert list(probe.native_ids("project")) == [["a", "2"]]


def test_a_sweep_without_a_list_of_ids_is_refused() -> None:
    with pytest.raises(ValidationError, match="need 'ids'"):
        described({"cursor": {"field": "at"}, "deletes": {"kind": "sweep"}})


def test_a_lookup_by_a_key_that_the_stream_lacks_is_refused() -> None:
    with pytest.raises(ValidationError, match="invoice"):
        described({"lookup": {"invoice": {"path": "/rows", "param": "i"}}})


@pytest.mark.parametrize("url", ["http://ada:pw@h", "http://ada@h", "http://h/?key=1", "ftp://h"])
def test_a_base_url_holds_no_secret(url: str) -> None:
    with pytest.raises(ValidationError) as caught:
        RestSystem.model_validate(
            {"probe": "rest", "base_url": url, "streams": {"project": STREAM}}
        )
    assert "pw" not in str(caught.value)


def test_the_budget_is_kept_and_shown(server: ScriptedServer, probes: Probes) -> None:
    server.scripts["/rows"] = Reply({"items": []}, headers={"X-Limit": "1000", "X-Left": "900"})
    probe = probes.open(
        budget={
            "calls_per_minute": 2,
            "calls_per_day": 100,
            "limit_header": "X-Limit",
            "remaining_header": "X-Left",
        }
    )
    for _ in range(3):
        read(probe)
    assert probes.time.now == NOON + timedelta(minutes=1)
    assert probe.calls_made() == 3
    assert probe.calls_remaining() == {"minute": 1, "day": 97, "vendor": 400}


def described(stream: dict[str, Any]) -> RestSystem:
    return RestSystem.model_validate(
        {"probe": "rest", "base_url": "http://h", "streams": {"project": {**STREAM, **stream}}}
    )
