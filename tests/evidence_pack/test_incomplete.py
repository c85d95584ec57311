"""When a report refuses to call itself complete, and what it says then. The firm is our own."""

from dataclasses import replace
from pathlib import Path

import pytest

from monitor.core.model import Reject, RejectReason
from monitor.store.database import Database
from tests.cycle.small_firm import OPPORTUNITY, START
from tests.evidence_pack.packs import HOUR, Scene, look, play


@pytest.fixture
def scene(sqlite_database: Database, tmp_path: Path) -> Scene:
    return play(sqlite_database, tmp_path)


def terms(scene: Scene, name: str = "pack.zip") -> dict[str, int]:
    made = scene.make(name)
    assert scene.verify(name)
    return {term.term.value: term.deals for term in made.report.terms}


def reasons(scene: Scene, **changes: object) -> str:
    made = scene.make("why.zip", replace(scene.request(), **changes))  # type: ignore[arg-type]
    told = "; ".join(made.report.reasons)
    assert ("does not call itself complete" in scene.verify("why.zip")[4]) is bool(told)
    return told


def test_a_complete_report_has_no_reasons(scene: Scene) -> None:
    assert reasons(scene) == ""


def test_a_source_that_was_not_seen_leaves_deals_unknown_and_never_missing(scene: Scene) -> None:
    scene.firm.psa.down = True
    for _ in range(30):
        scene.firm.later(minutes=15)
        look(scene.firm)
    counted = terms(scene)
    assert counted["unknown"] > 0
    assert counted["matched"] == counted["exception"] == 0
    assert "psa.project could not be seen at the end of the period" in reasons(scene)
    assert "deals are unknown" in reasons(scene)


def test_a_gap_in_the_looks_is_named(scene: Scene) -> None:
    scene.firm.later(hours=40)
    for _ in range(4):
        look(scene.firm)
        scene.firm.later(minutes=15)
    told = reasons(scene)
    assert "crm.opportunity was not looked at from" in told
    assert terms(scene)["unknown"] == 0


def test_a_period_that_begins_before_the_first_look_is_not_complete(scene: Scene) -> None:
    assert "was first looked at on" in reasons(scene, since=START - 5 * HOUR)


def test_a_row_that_nobody_could_read_is_counted_as_such(scene: Scene) -> None:
    scene.firm.crm.rejects = (
        Reject("o-new", RejectReason.WRONG_TYPE, "no number", '{"amount": "many"}'),
    )
    for _ in range(4):
        scene.firm.later(minutes=15)
        look(scene.firm)
    made = scene.make("rejected.zip")
    assert made.report.tables["quarantine"]["native_id"].to_list() == ["o-new"]
    assert "1 row of crm.opportunity could not be read" in "; ".join(made.report.reasons)


def test_money_that_is_in_no_deal_is_stated_and_balances(scene: Scene) -> None:
    made = scene.make("pack.zip")
    total = made.report.totals[OPPORTUNITY]
    stated = {
        code: sum(term.money.get(code, 0) for term in made.report.terms) for code in total.money
    }
    held = {code: total.money[code] - total.unlinked.get(code, 0) for code in total.money}
    assert stated == held
