"""The page on adding a REST system is followed word by word, against a server as it shows."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from monitor.app import build_estate, load_plugins, read_landscape
from monitor.calls import CallLedger
from monitor.config.landscape import landscape_model
from monitor.core.clock import system_clock
from monitor.core.metrics import Metrics
from monitor.jobs import Runtime
from monitor.single_pass import Pass, pass_once
from monitor.store import breaks
from monitor.store.database import Database
from tests.docs.pages import blocks, table
from tests.servers import Reply, Request, Script, ScriptedServer

PAGE = "how-to/add-a-rest-system.md"
TOKEN = "canary-of-the-page"
(ANSWER,) = blocks(PAGE, "json")
(LANDSCAPE,) = blocks(PAGE, "yaml")
DEALS = [
    {"id": f"0{n}", "number": f"OPP-{n}", "stage": "won", "closed_at": "2025-03-01T10:00:00Z"}
    for n in (1, 2)
]


def invoices(request: Request) -> Reply:
    if request.headers.get("authorization") != f"Bearer {TOKEN}":
        return Reply({"error": "who are you?"}, status=401)
    if deal := request.param("deal"):
        rows = [row for row in json.loads(ANSWER)["data"] if row["deal"] == deal]
        return Reply({"data": rows, "next": None})
    return Reply(json.loads(ANSWER))


def opportunities(request: Request) -> Reply:
    number = request.param("number")
    return Reply({"items": [row for row in DEALS if number in ("", row["number"])]})


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    single = {f"/v1/invoices/{row['id']}": Reply(row) for row in json.loads(ANSWER)["data"]}
    single |= {f"/opportunities/{row['id']}": Reply(row) for row in DEALS}
    scripts: dict[str, Script] = {"/opportunities": opportunities, **single}
    scripts["/v1/invoices"] = invoices
    with ScriptedServer(scripts) as running:
        yield running


def run(server: ScriptedServer, folder: Path, database: Database) -> Pass:
    path = folder / "landscape.yaml"
    path.write_text(LANDSCAPE, encoding="utf-8")
    names = {"CRM_URL": server.url, "INVOICING_URL": server.url, "INVOICING_TOKEN": TOKEN}
    estate = build_estate(read_landscape(path, names), system_clock, calls_today={})
    try:
        return pass_once(estate, Runtime(database, Metrics("0"), system_clock, CallLedger()))
    finally:
        estate.close()


def test_the_page_finds_what_it_says(
    server: ScriptedServer, tmp_path: Path, sqlite_database: Database
) -> None:
    done = run(server, tmp_path, sqlite_database)
    assert not done.blind
    with sqlite_database.read() as connection:
        standing = [each.finding for each in breaks.standing_breaks(connection)]
    found = {(each.transaction, each.kind.value, each.rule) for each in standing}
    assert found == {(key, kind, rule) for key, kind, rule, _ in table(PAGE, "transaction")}


def test_every_alternative_on_the_page_is_one_that_the_landscape_has() -> None:
    written = [re.findall(r"`(\w+: .*?)`", cell) for _, cell in table(PAGE, "your API")]
    for text in (text for texts in written for text in texts):
        yaml = YAML(typ="safe", pure=True)
        settings: dict[str, Any] = yaml.load(text.replace("…", "http://localhost/token"))
        assert accepted(settings), text


def accepted(settings: dict[str, Any]) -> bool:
    """Whether the landscape takes these settings at one of the places where they can stand."""
    return any(
        is_shaped(settings, place)
        for place in (
            ("systems", "invoicing"),
            ("systems", "invoicing", "streams", "invoice"),
            ("systems", "invoicing", "streams", "invoice", "read"),
        )
    )


def is_shaped(settings: dict[str, Any], path: tuple[str, ...]) -> bool:
    text = re.sub(r"\$\{env:\w+\}", "http://localhost", LANDSCAPE)
    landscape: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    place = landscape
    for step in path:
        place = place[step]
    place.update(settings)
    if "deletes" in settings:
        place["ids"] = {"path": "/v1/ids"}
    try:
        landscape_model(load_plugins()).model_validate_json(json.dumps(landscape), strict=True)
    except ValueError:
        return False
    return True
