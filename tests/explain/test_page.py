"""The page of a break."""

from collections.abc import Iterator

import httpx
import pytest

from monitor.core.ignores import Decision
from monitor.ignoring import decide_baseline
from monitor.scheduler import Daemon
from monitor.single_pass import pass_once
from monitor.store.breaks import standing_breaks
from monitor.store.database import Database
from tests.cycle.small_firm import SmallFirm
from tests.web.seen import Page
from tests.web.serving import browsing

HOSTILE = "<script>alert(1)</script>{{ 7 * 7 }}"


@pytest.fixture
def firm(sqlite_database: Database) -> SmallFirm:
    """A deal whose project was changed to another amount."""
    opened = SmallFirm(sqlite_database)
    pass_once(opened.estate, opened.runtime)
    opened.win(HOSTILE)
    opened.staff(HOSTILE)
    for amount in ("1000.00", "900.00"):
        opened.staff(HOSTILE, amount=amount)
        opened.later(minutes=5)
        pass_once(opened.estate, opened.runtime)
    return opened


@pytest.fixture
def browser(firm: SmallFirm) -> Iterator[httpx.Client]:
    with browsing(Daemon(firm.runtime, lambda: firm.estate)) as client:
        yield client


def test_the_page_says_why_since_when_who_and_what_to_do(
    firm: SmallFirm, browser: httpx.Client
) -> None:
    with firm.database.read() as connection:
        (found,) = standing_breaks(connection)
    short = Page(browser.get(f"/breaks/{found.id}").text)
    assert "Set amount of psa.project" in short.words
    (in_full,) = [link for link in short.links if "full=true" in link]
    page = Page(browser.get(in_full).text)
    assert "crm.opportunity says 1,000.00" in page.words
    assert "Set amount of psa.project" in page.words
    assert "it was right, and was changed" in page.words
    assert "No cohort: nothing stands out." in page.words
    assert "script" not in page.elements
    assert HOSTILE in page.words


def test_every_break_on_the_front_page_leads_to_its_explanation(browser: httpx.Client) -> None:
    links = [link for link in Page(browser.get("/").text).links if link.startswith("/breaks/")]
    assert links
    assert all(browser.get(link).status_code == 200 for link in links)


def test_ignored_breaks_are_shown_apart_with_who_ignores_them(
    firm: SmallFirm, browser: httpx.Client
) -> None:
    decision = Decision("ann", "day one", is_baseline=True)
    done = decide_baseline(firm.estate, firm.database, decision, firm.clock)
    front = Page(browser.get("/").text).words
    assert "Breaks that stand (0)" in front
    assert "Ignored (1)" in front
    page = Page(browser.get(f"/breaks/{done.fallen_silent[0].id}").text)
    assert "ann ignores it: day one" in page.words


@pytest.mark.parametrize("name", ["ffff", "%25", "<b>", "a%2Fb"])
def test_an_unknown_break_is_not_found(browser: httpx.Client, name: str) -> None:
    answer = browser.get(f"/breaks/{name}")
    assert answer.status_code == 404
