"""Plans, corrections and the audit log as people read them."""

from collections.abc import Iterator

import httpx
import pytest
from sqlalchemy import text

from monitor.core.corrections import Halt
from monitor.scheduler import Daemon
from monitor.store.database import Database
from monitor.store.halts import save_halt
from tests.correcting.small import CorrectedFirm
from tests.web.seen import Page
from tests.web.serving import browsing


@pytest.fixture
def firm(sqlite_database: Database) -> CorrectedFirm:
    made = CorrectedFirm(sqlite_database)
    made.win("D1")
    made.staff("D1", amount="1.00")
    made.look()
    return made


@pytest.fixture
def browser(firm: CorrectedFirm) -> Iterator[httpx.Client]:
    with browsing(Daemon(firm.runtime, lambda: firm.estate)) as client:
        yield client


def words(browser: httpx.Client, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200
    return " ".join(Page(answer.text).words.split())


def test_a_plan_shows_each_write_before_and_after_and_what_became_of_it(
    firm: CorrectedFirm, browser: httpx.Client
) -> None:
    plan = firm.approved()
    assert f"/plans/{plan}" in Page(browser.get("/plans").text).links
    seen = words(browser, f"/plans/{plan}")
    assert "amount 1.00 1,000.00" in seen
    assert "planned" in seen
    assert "approved" in seen
    firm.apply(plan)
    assert "verified" in words(browser, f"/plans/{plan[:12]}")
    assert "/corrections/1" in Page(browser.get("/corrections").text).links
    life = words(browser, "/corrections/1")
    assert life.index("intended") < life.index("applied") < life.rindex("verified")
    assert words(browser, "/corrections?state=failed").count("There are no such corrections") == 1


@pytest.mark.parametrize("path", ["/plans/" + "0" * 64, "/plans/abc", "/corrections/99"])
def test_what_was_never_planned_is_not_found(browser: httpx.Client, path: str) -> None:
    assert browser.get(path).status_code == 404


def test_a_halt_is_said_where_plans_are_listed(firm: CorrectedFirm, browser: httpx.Client) -> None:
    assert "stopped" not in words(browser, "/plans")
    with firm.database.write() as connection:
        save_halt(connection, Halt("rita", "month end", firm.clock()))
    assert "stopped since" in words(browser, "/plans")
    assert "month end" in words(browser, "/plans")


def test_the_audit_log_is_searched_and_its_chain_checked(
    firm: CorrectedFirm, browser: httpx.Client
) -> None:
    plan = firm.approved()
    firm.apply(plan)
    assert f"plan {plan}" in words(browser, "/audit")
    assert "No entry is like that" in words(browser, "/audit?who=mallory")
    approvals = words(browser, "/audit?action=propose&subject=plan")
    assert plan in approvals
    assert "intend" not in approvals[approvals.index("Detail") :]
    assert "entries hold" in words(browser, "/audit/chain")
    with firm.database.write() as connection:
        connection.execute(text("DROP TRIGGER audit_refuses_update"))
        connection.execute(text("UPDATE audit SET who = 'mallory' WHERE sequence = 2"))
    assert "Entry 2 was altered" in words(browser, "/audit/chain")
