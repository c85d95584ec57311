"""A rule of the firm's own that fails while it is asked takes no other rule with it."""

from pathlib import Path

from structlog.testing import capture_logs

from monitor.app import build_estate, read_landscape
from monitor.calls import CallLedger
from monitor.core.clock import system_clock
from monitor.core.metrics import Metrics
from monitor.jobs import Runtime
from monitor.single_pass import pass_once
from monitor.store import breaks
from monitor.store.database import Database

LANDSCAPE = """
version: 1
firm: {name: Example}
systems:
  psa:
    probe: files
    settle: 0
    streams:
      project:
        path: ${env:FOLDER}/projects.csv
        entity: project
        id: id
        map: {amount: amount}
        defines: {deal: deal}
flows:
  sales-to-cash:
    root: psa.project
    key: deal
    rules:
      too-dear:
        check: expression
        stream: psa.project
        query: SELECT transaction, amount * amount * 1000000 AS actual FROM psa.project
      made-twice: {check: duplicate, stream: psa.project, key: deal}
"""
PROJECTS = f"id,deal,amount\n1,OPP-1,9{'0' * 20}\n2,OPP-1,9{'0' * 20}\n"


def test_the_other_rules_are_asked_all_the_same(tmp_path: Path, sqlite_database: Database) -> None:
    (tmp_path / "projects.csv").write_text(PROJECTS, encoding="utf-8")
    path = tmp_path / "landscape.yaml"
    path.write_text(LANDSCAPE, encoding="utf-8")
    landscape = read_landscape(path, {"FOLDER": str(tmp_path)})
    estate = build_estate(landscape, system_clock, calls_today={})
    with capture_logs() as logs:
        pass_once(estate, Runtime(sqlite_database, Metrics("0"), system_clock, CallLedger()))
    estate.close()
    with sqlite_database.read() as connection:
        standing = [each.finding.rule for each in breaks.standing_breaks(connection)]
    assert standing == ["made-twice"]
    failed = [each["rule"] for each in logs if each["event"].startswith("a rule failed")]
    assert set(failed) == {"too-dear"}
