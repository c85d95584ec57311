"""Lists whose pages follow one another by a token, a link, or the last row."""

from typing import Any

import pytest

from monitor.core.errors import Permanent
from probes.engine.caller import Call
from tests.probes.lists import FIRST, ByNumber, ByOffset, ByToken, ids, paging, param

IN_QUERY = Call(
    "POST", "/rows", (("q", "id:>{last}"),), {"q": "SELECT * FROM deal WHERE id > {last}"}
)
IN_LIST = Call("POST", "/rows", body={"filters": [{"name": "status"}, {"value": -1}]})
BODIES = {
    "body": Call("POST", "/rows", body={"filter": "won"}),
    "in_query": IN_QUERY,
    "in_list": IN_LIST,
    "continued": Call("POST", "/rows", body={"filter": "won"}),
}


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
        ({"kind": "continuation", "next": "next", "path": "/more"}, "continued"),
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
