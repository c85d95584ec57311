"""A deal as it was known at each instant: what came later is not there yet."""

import re
from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from monitor.core.breaks import BreakState
from monitor.reports.past_deal import instants_of, trace_as_of
from monitor.scheduler import Daemon
from monitor.single_pass import pass_once
from monitor.store.database import Database
from tests.cycle.small_firm import SmallFirm
from tests.web.seen import Page
from tests.web.serving import browsing


@pytest.fixture
def firm(sqlite_database: Database) -> SmallFirm:
    """Won, then staffed with another amount, then mended; looked at after each step."""
    made = SmallFirm(sqlite_database)
    made.win("D1", "500.50")
    pass_once(made.estate, made.runtime)
    made.later(hours=1)
    made.staff("D1", "500.00")
    pass_once(made.estate, made.runtime)
    made.later(hours=1)
    made.staff("D1", "500.50")
    pass_once(made.estate, made.runtime)
    return made


@pytest.fixture
def browser(firm: SmallFirm) -> Iterator[httpx.Client]:
    with browsing(Daemon(firm.runtime, lambda: firm.estate)) as client:
        yield client


def test_each_instant_shows_what_was_known_by_then(firm: SmallFirm) -> None:
    with firm.database.read() as connection:
        instants = instants_of(connection, "sales", "D1")
    assert instants == sorted(set(instants))
    told = []
    for at in instants:
        trace = trace_as_of(firm.estate, firm.database, "sales", "D1", at)
        assert trace is not None
        amounts = {stop.stream.system: stop.fields["amount"] for stop in trace.stops}
        stands = [each for each in trace.breaks if each.state is BreakState.OPEN]
        told.append((amounts, len(stands)))
    assert told[0] == ({"crm": "500.50"}, 0)
    assert ({"crm": "500.50", "psa": "500.00"}, 1) in told
    assert told[-1] == ({"crm": "500.50", "psa": "500.50"}, 0)
    before = trace_as_of(
        firm.estate, firm.database, "sales", "D1", instants[0] - timedelta(seconds=1)
    )
    assert before is not None
    assert (list(before.stops), list(before.breaks)) == ([], [])
    assert trace_as_of(firm.estate, firm.database, "none", "D1", instants[0]) is None


def test_the_page_goes_back_without_scripts_and_says_so(browser: httpx.Client) -> None:
    now = browser.get("/transactions/D1").text
    assert "As it was known" not in now
    count = re.search(r'<input type="range" name="step" min="1" max="(\d+)"', now)
    assert count is not None
    for link in [each for each in Page(now).links if "step=" in each]:
        answer = browser.get(link)
        assert answer.status_code == 200
        assert "As it was known at 2026-03-02" in answer.text
        assert 'aria-current="true"' in answer.text
    first = Page(browser.get("/transactions/D1?flow=sales&step=1").text)
    assert "project" not in first.words.partition("Records and messages")[2]
    far = browser.get(f"/transactions/D1?flow=sales&step={int(count[1]) + 1}")
    assert "As it was known" not in far.text
    assert browser.get("/transactions/D1?flow=sales&step=0").status_code == 422
