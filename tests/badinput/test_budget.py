"""A day's allowance is the vendor's: it holds over restarts, and what is left is shown."""

import json
from pathlib import Path
from typing import Any

from monitor.store.database import Database
from tests.cli.conftest import Run
from tests.landscapes.running import SmallEstate
from tests.servers import Reply, ScriptedServer

LANDSCAPE = """\
version: 1
firm: {name: Small}
store: {url: "${env:STORE}"}
systems:
  crm:
    probe: rest
    base_url: ${env:CRM}
    budget: {calls_per_day: %d}
    retry: {tries: 1}
    streams:
      opportunity:
        entity: opportunity
        id: id
        read: {path: /opportunities, select: items}
        fetch: {path: "/opportunities/{id}"}
        map: {status: stage}
        defines: {deal: deal}
flows:
  sales:
    root: crm.opportunity
    key: deal
    rules:
      twins:
        check: duplicate
        stream: crm.opportunity
        by: [status]
"""


ROWS = {name: {"id": name, "deal": "D1", "stage": "won"} for name in ("1", "2")}
SCRIPTS = {
    "/opportunities": Reply({"items": list(ROWS.values())}),
    **{f"/opportunities/{name}": Reply(row) for name, row in ROWS.items()},
}


def test_the_calls_of_every_run_count_towards_the_day_those_to_confirm_a_break_included(
    tieout: Run, tmp_path: Path
) -> None:
    landscape = tmp_path / "landscape.yaml"
    landscape.write_text(LANDSCAPE % 6)
    with ScriptedServer(SCRIPTS) as server:
        variables = {"CRM": server.url, "STORE": f"sqlite:///{tmp_path / 'tieout.db'}"}

        def once() -> dict[str, Any]:
            told: dict[str, Any] = json.loads(
                tieout("once", landscape, "--json", variables=variables).out
            )
            return told

        assert [each["kind"] for each in once()["breaks"]] == ["duplicate"]
        assert {request.path for request in server.requests} >= SCRIPTS.keys()
        for _ in range(5):
            told = once()
        assert len(server.requests) == 6
        assert told["failures"] == {"crm.opportunity": "this day's calls are spent"}
        assert [each["kind"] for each in told["breaks"]] == ["duplicate"]


def test_what_is_left_of_the_day_is_shown_after_a_restart(
    tmp_path: Path, sqlite_database: Database
) -> None:
    with ScriptedServer(SCRIPTS) as server:
        variables = {"CRM": server.url, "STORE": "sqlite:///unused.db"}
        for _ in range(2):
            firm = SmallEstate(tmp_path, sqlite_database, LANDSCAPE % 100, variables)
            firm.look()
            firm.close()
            assert firm.series("tieout_calls_remaining")["day", "crm"] == 100 - len(server.requests)
