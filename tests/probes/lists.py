"""Lists that are handed out page by page, and how one of them is walked."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pydantic import TypeAdapter

from monitor.response import Response
from probes.engine.caller import Call
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

    def continued(self, call: Call) -> tuple[Any, dict[str, str]]:
        """The token is the whole body of a request to another address."""
        is_first = call.content is None
        assert (call.url, call.body) == (
            ("/rows", {"filter": "won"}) if is_first else ("/more", None)
        )
        items, following = self.page(int((call.content or b"token-0").removeprefix(b"token-")))
        return {"items": items, "next": following and f"token-{following}"}, {}

    def in_list(self, call: Call) -> tuple[Any, dict[str, str]]:
        assert call.body["filters"][0] == {"name": "status"}
        after = int(call.body["filters"][1]["value"])
        items = rows([each for each in self.numbers if each > after][: self.size])
        return {"items": items}, {}


def _start_of(call: Call) -> int:
    return int(call.url.partition("start=")[2].partition("&")[0] or 0)
