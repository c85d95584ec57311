"""APIs shaped as well-known vendors shape theirs, each read by YAML alone."""

import re
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from typing import Any

import pytest
from ruamel.yaml import YAML

from monitor.core.entities import ENTITIES
from monitor.core.model import Window
from monitor.core.plugins import ProbeContext
from probes.rest import RestProbe, RestSystem, build
from tests.probes.clocks import NOON, FakeTime
from tests.servers import Reply, Request, ScriptedServer

ROWS: list[dict[str, Any]] = [
    {"id": f"R{number:02}", "name": f"Deal {number}", "stamp": NOON + timedelta(seconds=number)}
    for number in range(23)
]
WINDOW = Window(NOON + timedelta(seconds=10), NOON + timedelta(days=1))
IN_WINDOW = [f"R{number:02}" for number in range(10, 23)]


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


def open_probe(server: ScriptedServer, text: str) -> tuple[RestProbe, FakeTime]:
    time = FakeTime()
    described = YAML(typ="safe").load(text.replace("BASE", server.url))
    context = ProbeContext("crm", ENTITIES, time.clock, time.sleep)
    return build(RestSystem.model_validate(described), context), time


def read(probe: RestProbe, window: Window = WINDOW) -> list[str]:
    pages = probe.changes("deals", window)
    return [record.native_id for page in pages for record in page.records]


def since(text: str) -> list[dict[str, Any]]:
    """Rows stamped at or after the instant in a filter, as the source's own engine finds them."""
    found = re.search(r"\d{4}-\d\d-\d\dT[\d:.]+Z", text)
    assert found is not None
    return [row for row in ROWS if row["stamp"].isoformat() >= found[0][:19]]


# A query language in one parameter, a locator for the rest, the quota in a header of its own, and
# throttling dressed as a refusal.
QUERY_LANGUAGE = """
probe: rest
base_url: BASE/services/data/v60.0
auth: {kind: oauth2_client_credentials, token_url: BASE/token, client_id: a, client_secret: b}
budget: {limit_header: Sforce-Limit-Info, share: 0.9}
errors:
  - {status: 403, body: REQUEST_LIMIT_EXCEEDED, then: retry, reason: throttled}
streams:
  deals:
    entity: opportunity
    id: Id
    map: {name: Name}
    defines: {deal: Id}
    cursor: {field: SystemModstamp, ordered: true}
    read:
      path: /query
      params:
        q: >-
          SELECT Id, Name, SystemModstamp FROM Opportunity
          WHERE SystemModstamp >= {since} ORDER BY SystemModstamp, Id
      time_format: iso_s
      select: records
      page: {kind: next_link, next: nextRecordsUrl}
    lookup:
      deal:
        path: /query
        params: {q: "SELECT Id FROM Opportunity WHERE Id IN ({values})"}
        quote: backslash
        batch: 100
        select: records
"""


def test_a_query_language_with_a_locator(server: ScriptedServer) -> None:
    def row(each: dict[str, Any]) -> dict[str, Any]:
        return {"Id": each["id"], "Name": each["name"],
                "SystemModstamp": each["stamp"].strftime("%Y-%m-%dT%H:%M:%S.000+0000")}  # fmt: skip

    def answer(found: list[dict[str, Any]], start: int) -> Reply:
        document: dict[str, Any] = {"records": [row(each) for each in found[start : start + 5]]}
        if start + 5 < len(found):
            document["nextRecordsUrl"] = f"/services/data/v60.0/query/01g-{start + 5}"
        return Reply(document, headers={"Sforce-Limit-Info": "api-usage=18/5000"})

    found = since("2026-02-01T12:00:10Z")
    limited = Reply([{"errorCode": "REQUEST_LIMIT_EXCEEDED"}], status=403)
    queries: list[str] = []

    def query(request: Request) -> Reply:
        queries.append(request.param("q"))
        if "IN (" in queries[-1]:
            return answer([each for each in ROWS if f"'{each['id']}'" in queries[-1]], 0)
        assert since(queries[-1]) == found
        return limited if len(queries) == 1 else answer(found, 0)

    server.scripts["/token"] = Reply({"access_token": "T"})
    server.scripts["/services/data/v60.0/query"] = query
    for start in (5, 10):
        server.scripts[f"/services/data/v60.0/query/01g-{start}"] = answer(found, start)
    probe, time = open_probe(server, QUERY_LANGUAGE)
    with closing(probe):
        assert read(probe) == IN_WINDOW
        assert len(time.slept) == 1
        assert probe.calls_remaining() == {"vendor": 4482}
        page = probe.lookup("deals", "deal", ["R03", "O'HARE"])
        assert [record.native_id for record in page.records] == ["R03"]
        assert queries[-1].endswith(r"IN ('R03','O\'HARE')")


# Filters as expressions, the next page under a key with a dot.
FILTER_EXPRESSIONS = """
probe: rest
base_url: BASE/odata
streams:
  deals:
    entity: opportunity
    id: id
    map: {name: name}
    cursor: {field: stamp}
    read:
      path: /Opportunities
      params: {$filter: "stamp ge {since} and stamp lt {until}", $orderby: "stamp,id"}
      headers: {Prefer: odata.maxpagesize=4}
      select: value
      page: {kind: next_link, next: "@odata.nextLink"}
    fetch: {path: "/Opportunities('{id}')"}
"""


