"""Lists in pages: all of it, or an error."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from monitor.core.errors import Permanent, Reason, Transient
from monitor.response import Response
from probes.engine.caller import Call
from probes.engine.links import read_next_link
from probes.engine.pages import Answer
from probes.engine.pagination import Paging, walk
from probes.engine.selector import select

URL = "http://crm.example/api/rows"
FIRST = Call("GET", "/rows", params=(("status", "won"),))

Serve = Callable[[Call], tuple[Any, dict[str, str]]]


def paging(**settings: Any) -> Paging:
    adapter: TypeAdapter[Paging] = TypeAdapter(Paging)
    return adapter.validate_python(settings)


def param(call: Call, name: str, default: int = 0) -> int:
    return int(dict(call.params).get(name, default))


def pages_of(settings: Paging, serve: Serve, first: Call = FIRST) -> Iterator[Answer]:
    def read(call: Call) -> Answer:
        document, headers = serve(call)
        return Answer(
            Response(200, headers, b"", URL if call.url == "/rows" else call.url),
            document,
            select(document, "items"),
        )

    return walk(settings, first, read, lambda row: row["id"])


def ids(settings: Paging, serve: Serve, first: Call = FIRST) -> list[int]:
    return [row["id"] for answer in pages_of(settings, serve, first) for row in answer.rows]


def rows(numbers: Sequence[int]) -> list[dict[str, int]]:
    return [{"id": number} for number in numbers]


class ByOffset:
    """A list that is served from an offset on."""

    def __init__(self, size: int, numbers: list[int]) -> None:
        self.size = size
        self.numbers = numbers
        self.offsets: list[int] = []

    def __call__(self, call: Call) -> tuple[Any, dict[str, str]]:
        offset = param(call, "offset")
        self.offsets.append(offset)
        items = rows(self.numbers[offset : offset + self.size])
        return {"items": items, "total": len(self.numbers)}, {}


class ByNumber(ByOffset):
    """The same list in numbered pages."""

    def __call__(self, call: Call) -> tuple[Any, dict[str, str]]:
        number = param(call, "page", 1)
        self.offsets.append(number)
        items = rows(self.numbers[(number - 1) * self.size : number * self.size])
        pages = -(-len(self.numbers) // self.size)
        return {"items": items, "total": len(self.numbers), "pages": pages}, {}


@given(count=st.integers(0, 40), size=st.integers(1, 12), overlap=st.integers(0, 6))
def test_offset_pages_bring_every_row(count: int, size: int, overlap: int) -> None:
    settings = paging(kind="offset", overlap=overlap)
    assert set(ids(settings, ByOffset(size, list(range(count))))) == set(range(count))


@given(count=st.integers(0, 40), size=st.integers(1, 12), fixed=st.booleans())
def test_numbered_pages_bring_every_row(count: int, size: int, fixed: bool) -> None:
    settings = paging(kind="page_number", fixed=fixed)
    assert set(ids(settings, ByNumber(size, list(range(count))))) == set(range(count))


@given(
    count=st.integers(0, 30),
    size=st.integers(1, 9),
    kind=st.sampled_from(["offset", "page_number"]),
    hint=st.sampled_from([{}, {"total": "total"}]),
)
def test_rows_that_stand_twice_on_a_page_hide_no_other(
    count: int, size: int, kind: str, hint: dict[str, str]
) -> None:
    served = (ByOffset if kind == "offset" else ByNumber)(size, list(range(count)))

    def serve(call: Call) -> tuple[Any, dict[str, str]]:
        document, headers = served(call)
        return {**document, "items": [*document["items"], *reversed(document["items"])]}, headers

    assert set(ids(paging(kind=kind, **hint), serve)) == set(range(count))


@pytest.mark.parametrize("hint", ["total", "pages"])
def test_a_known_number_of_pages_saves_the_empty_one(hint: str) -> None:
    serve = ByNumber(5, list(range(10)))
    assert ids(paging(kind="page_number", fixed=True, **{hint: hint}), serve) == list(range(10))
    assert serve.offsets == [1, 2]


def test_a_known_total_saves_the_last_call() -> None:
    serve = ByOffset(5, list(range(10)))
    assert ids(paging(kind="offset", overlap=0, total="total"), serve) == list(range(10))
    assert serve.offsets == [0, 5]


class Shrinking:
    """Removes a row from the front after each call, as when it leaves the filter."""

    def __init__(self, serve: ByOffset, until: int) -> None:
        self.serve = serve
        self.until = until

    def __call__(self, call: Call) -> tuple[Any, dict[str, str]]:
        answer = self.serve(call)
        if len(self.serve.offsets) <= self.until:
            del self.serve.numbers[0]
        return answer


@given(count=st.integers(1, 40), size=st.integers(4, 12), until=st.integers(0, 3))
def test_no_row_slips_over_the_boundary_of_an_offset_page(
    count: int, size: int, until: int
) -> None:
    numbers = list(range(count + until))
    shrinking = Shrinking(ByOffset(size, numbers), until)
    settings = paging(kind="offset", overlap=5)
    try:
        found = set(ids(settings, shrinking))
    except Transient:
        return
    assert found >= set(numbers)


def test_rows_that_move_up_by_one_are_not_missed_by_offset() -> None:
    numbers = list(range(20))
    shrinking = Shrinking(ByOffset(6, numbers), until=2)
    assert set(ids(paging(kind="offset", overlap=3), shrinking)) == set(range(20))


def test_rows_that_move_up_by_one_are_not_missed_by_number() -> None:
    numbers = list(range(20))
    shrinking = Shrinking(ByNumber(6, numbers), until=1)
    assert set(ids(paging(kind="page_number"), shrinking)) == set(range(20))


def test_rows_that_move_by_more_than_the_overlap_end_the_look() -> None:
    serve = ByOffset(6, list(range(20)))

    def serve_and_shift(call: Call) -> tuple[Any, dict[str, str]]:
        answer = serve(call)
        del serve.numbers[:4]
        return answer

    with pytest.raises(Transient) as caught:
        ids(paging(kind="offset", overlap=3), serve_and_shift)
    assert caught.value.reason is Reason.MALFORMED


@pytest.mark.parametrize("kind", ["page_number", "offset"])
def test_a_source_that_always_shows_the_same_page_ends_the_look(kind: str) -> None:
    def serve(call: Call) -> tuple[Any, dict[str, str]]:
        return {"items": rows([1, 2, 3])}, {}

    with pytest.raises(Transient):
        ids(paging(kind=kind), serve)


@given(count=st.integers(0, 30), size=st.integers(1, 9), shuffle=st.randoms())
def test_rows_in_another_order_within_a_page_hide_no_other(
    count: int, size: int, shuffle: Random
) -> None:
    served = ByOffset(size, list(range(count)))

    def serve(call: Call) -> tuple[Any, dict[str, str]]:
        document, headers = served(call)
        shuffle.shuffle(document["items"])
        return document, headers

    assert set(ids(paging(kind="offset"), serve)) == set(range(count))


def test_an_overlap_as_large_as_the_page_is_refused() -> None:
    with pytest.raises(ValidationError):
        paging(kind="offset", size_param="limit", size=5, overlap=5)


class ByToken:
    """A list whose every page names the next one."""

    def __init__(self, size: int, count: int) -> None:
        self.size = size
        self.numbers = list(range(count))

    def page(self, start: int) -> tuple[list[dict[str, int]], int | None]:
        end = start + self.size
        return rows(self.numbers[start:end]), end if end < len(self.numbers) else None

    def cursor(self, call: Call) -> tuple[Any, dict[str, str]]:
        items, following = self.page(param(call, "cursor"))
        return {"items": items, "meta": {"next": following and str(following)}}, {}

    def body(self, call: Call) -> tuple[Any, dict[str, str]]:
        items, following = self.page(int(call.body.get("paging", {}).get("after", 0)))
        return {"items": items, "next": following}, {}

    def link(self, call: Call) -> tuple[Any, dict[str, str]]:
        items, following = self.page(_start_of(call))
        link = None if following is None else f"{URL}?start={following}&status=won"
        return {"items": items, "next": link}, {}

    def relative(self, call: Call) -> tuple[Any, dict[str, str]]:
        items, following = self.page(_start_of(call))
        return {"items": items, "next": following and f"?start={following}"}, {}

    def header(self, call: Call) -> tuple[Any, dict[str, str]]:
        items, following = self.page(_start_of(call))
        link = f'<{URL}>; rel="first", <{URL}?start={following}>; rel="next"'
        return {"items": items}, {"link": link} if following else {}

    def keyset(self, call: Call) -> tuple[Any, dict[str, str]]:
        after = param(call, "after_id", -1)
        items = rows([each for each in self.numbers if each > after][: self.size])
        return {"items": items}, {}

    def in_query(self, call: Call) -> tuple[Any, dict[str, str]]:
        after = int(call.body["q"].removeprefix("SELECT * FROM deal WHERE id > "))
        assert dict(call.params)["q"] == f"id:>{after}"
        items = rows([each for each in self.numbers if each > after][: self.size])
        return {"items": items}, {}

    def in_list(self, call: Call) -> tuple[Any, dict[str, str]]:
        assert call.body["filters"][0] == {"name": "status"}
        after = int(call.body["filters"][1]["value"])
        items = rows([each for each in self.numbers if each > after][: self.size])
        return {"items": items}, {}


IN_QUERY = Call(
    "POST", "/rows", (("q", "id:>{last}"),), {"q": "SELECT * FROM deal WHERE id > {last}"}
)
IN_LIST = Call("POST", "/rows", body={"filters": [{"name": "status"}, {"value": -1}]})
BODIES = {
    "body": Call("POST", "/rows", body={"filter": "won"}),
    "in_query": IN_QUERY,
    "in_list": IN_LIST,
}


def _start_of(call: Call) -> int:
    return int(call.url.partition("start=")[2].partition("&")[0] or 0)


@pytest.mark.parametrize("count", [0, 1, 4, 5, 23])
@pytest.mark.parametrize(
    ("settings", "way"),
    [
        ({"kind": "cursor", "next": "meta.next"}, "cursor"),
        ({"kind": "cursor", "next": "next", "param": "paging.after", "in": "body"}, "body"),
        ({"kind": "next_link", "next": "next"}, "link"),
        ({"kind": "next_link", "next": "next"}, "relative"),
        ({"kind": "next_link"}, "header"),
        ({"kind": "keyset", "params": {"after_id": "id"}}, "keyset"),
        (
            {"kind": "keyset", "in": "text", "params": {"last": "id"}, "first": {"last": "-1"}},
            "in_query",
        ),
        ({"kind": "keyset", "in": "body", "params": {"filters.1.value": "id"}}, "in_list"),
    ],
)
def test_every_row_comes_once(settings: dict[str, Any], way: str, count: int) -> None:
    serve = getattr(ByToken(4, count), way)
    assert ids(paging(**settings), serve, BODIES.get(way, FIRST)) == list(range(count))


def test_what_would_change_the_meaning_of_a_query_is_never_put_into_it() -> None:
    settings = paging(kind="keyset", params={"last": "id"}, first={"last": "-1"}, **{"in": "text"})

    def serve(call: Call) -> tuple[Any, dict[str, str]]:
        return {"items": [{"id": "1' OR '1'='1"}]}, {}

    with pytest.raises(Permanent, match="cannot stand in a query"):
        ids(settings, serve, IN_QUERY)


def test_the_size_is_asked_for_with_every_page() -> None:
    sizes = []
    served = ByToken(4, 9)

    def serve(call: Call) -> tuple[Any, dict[str, str]]:
        sizes.append((param(call, "limit"), dict(call.params)["status"]))
        return served.cursor(call)

    settings = paging(kind="cursor", next="meta.next", size_param="limit", size=4)
    assert len(ids(settings, serve)) == 9
    assert sizes == [(4, "won")] * 3


def test_one_page_is_one_call() -> None:
    assert ids(paging(kind="none"), ByOffset(100, [1, 2, 3])) == [1, 2, 3]


def test_a_flag_ends_the_list() -> None:
    served = ByNumber(5, list(range(100)))

    def serve(call: Call) -> tuple[Any, dict[str, str]]:
        document, headers = served(call)
        return {**document, "more": param(call, "page", 1) < 3}, headers

    found = ids(paging(kind="page_number", more="more", fixed=True), serve)
    assert found == list(range(15))


@pytest.mark.parametrize(
    ("settings", "document"),
    [
        ({"kind": "cursor", "next": "next"}, {"next": "again"}),
        ({"kind": "next_link", "next": "next"}, {"next": URL + "?again"}),
        ({"kind": "keyset", "params": {"after": "id"}}, {}),
    ],
)
def test_going_in_circles_is_permanent(settings: dict[str, Any], document: dict[str, Any]) -> None:
    def serve(call: Call) -> tuple[Any, dict[str, str]]:
        return {**document, "items": rows([1])}, {}

    with pytest.raises(Permanent) as caught:
        ids(paging(**settings), serve)
    assert caught.value.reason is Reason.MALFORMED


def test_more_pages_than_allowed_are_permanent() -> None:
    serve = ByToken(1, 100).cursor
    with pytest.raises(Permanent) as caught:
        ids(paging(kind="cursor", next="meta.next", max_pages=10), serve)
    assert caught.value.reason is Reason.TOO_LARGE


def test_a_list_that_ends_before_its_total_is_not_complete() -> None:
    def serve(call: Call) -> tuple[Any, dict[str, str]]:
        return {"items": rows([1, 2]), "total": 3}, {}

    with pytest.raises(Transient):
        ids(paging(kind="none", total="total"), serve)


@pytest.mark.parametrize(
    ("settings", "document"),
    [
        ({"kind": "offset", "total": "total"}, {"items": [{"id": 1}]}),
        ({"kind": "page_number", "pages": "pages"}, {"items": [{"id": 1}], "pages": "many"}),
        ({"kind": "cursor", "next": "next"}, {"items": [], "next": {"token": 1}}),
        ({"kind": "page_number", "more": "more"}, {"items": [{"id": 1}]}),
        ({"kind": "offset", "more": "more"}, {"items": [{"id": 1}], "more": 1}),
        ({"kind": "keyset", "params": {"after": "gone"}}, {"items": [{"id": 1}]}),
    ],
)
def test_a_page_that_does_not_say_what_it_should_is_permanent(
    settings: dict[str, Any], document: dict[str, Any]
) -> None:
    with pytest.raises(Permanent) as caught:
        ids(paging(**settings), lambda _: (document, {}))
    assert caught.value.reason is Reason.SCHEMA


@pytest.mark.parametrize(
    ("header", "link"),
    [
        ('<https://x/2>; rel="next"', "https://x/2"),
        ("<https://x/2>; rel=next", "https://x/2"),
        ('<https://x/1>; rel="prev", <https://x/3?a=1,2>; rel="next last"', "https://x/3?a=1,2"),
        ('<https://x/2>; title="a; rel=x"; rel="next"', "https://x/2"),
        ('<https://x/1>; rel="prev"', None),
        ('<https://x/1>; rel="nextish"', None),
        ("", None),
        ("<<<;;;", None),
    ],
)
def test_the_link_header_is_read(header: str, link: str | None) -> None:
    assert read_next_link(header) == link


@given(st.text(alphabet='<>;,"= relnxt', max_size=200))
def test_any_link_header_gives_a_link_or_none(header: str) -> None:
    link = read_next_link(header)
    assert link is None or f"<{link}>" in header


_ITEMS = st.lists(st.fixed_dictionaries({"id": st.integers(0, 5)}), max_size=3)
_LINKS: st.SearchStrategy[Any] = st.sampled_from([None, "", "a", "b", 3, [], {}])
_PAGES = st.lists(
    st.fixed_dictionaries({"items": _ITEMS, "next": _LINKS, "more": st.booleans()}),
    min_size=1,
    max_size=8,
)


@given(
    documents=_PAGES,
    kind=st.sampled_from(["none", "page_number", "offset", "cursor", "next_link", "keyset"]),
)
def test_any_answers_end_or_raise_what_is_expected(
    documents: list[dict[str, Any]], kind: str
) -> None:
    needs: dict[str, dict[str, Any]] = {
        "cursor": {"next": "next"},
        "next_link": {"next": "next"},
        "keyset": {"params": {"after": "id"}},
    }
    settings = paging(kind=kind, max_pages=20, **needs.get(kind, {}))
    answers = iter(documents)

    def serve(call: Call) -> tuple[Any, dict[str, str]]:
        return next(answers, documents[-1]), {}

    answered: list[Answer] = []
    with suppress(Transient, Permanent):
        answered.extend(pages_of(settings, serve))
    assert len(answered) <= 20
