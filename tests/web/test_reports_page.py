"""Reports asked for and taken away on the page: the bytes that were signed, or none."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from fastapi import Request

from monitor.core.flows import RuleSettings
from monitor.core.people import People, PersonSettings, Role
from monitor.core.signing import EvidenceSettings
from monitor.evidence_pack.keys import make_key
from monitor.scheduler import Daemon
from monitor.single_pass import pass_once
from monitor.store.audit_log import list_audit
from monitor.store.database import Database
from monitor.store.reports import load_report
from monitor.web.application import create_application
from monitor.web.asking import Asker
from tests.cycle.small_firm import SmallFirm
from tests.web.browser import Browser

PATIENCE = 60.0
PEOPLE = People(
    {
        "olga": PersonSettings(roles=(Role.OPERATOR,)),
        "vic": PersonSettings(roles=(Role.VIEWER,)),
        "ann": PersonSettings(roles=(Role.APPROVER,)),
    }
)


class Desk:
    """The page as whoever sits at it sees it."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.firm = SmallFirm(database)
        self.firm.win("D1", "500.50")
        self.firm.staff("D1", "500.00")
        pass_once(self.firm.estate, self.firm.runtime)
        self.firm.later(days=1)
        make_key(folder / "keys", database, self.firm.clock(), "ann")
        (flow,) = self.firm.estate.flows
        settings = {rule.name: RuleSettings() for rule in flow.rules}
        self.firm.estate = replace(
            self.firm.estate,
            people=PEOPLE,
            flows=(replace(flow, settings=settings),),
            evidence=EvidenceSettings(keys=str(folder / "keys")),
        )
        self.who = "olga"
        self.start()

    def start(self) -> None:
        """The daemon begins anew, by the estate of now."""
        daemon = Daemon(self.firm.runtime, lambda: self.firm.estate)
        self.browser = Browser(create_application(daemon, self._identify))

    def _identify(self, _request: Request) -> Asker:
        person = PEOPLE.named(self.who)
        assert person is not None
        return Asker(person, person.permissions, "token", is_on_machine=True, can_log_in=True)

    def ask(self, **filled: str) -> httpx.Response:
        page = self.browser.get("/reports")
        usual = {"flow": "sales", "from": "2026-03-01", "to": "2026-03-03"}
        return self.browser.submit(page, "/reports", **{**usual, **filled})

    def wait_for(self, words: str) -> None:
        """Look at the list until it says so."""
        self._wait(lambda: self.browser.get("/reports"), 200, words)

    def download(self, code: int = 200) -> httpx.Response:
        """Ask for the pack until it was made again."""
        path, form = "/reports/1/download", {"form_token": "token"}
        return self._wait(lambda: self.browser.post(path, form), code)

    def _wait(
        self, look: Callable[[], httpx.Response], code: int, words: str = ""
    ) -> httpx.Response:
        deadline = time.monotonic() + PATIENCE
        while True:
            answer = look()
            if answer.status_code == code and words in answer.content.decode(errors="ignore"):
                return answer
            assert time.monotonic() < deadline, answer.text
            time.sleep(0.05)


@pytest.fixture
def desk(sqlite_database: Database, tmp_path: Path) -> Desk:
    return Desk(sqlite_database, tmp_path)


def test_a_report_is_asked_for_made_and_taken_away_as_it_was_signed(desk: Desk) -> None:
    assert desk.ask().status_code == 303
    desk.wait_for('href="/reports/1"')
    pack = desk.download()
    with desk.firm.database.read() as connection:
        entry = load_report(connection, 1)
        newest = list_audit(connection, limit=1)[0]
    assert entry is not None
    assert (entry.who, entry.pack_hash) == ("olga", hashlib.sha256(pack.content).hexdigest())
    assert (newest.who, newest.action, newest.subject) == ("olga", "download report", "report 1")
    desk.who = "ann"
    assert (
        desk.browser.submit(
            desk.browser.get("/reports/1"), "/reports/1/prepare", reason="read it"
        ).status_code
        == 303
    )
    assert "read it" in desk.browser.get("/reports/1").text


def test_a_pack_that_is_not_as_it_was_signed_is_not_handed_over(desk: Desk) -> None:
    desk.ask()
    desk.wait_for('href="/reports/1"')
    desk.firm.estate = replace(desk.firm.estate, configuration={"settle": "9h"})
    desk.start()
    answer = desk.download(409)
    assert "it is not the same" in answer.text


def test_what_cannot_be_asked_is_refused(desk: Desk) -> None:
    assert desk.ask(flow="none").status_code == 404
    assert desk.ask(**{"from": "2026-03-05"}).status_code == 422
    assert desk.ask(**{"from": "../../etc"}).status_code == 422
    desk.firm.estate = replace(desk.firm.estate, evidence=None)
    desk.start()
    answer = desk.ask()
    assert answer.status_code == 409
    assert "does not say where signing keys are" in answer.text
    desk.who = "vic"
    assert desk.ask().status_code == 403
    assert desk.browser.post("/reports/1/download", {"form_token": "token"}).status_code == 403
