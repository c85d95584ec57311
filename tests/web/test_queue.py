"""The queue of breaks, and the incidents that they are parts of."""

from collections.abc import Iterator

import httpx
import pytest

from monitor.incidents.handling import acknowledge
from monitor.scheduler import Daemon
from monitor.single_pass import pass_once
from monitor.store.database import Database
from tests.cycle.small_firm import SmallFirm
from tests.web.seen import Page
from tests.web.serving import browsing


@pytest.fixture
def firm(sqlite_database: Database) -> SmallFirm:
    return SmallFirm(sqlite_database)


@pytest.fixture
def browser(firm: SmallFirm) -> Iterator[httpx.Client]:
    with browsing(Daemon(firm.runtime, lambda: firm.estate)) as client:
        yield client


def break_deals(firm: SmallFirm, *deals: str) -> None:
    for deal in deals:
        firm.win(deal, "500.50")
        firm.staff(deal, "500.00")
    pass_once(firm.estate, firm.runtime)


def listed(browser: httpx.Client, **asked: str) -> set[str]:
    answer = browser.get("/breaks", params=asked)
    assert answer.status_code == 200
    return {link for link in Page(answer.text).links if link.startswith("/transactions/")}


def test_the_queue_lists_what_stands_and_filters_it(firm: SmallFirm, browser: httpx.Client) -> None:
    break_deals(firm, "D1", "D2")
    both = {"/transactions/D1", "/transactions/D2"}
    assert listed(browser) == both
    assert listed(browser, kind="mismatch", system="psa", severity="", owner="") == both
    assert listed(browser, kind="missing") == set()
    assert listed(browser, system="crm") == set()
    assert listed(browser, owner="nobody-of-this-name") == set()
    assert listed(browser, state="correcting") == set()
    assert browser.get("/breaks", params={"kind": "odd"}).status_code == 422
    assert browser.get("/breaks", params={"after": "odd"}).status_code == 422


def test_who_holds_breaks_is_counted_with_their_age(firm: SmallFirm, browser: httpx.Client) -> None:
    break_deals(firm, "D1")
    firm.later(days=8)
    break_deals(firm, "D2")
    words = " ".join(Page(browser.get("/breaks").text).words.split())
    assert "Who holds them" in words
    owners = words[words.index("Who holds them") : words.index("The queue")]
    assert " 2 1 0 2026-03-" in owners
    assert "1.00" in owners


def test_pages_of_the_queue_follow_one_another(firm: SmallFirm, browser: httpx.Client) -> None:
    break_deals(firm, *(f"D{number}" for number in range(101)))
    first = Page(browser.get("/breaks").text)
    (following,) = [link for link in first.links if "after=" in link]
    second = Page(browser.get(following).text)
    seen = [
        {link for link in page.links if link.startswith("/transactions/")}
        for page in (first, second)
    ]
    assert [len(each) for each in seen] == [100, 1]
    assert seen[0].isdisjoint(seen[1])
    assert [link for link in second.links if "after=" in link] == ["/breaks?after="]


def test_an_incident_is_shown_with_its_breaks_and_its_history(
    firm: SmallFirm, browser: httpx.Client
) -> None:
    break_deals(firm, "D1")
    acknowledge(firm.database, 1, "rita", firm.estate.incidents.acknowledged_for, firm.clock)
    assert "/incidents/1" in Page(browser.get("/incidents").text).links
    words = Page(browser.get("/incidents/1").text).words
    assert "rita looks after it until" in words
    assert "500.50" in words
    assert "opened" in words
    assert browser.get("/incidents/77").status_code == 404
    firm.staff("D1", "500.50")
    firm.later(minutes=1)
    pass_once(firm.estate, firm.runtime)
    assert "No incident stands" in Page(browser.get("/incidents").text).words
    assert "/incidents/1" in Page(browser.get("/incidents?over=true").text).links
