"""Candidates side by side: what both records hold, decided once and remembered."""

from dataclasses import replace

import httpx
import polars as pl
import pytest
from fastapi import Request

from monitor.core.people import People, PersonSettings, Role
from monitor.scheduler import Daemon
from monitor.single_pass import pass_once
from monitor.store.database import Database
from monitor.store.matching import fields_of, load_decisions
from monitor.web.application import create_application
from monitor.web.asking import Asker
from monitor.web.pages import duplicates
from tests.cycle.small_firm import SmallFirm
from tests.web.browser import Browser
from tests.web.seen import Page

PEOPLE = People({"olga": PersonSettings(roles=(Role.OPERATOR,))})
LEFT, RIGHT = "crm.opportunity/o-D1", "crm.opportunity/o-D2"
HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture
def firm(sqlite_database: Database) -> SmallFirm:
    made = SmallFirm(sqlite_database)
    made.crm.put("o-D1", "D1", name=HOSTILE)
    made.crm.put("o-D2", "D2", name="Acme")
    pass_once(made.estate, made.runtime)
    made.estate = replace(made.estate, people=PEOPLE)
    return made


@pytest.fixture
def browser(firm: SmallFirm, monkeypatch: pytest.MonkeyPatch) -> Browser:
    """The question is put by hand: which pairs are asked about is proven in tests/matching."""
    asked = pl.DataFrame({"watch": ["same"], "left": [LEFT], "right": [RIGHT], "weight": [3.25]})
    monkeypatch.setattr(duplicates, "open_questions", lambda *_: asked)
    olga = PEOPLE.named("olga")
    assert olga is not None

    def identify(_request: Request) -> Asker:
        return Asker(olga, olga.permissions, "token", is_on_machine=True, can_log_in=True)

    return Browser(create_application(Daemon(firm.runtime, lambda: firm.estate), identify))


def submit(browser: Browser, page: httpx.Response, opinion: str, reason: str) -> int:
    return browser.submit(page, f"/duplicates/{opinion}", reason=reason).status_code


def test_two_records_are_shown_side_by_side_and_what_is_decided_is_remembered(
    firm: SmallFirm, browser: Browser
) -> None:
    answer = browser.get("/duplicates")
    page = Page(answer.text)
    assert HOSTILE in page.words
    assert "Acme" in page.words
    assert "+3.2 bits" in page.words
    assert "img" not in page.elements
    assert submit(browser, answer, "same", "") == 409
    assert submit(browser, answer, "same", "one tax number") == 303
    with firm.database.read() as connection:
        assert load_decisions(connection).rows() == [(LEFT, RIGHT, "same")]
    assert submit(browser, answer, "different", "two companies") == 303
    with firm.database.read() as connection:
        assert load_decisions(connection).rows() == [(LEFT, RIGHT, "different")]


def test_records_that_are_gone_have_no_fields(firm: SmallFirm) -> None:
    with firm.database.read() as connection:
        found = fields_of(connection, [LEFT, "crm.opportunity/none", "odd"])
    assert found[LEFT]["name"] == HOSTILE
    assert list(found) == [LEFT]
