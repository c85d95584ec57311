"""Lists whose pages are counted, and lists that do not end as they should."""

from contextlib import suppress
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.core.errors import Permanent, Reason, Transient
from probes.engine.caller import Call
from probes.engine.links import read_next_link
from probes.engine.pages import Answer
from tests.probes.lists import URL, ByNumber, ByOffset, ByToken, ids, pages_of, paging, rows


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


def test_offset_pages_of_a_source_that_counts_from_one_start_there() -> None:
    serve = ByOffset(5, list(range(-1, 12)))
    settings = paging(kind="offset", overlap=2, start=1)
    assert set(ids(settings, serve)) == set(range(12))
    assert serve.offsets[0] == 1
