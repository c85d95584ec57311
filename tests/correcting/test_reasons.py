"""Whoever looks at a break sees why nothing was done about it: page, words and figures."""

from collections.abc import Callable

import pytest

from monitor.core.breaks import Break
from monitor.correcting.exposing import show_corrections
from monitor.correcting.halting import halt
from monitor.correcting.keeping import keep_draft
from monitor.explaining.explain import explain
from monitor.explaining.telling import tell_explanation
from monitor.scheduler import Daemon
from tests.correcting.firm import Firm
from tests.web.seen import Page
from tests.web.serving import browsing


@pytest.fixture
def drifted(firm: Firm) -> Break:
    """One of three breaks of ten deals, for which a plan was refused."""
    for number in range(1, 4):
        firm.staff(f"OPP-{number}", "900.00")
    firm.settle_down()
    keep_draft(firm.draft(), firm.database, firm.clock)
    return firm.breaks()[0]


def words_of(firm: Firm, subject: Break) -> str:
    told = explain(firm.estate, firm.database, subject.id, firm.clock())
    assert told is not None
    return "\n".join(tell_explanation(told))


def test_a_break_says_why_it_was_not_corrected(firm: Firm, drifted: Break) -> None:
    words = words_of(firm, drifted)
    assert "Not done  share: the plan has corrections to 3 of 10 transactions" in words
    assert "of rita is refused" in words


def test_a_break_for_machines_says_so_too(firm: Firm, drifted: Break) -> None:
    told = explain(firm.estate, firm.database, drifted.id, firm.clock())
    assert told is not None
    document = told.as_json()
    assert [each["guard"] for each in document["not_corrected"]] == ["share"]
    assert [each["state"] for each in document["plans"]] == ["refused"]


def test_the_page_of_a_break_says_why_it_was_not_corrected(firm: Firm, drifted: Break) -> None:
    with browsing(Daemon(firm.runtime, lambda: firm.estate)) as browser:
        page = Page(browser.get(f"/breaks/{drifted.id}").text)
    assert "Why tieout does not correct it" in page.words
    assert "Share: the plan has corrections to 3 of 10 transactions" in page.words


def test_the_metric_counts_the_breaks_that_each_guard_stopped(firm: Firm, drifted: Break) -> None:
    assert figures(firm)('tieout_corrections_refused{guard="share"}') == 3
    assert figures(firm)('tieout_corrections_refused{guard="count"}') == 0
    halt(firm.database, "eve", "audit", firm.clock)
    firm.later(minutes=1)
    keep_draft(firm.draft(), firm.database, firm.clock)
    assert figures(firm)('tieout_corrections_refused{guard="kill_switch"}') == 3


def test_what_was_mended_is_counted_no_more(firm: Firm, drifted: Break) -> None:
    for number in range(1, 4):
        firm.staff(f"OPP-{number}")
    assert firm.settle_down() == []
    assert figures(firm)('tieout_corrections_refused{guard="share"}') == 0
    assert "Not done" not in words_of(firm, drifted)


def figures(firm: Firm) -> Callable[[str], float]:
    """The metrics page, by series."""
    show_corrections(firm.estate, firm.database, firm.runtime.metrics, firm.clock())
    lines = firm.runtime.metrics.expose()[0].decode().splitlines()
    series = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return lambda name: float(series[name])
