"""What people do on the page: done once, by those who may, on what still stands."""

from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest
from fastapi import Request

from monitor.acting.acts import ACTS
from monitor.core.answers import Act
from monitor.core.breaks import BreakState
from monitor.core.people import GRANTS
from monitor.scheduler import Daemon
from monitor.store.database import Database, open_database
from monitor.store.halts import load_halt
from monitor.web.application import create_application
from monitor.web.asking import Asker
from monitor.web.doors import DONE, DOORS
from tests.answering.scene import MEMBERS, Scene
from tests.databases import SQLite
from tests.web.browser import Browser
from tests.web.seen import Page

TOKEN = "shown-to-you"


class Desk:
    """The scene's page as whoever sits at it sees it."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.who = "olga"
        daemon = Daemon(scene.firm.runtime, lambda: scene.firm.estate)
        self.browser = Browser(create_application(daemon, self._identify))

    def _identify(self, _request: Request) -> Asker:
        person = self.scene.firm.estate.people.named(self.who)
        permissions = frozenset() if person is None else person.permissions
        return Asker(person, permissions, TOKEN, is_on_machine=True, can_log_in=True)

    def page(self, who: str, path: str) -> httpx.Response:
        self.who = who
        answer = self.browser.get(path)
        assert answer.status_code == 200
        return answer

    def send(self, who: str, path: str, **filled: str) -> httpx.Response:
        """A form without having looked at its page."""
        self.who = who
        return self.browser.post(path, {"form_token": TOKEN, **filled})

    @property
    def incident(self) -> str:
        return f"/incidents/{self.scene.incident.id}"

    @property
    def plan(self) -> str:
        return f"/plans/{self.scene.plan}"


@pytest.fixture
def desk(sqlite_database: Database) -> Desk:
    return Desk(Scene(sqlite_database))


@pytest.fixture(scope="module")
def quiet_desk(sqlite: SQLite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """Nobody at it changes anything."""
    with closing(open_database(sqlite.migrated(tmp_path_factory.mktemp("desk")))) as database:
        yield Desk(Scene(database))


def told(answer: httpx.Response) -> str:
    return " ".join(Page(answer.text).words.split())


def test_every_act_has_one_door_and_says_what_was_done() -> None:
    assert {door.act for door in DOORS} == set(DONE) == set(Act) == set(ACTS)
    assert len({door.path for door in DOORS}) == len(DOORS)


UNABLE = [
    (door, name)
    for door in DOORS
    for name, (_, roles) in MEMBERS.items()
    if not any(ACTS[door.act].permission in GRANTS[role] for role in roles)
]


@pytest.mark.parametrize(
    ("door", "who"), UNABLE, ids=[f"{door.act.value}-{who}" for door, who in UNABLE]
)
def test_who_lacks_the_role_changes_nothing(door: object, who: str, quiet_desk: Desk) -> None:
    before = quiet_desk.scene.deeds()
    path = door.path.format(name=quiet_desk.scene.incident.id)  # type: ignore[attr-defined]
    assert quiet_desk.send(who, path, reason="because", days="1").status_code == 403
    assert quiet_desk.scene.deeds() == before


def test_an_operator_looks_after_an_incident_and_lets_it_go(desk: Desk) -> None:
    page = desk.page("olga", desk.incident)
    answer = desk.browser.submit(page, f"{desk.incident}/acknowledge")
    assert answer.status_code == 303
    after = desk.page("olga", answer.headers["location"])
    assert "You look after it." in told(after)
    assert "olga looks after it until" in told(after)
    assert desk.send("olga", f"{desk.incident}/release", holder="olga").status_code == 303
    assert desk.scene.incident.acknowledged_by == ""


def test_a_stale_form_says_who_did_what_meanwhile(desk: Desk) -> None:
    stale = desk.page("otto", desk.incident)
    desk.send("olga", f"{desk.incident}/acknowledge", holder="")
    desk.who = "otto"
    answer = desk.browser.submit(stale, f"{desk.incident}/acknowledge")
    assert answer.status_code == 409
    assert "olga looks after it until" in told(answer)
    assert desk.scene.incident.acknowledged_by == "olga"
    assert desk.scene.deeds()[-1] == ("otto", "refused_on_page")


def test_an_incident_is_given_away_or_waits(desk: Desk) -> None:
    assert desk.send("olga", f"{desk.incident}/assign", to="otto", holder="").status_code == 303
    assert desk.scene.incident.acknowledged_by == "otto"
    answer = desk.send("olga", f"{desk.incident}/assign", to="nobody-known", holder="otto")
    assert answer.status_code == 409
    answer = desk.send("otto", f"{desk.incident}/snooze", hours="4", holder="otto")
    assert answer.status_code == 303
    until = desk.scene.incident.acknowledged_until
    assert until is not None
    assert (until - desk.scene.firm.clock()).total_seconds() == 4 * 3600


def test_several_incidents_are_looked_after_at_once_and_each_is_answered(desk: Desk) -> None:
    number = desk.scene.incident.id
    desk.who = "olga"
    answer = desk.send("olga", "/incidents/acknowledge", incident=f"{number}:")
    assert answer.status_code == 200
    assert desk.scene.incident.acknowledged_by == "olga"
    answer = desk.send("otto", "/incidents/acknowledge", incident=f"{number}:")
    assert answer.status_code == 409
    assert desk.send("otto", "/incidents/acknowledge").status_code == 400


def test_breaks_are_set_aside_in_bulk_and_heard_again(desk: Desk) -> None:
    (found,) = desk.scene.firm.breaks()
    page = desk.page("olga", "/breaks")
    assert f'value="{found.fingerprint}"' in page.text
    filled = {"break": found.fingerprint, "reason": "known to finance", "days": "7"}
    assert desk.send("olga", "/breaks/ignore", **filled).status_code == 303
    assert [each.state for each in desk.scene.firm.breaks()] == [BreakState.SUPPRESSED]
    shown = desk.page("olga", f"/breaks/{found.id}")
    assert "known to finance" in shown.text
    answer = desk.send("olga", "/ignores/1/end", reason="finance was wrong")
    assert answer.status_code == 303
    assert [each.state for each in desk.scene.firm.breaks()] == [BreakState.OPEN]


@pytest.mark.parametrize(
    "filled",
    [
        {"reason": "", "days": "7"},
        {"reason": "why", "days": "0"},
        {"reason": "why", "days": "91"},
        {"reason": "why", "days": "9" * 40},
        {"reason": "why", "days": "\u0663"},
        {"reason": "why", "days": "7", "break": "f" * 64},
    ],
    ids=["no reason", "no days", "too long", "huge", "other digits", "gone"],
)
def test_nothing_is_set_aside_that_is_not_asked_for_well(
    filled: dict[str, str], quiet_desk: Desk
) -> None:
    (found,) = quiet_desk.scene.firm.breaks()
    answer = quiet_desk.send("olga", "/breaks/ignore", **{"break": found.fingerprint, **filled})
    assert answer.status_code == 409
    assert [each.state for each in quiet_desk.scene.firm.breaks()] == [BreakState.OPEN]


def test_somebody_else_approves_exactly_the_plan_that_was_shown(desk: Desk) -> None:
    own = desk.page("rita", desk.plan)
    assert "somebody else approves it" in told(own)
    assert desk.send("rita", f"{desk.plan}/approve", plan=desk.scene.plan).status_code == 409
    page = desk.page("ann", desk.plan)
    assert desk.send("ann", f"{desk.plan}/approve", plan="0" * 64).status_code == 400
    assert desk.scene.plan_state() == "proposed"
    answer = desk.browser.submit(page, f"{desk.plan}/approve", reason="checked with finance")
    assert answer.status_code == 303
    assert desk.scene.plan_state() == "approved"
    assert "checked with finance" in told(desk.page("ann", desk.plan))


def test_who_comes_too_late_with_a_plan_is_told_so(desk: Desk) -> None:
    page = desk.page("ann", desk.plan)
    assert desk.browser.submit(page, f"{desk.plan}/reject", reason="no").status_code == 303
    answer = desk.browser.submit(page, f"{desk.plan}/approve", reason="yes")
    assert answer.status_code == 409
    assert "the plan is rejected: ann: no" in told(answer)


def test_everything_is_stopped_and_goes_on_with_reasons(desk: Desk) -> None:
    assert desk.send("olga", "/corrections/halt", reason=" ").status_code == 409
    page = desk.page("olga", "/plans")
    assert desk.browser.submit(page, "/corrections/halt", reason="odd figures").status_code == 303
    assert "All corrections are stopped" in told(desk.page("olga", "/plans?done=halt"))
    with desk.scene.database.read() as connection:
        assert load_halt(connection) is not None
    assert desk.send("ann", "/corrections/resume", reason="explained").status_code == 303
    assert desk.send("ann", "/corrections/resume", reason="again").status_code == 409
    with desk.scene.database.read() as connection:
        assert load_halt(connection) is None


def test_a_form_of_another_page_does_nothing(quiet_desk: Desk) -> None:
    before = quiet_desk.scene.incident
    path = f"{quiet_desk.incident}/acknowledge"
    quiet_desk.who = "olga"
    assert quiet_desk.browser.post(path, {"form_token": "forged"}).status_code == 403
    assert quiet_desk.browser.post(path, {"holder": ""}).status_code == 403
    sent = {"form_token": TOKEN}
    assert quiet_desk.browser.post(path, sent, Origin="https://elsewhere").status_code == 403
    assert quiet_desk.scene.incident == before


def test_who_may_not_act_sees_no_form(quiet_desk: Desk) -> None:
    for path in (quiet_desk.incident, quiet_desk.plan, "/plans", "/breaks", "/incidents"):
        for who in ("vic", "audrey"):
            page = quiet_desk.page(who, path).text
            assert page.count('method="post"') == page.count('action="/log-out"')


def test_what_an_address_carries_is_not_said_on_the_page(quiet_desk: Desk) -> None:
    page = quiet_desk.page("vic", "/?done=%3Cb%3Ewrong")
    assert "wrong" not in page.text