def test_filter_expressions_with_links(server: ScriptedServer) -> None:
    def serve(request: Request) -> Reply:
        found = since(request.param("$filter"))
        start = int(request.param("$skiptoken", "0"))
        size = int(request.headers["prefer"].partition("=")[2])
        document: dict[str, Any] = {
            "value": [{**row, "stamp": row["stamp"].isoformat()} for row in found[start:][:size]]
        }
        if start + size < len(found):
            address = server.url + request.target.partition("&$skiptoken")[0]
            document["@odata.nextLink"] = f"{address}&$skiptoken={start + size}"
        return Reply(document)

    server.scripts["/odata/Opportunities"] = serve
    server.scripts["/odata/Opportunities('R07')"] = Reply(
        {**ROWS[7], "stamp": ROWS[7]["stamp"].isoformat()}
    )
    probe, _ = open_probe(server, FILTER_EXPRESSIONS)
    with closing(probe):
        assert read(probe) == IN_WINDOW
        page = probe.fetch("deals", ["R07", "R99"])
        assert [record.native_id for record in page.records] == ["R07"]


# One address for everything, cursors among the variables, errors inside a good status.
GRAPH = """
probe: rest
base_url: BASE
errors:
  - {status: 200, present: errors, then: retry, reason: server_error}
streams:
  deals:
    entity: opportunity
    id: id
    map: {name: name}
    cursor: {field: stamp}
    read:
      path: /graphql
      method: POST
      body:
        query: "query($since: Time, $after: String) { deals(since: $since, after: $after) { id } }"
        variables: {since: "{since}"}
      select: data.deals.edges[*].node
      page:
        kind: cursor
        in: body
        param: variables.after
        next: data.deals.pageInfo.endCursor
        more: data.deals.pageInfo.hasNextPage
"""


def test_a_graph_with_errors_in_good_answers(server: ScriptedServer) -> None:
    turns = iter(range(100))

    def serve(request: Request) -> Reply:
        if next(turns) == 1:
            return Reply({"data": {"deals": None}, "errors": [{"message": "timeout"}]})
        variables = request.json["variables"]
        found = since(variables["since"])
        start = int(variables.get("after", 0))
        nodes = [
            {"node": {**row, "stamp": row["stamp"].isoformat()}} for row in found[start : start + 5]
        ]
        info = {"endCursor": str(start + 5), "hasNextPage": start + 5 < len(found)}
        return Reply({"data": {"deals": {"edges": nodes, "pageInfo": info}}})

    server.scripts["/graphql"] = serve
    probe, _ = open_probe(server, GRAPH)
    with closing(probe):
        assert read(probe) == IN_WINDOW


# A search that is a POST, stamps in milliseconds, and a search limit told by status 503.
SEARCH = """
probe: rest
base_url: BASE
auth: {kind: bearer, token: T}
errors:
  - {status: 503, then: retry, reason: throttled}
streams:
  deals:
    entity: opportunity
    id: id
    map: {name: properties.dealname}
    cursor: {field: properties.modified, format: epoch_ms}
    deletes: {kind: field, field: archived}
    read:
      path: /crm/v3/objects/deals/search
      method: POST
      time_format: epoch_ms
      body:
        filterGroups: [{filters: [{propertyName: modified, operator: GTE, value: "{since}"}]}]
        sorts: [modified]
      select: results
      page: {kind: cursor, in: body, param: after, next: paging.next.after,
             size_param: limit, size: 6, total: total}
    fetch:
      path: /crm/v3/objects/deals/batch/read
      method: POST
      body: {inputs: "{ids}"}
      batch: 100
      select: results
"""


def test_a_search_by_post(server: ScriptedServer) -> None:
    def row(each: dict[str, Any]) -> dict[str, Any]:
        stamp = str(int(each["stamp"].timestamp() * 1000))
        return {"id": each["id"], "properties": {"dealname": each["name"], "modified": stamp}}

    def search(request: Request) -> Reply:
        asked = request.json
        first = int(asked["filterGroups"][0]["filters"][0]["value"])
        found = [each for each in ROWS if each["stamp"].timestamp() * 1000 >= first]
        start, size = int(asked.get("after", 0)), asked["limit"]
        document: dict[str, Any] = {
            "results": [row(each) for each in found[start : start + size]],
            "total": len(found),
        }
        if start + size < len(found):
            document["paging"] = {"next": {"after": str(start + size)}}
        return Reply(document)

    def read_batch(request: Request) -> Reply:
        ids = request.json["inputs"]
        return Reply({"results": [row(each) for each in ROWS if each["id"] in ids]})

    turns = iter([Reply(status=503)])
    server.scripts["/crm/v3/objects/deals/search"] = lambda asked: (
        next(turns, None) or search(asked)
    )
    server.scripts["/crm/v3/objects/deals/batch/read"] = read_batch
    probe, _ = open_probe(server, SEARCH)
    with closing(probe):
        assert read(probe) == IN_WINDOW
        page = probe.fetch("deals", ["R01", "R99", "R02"])
        assert [record.native_id for record in page.records] == ["R01", "R02"]
