"""Commands that look at systems: once, demo."""

import json
from pathlib import Path

from monitor.cli.exits import Exit
from tests.cli.conftest import Run
from tests.daemon.firms import Scene, scene


def test_once_prints_one_document_on_stdout_and_logs_on_stderr(tieout: Run, firm: Scene) -> None:
    ran = tieout("-v", "once", firm.landscape, "--json", variables=firm.environment("json.db"))
    told = json.loads(ran.out)
    assert ran.status == Exit.BREAKS
    assert {
        (each["transaction"], each["kind"], each["system"], each["stream"], each["field"])
        for each in told["breaks"]
    } == firm.planted()
    assert all(look["failure"] is None for look in told["pass"]["looks"])
    for line in ran.err.splitlines():
        assert json.loads(line)["level"] in {"debug", "info", "warning", "error"}
    again = tieout("once", firm.landscape, "--json", variables=firm.environment("json.db"))
    assert json.loads(again.out)["pass"]["transitions"] == []


def test_once_says_by_flags_that_a_source_is_blind(tieout: Run, firm: Scene) -> None:
    canary = "canary-credential-4711"
    variables = {**firm.environment("blind.db"), "SIM_ERP_PASSWORD": canary}
    ran = tieout("once", firm.landscape, variables=variables)
    assert ran.status == Exit.BREAKS | Exit.BLIND
    assert "blind: erp.projects" in ran.out
    assert "what needs it is unknown" in ran.out
    assert canary not in ran.out + ran.err
    for path in firm.folder.glob("blind.db*"):
        assert canary.encode() not in path.read_bytes()


def test_once_is_in_order_when_nothing_is_broken(tieout: Run, tmp_path: Path) -> None:
    with scene(tmp_path, seed=9, deals=30) as opened:
        for entry in opened.firm.ledger():
            opened.firm.repair(entry)
        ran = tieout("once", opened.landscape, variables=opened.environment("fine.db"))
    assert ran.status == Exit.IN_ORDER
    assert "no breaks" in ran.out


def test_the_demonstration_finds_what_was_planted(tieout: Run) -> None:
    ran = tieout("demo", "--once", "--deals", "30")
    assert ran.status == Exit.IN_ORDER
    assert "missed 0, invented 0" in ran.out
