"""A plain client of the simulated systems, written without a line of the product's own reading."""

import base64
import gzip
import http.client
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, suppress
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from monitor.simulation import SimulatedFirm

Row = dict[str, Any]

COLLECTIONS: Mapping[str, tuple[str, ...]] = {
    "crm": ("accounts", "opportunities", "change_orders"),
    "cpq": ("quotes",),
    "contracts": ("contracts",),
    "psa": ("projects", "assignments", "milestones", "change_orders"),
    "erp": ("customers", "projects", "billing_lines", "invoices", "change_orders"),
    "middleware": ("messages",),
}
PREFIXES = {
    "crm": "/api/v1/",
    "cpq": "/cpq/",
    "contracts": "/repository/",
    "psa": "/rest/",
    "erp": "/v2/",
    "middleware": "/",
}
ID_NAMES = {"cpq": "quoteId", "contracts": "contract_number", "middleware": "messageId"}


class Refused(Exception):  # noqa: N818 - an answer, not a failure of the reader
    """A request was not granted."""

    def __init__(self, status: int, document: object) -> None:
        super().__init__(status, document)
        self.status = status


class Reader:
    """Reads whole collections, trying each request up to five times."""

    def __init__(self, firm: SimulatedFirm) -> None:
        self._firm = firm
        self.tries = 0
        self._headers = {system: self._log_in(system) for system in COLLECTIONS}

    def _log_in(self, system: str) -> dict[str, str]:
        secrets = self._firm.credentials[system]
        match system:
            case "crm":
                return {"Authorization": f"Bearer {secrets['token']}"}
            case "cpq":
                return {"X-API-Key": secrets["key"]}
            case "psa":
                form = {**secrets, "grant_type": "client_credentials"}
                answer, _ = self._ask(system, "/oauth/token", {}, urlencode(form))
                return {"Authorization": f"Bearer {answer['access_token']}"}
            case "erp":
                pair = f"{secrets['user']}:{secrets['password']}".encode()
                return {"Authorization": "Basic " + base64.b64encode(pair).decode()}
            case "middleware":
                answer, _ = self._ask(system, "/login", {}, json.dumps(dict(secrets)))
                return {"Authorization": f"Bearer {answer['session']['token']}"}
        return {}

    def get(self, system: str, path: str, **query: Any) -> tuple[Any, Mapping[str, str]]:
        """One document and the headers with it."""
        if system == "contracts":
            query["api_key"] = self._firm.credentials["contracts"]["key"]
        target = f"{PREFIXES[system]}{path}?{urlencode(query)}"
        return self._ask(system, target, self._headers[system])

    def follow(self, system: str, url: str) -> tuple[Any, Mapping[str, str]]:
        """A document by the address that the system itself gave."""
        target = url.removeprefix(self._firm.urls[system])
        return self._ask(system, target, self._headers[system])

    def _ask(
        self, system: str, target: str, headers: Mapping[str, str], body: str | None = None
    ) -> tuple[Any, Mapping[str, str]]:
        for _ in range(5):
            self.tries += 1
            with suppress(OSError, EOFError, ValueError, http.client.HTTPException):
                status, told, document = self._exchange(system, target, headers, body)
                if status == 200:
                    return document, told
                if status not in {429, 500}:
                    raise Refused(status, document)
        raise Refused(0, f"{system} did not answer")

    def _exchange(
        self, system: str, target: str, headers: Mapping[str, str], body: str | None
    ) -> tuple[int, Mapping[str, str], Any]:
        host = self._firm.urls[system].removeprefix("http://")
        with closing(http.client.HTTPConnection(host, timeout=10)) as connection:
            asked = {**headers, "Accept-Encoding": "gzip"}
            connection.request("POST" if body else "GET", target, body, asked)
            reply = connection.getresponse()
            content = reply.read()
            if reply.headers.get("Content-Encoding") == "gzip":
                content = gzip.decompress(content)
            document = json.loads(content, parse_float=Decimal)
            return reply.status, dict(reply.headers), document

    def rows(self, system: str, collection: str, **query: Any) -> list[Row]:
        """Every row, as often as it was delivered, in the order of delivery."""
        return list(_WALKS[system](self, system, collection, query))

    def by_id(self, system: str, collection: str, **query: Any) -> dict[str, Row]:
        """Every row by its id; rows delivered twice are held once."""
        name = ID_NAMES.get(system, "id")
        return {row[name]: row for row in self.rows(system, collection, **query)}


def _cursor(reader: Reader, system: str, path: str, query: Row) -> Iterator[Row]:
    token: str | None = ""
    while token is not None:
        page, _ = reader.get(system, path, **query, cursor=token, limit=40)
        yield from page["data"]
        token = page["next_cursor"]


def _offset(reader: Reader, system: str, path: str, query: Row) -> Iterator[Row]:
    offset, total = 0, 1
    while offset < total:
        page, _ = reader.get(system, path, **query, offset=offset, limit=40)
        yield from page["items"]
        offset, total = offset + 40, page["total"]


def _next_link(reader: Reader, system: str, path: str, query: Row) -> Iterator[Row]:
    page, _ = reader.get(system, path, **query, size=40)
    while True:
        yield from page[path.partition("/")[0]]
        if page["next"] is None:
            return
        page, _ = reader.follow(system, page["next"])


def _number(reader: Reader, system: str, path: str, query: Row) -> Iterator[Row]:
    number, pages = 1, 1
    while number <= pages:
        page, _ = reader.get(system, path, **query, page=number, per_page=40)
        yield from page["result"][path.partition("/")[0]]["records"]
        number, pages = number + 1, page["result"]["pages"]


def _keyset(reader: Reader, system: str, path: str, query: Row) -> Iterator[Row]:
    behind: Row = {}
    while True:
        page, _ = reader.get(system, path, **query, **behind, top=40)
        yield from page["value"]
        if not page["more"]:
            return
        last = max(page["value"], key=lambda row: (row["modified"], row["id"]))
        behind = {"after_id": last["id"], "after_modified": last["modified"]}


def _link_header(reader: Reader, system: str, path: str, query: Row) -> Iterator[Row]:
    page, headers = reader.get(system, path, **query, count=40)
    while True:
        yield from page
        if "Link" not in headers:
            return
        page, headers = reader.follow(system, headers["Link"].split(">")[0][1:])


_WALKS: Mapping[str, Callable[[Reader, str, str, Row], Iterator[Row]]] = {
    "crm": _cursor,
    "cpq": _offset,
    "contracts": _next_link,
    "psa": _number,
    "erp": _keyset,
    "middleware": _link_header,
}
