"""Both rules on the page are followed word by word, and find the same break."""

from pathlib import Path
from textwrap import indent

import pytest

from monitor.app import build_estate, read_landscape
from monitor.calls import CallLedger
from monitor.config import ConfigurationError
from monitor.core.breaks import Finding
from monitor.core.clock import system_clock
from monitor.core.metrics import Metrics
from monitor.jobs import Runtime
from monitor.single_pass import pass_once
from monitor.store import breaks
from monitor.store.database import Database
from tests.docs.pages import blocks, table

pytestmark = pytest.mark.usefixtures("our_checks")

PAGE = "how-to/write-a-rule.md"
DEALS, ASSIGNMENTS = blocks(PAGE, "csv")
AS_QUERY, AS_FUNCTION = blocks(PAGE, "yaml")
(REFUSED,) = blocks(PAGE, "text")


def with_function() -> str:
    before, _, _ = AS_QUERY.partition("        check: expression")
    return before + indent(AS_FUNCTION, " " * 8)


def found(text: str, folder: Path, database: Database) -> list[Finding]:
    (folder / "deals.csv").write_text(DEALS, encoding="utf-8")
    (folder / "assignments.csv").write_text(ASSIGNMENTS, encoding="utf-8")
    path = folder / "landscape.yaml"
    path.write_text(text, encoding="utf-8")
    landscape = read_landscape(path, {"FOLDER": str(folder)})
    estate = build_estate(landscape, system_clock, calls_today={})
    done = pass_once(estate, Runtime(database, Metrics("0"), system_clock, CallLedger()))
    estate.close()
    assert not done.blind
    with database.read() as connection:
        return [each.finding for each in breaks.standing_breaks(connection)]


@pytest.mark.parametrize("text", [AS_QUERY, with_function()], ids=["query", "function"])
def test_the_rule_finds_what_the_page_says(
    text: str, tmp_path: Path, sqlite_database: Database
) -> None:
    told = [
        [each.transaction, each.record_id, each.expected, each.actual, f"{each.value_at_risk:.0f}"]
        for each in found(text, tmp_path, sqlite_database)
    ]
    assert told == table(PAGE, "transaction")


def test_a_query_that_mixes_deals_is_refused_in_the_words_of_the_page(tmp_path: Path) -> None:
    path = tmp_path / "landscape.yaml"
    edited = AS_QUERY.replace("ON o.transaction = a.transaction", "ON o.rate > a.rate")
    path.write_text(edited, encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        read_landscape(path, {"FOLDER": "/extracts"})
    assert REFUSED.strip() in str(refused.value)
