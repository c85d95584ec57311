"""Every role at every route: the routes are those of the application, so that none is left out."""

import re
from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Request, Response

from monitor.core.people import GRANTS, Permission, Person, PersonSettings, Role
from monitor.scheduler import Daemon
from monitor.store.database import open_database
from monitor.web.application import create_application
from monitor.web.asking import READING, Asker, Need
from monitor.web.permissions import NEEDS, needs_of, routes_of
from tests.cycle.small_firm import SmallFirm
from tests.databases import SQLite
from tests.web.inside import Asked, ask_all

OPEN = {
    "GET /-/healthy": 200,
    "GET /style.css": 200,
    "GET /log-in": 200,
    "POST /log-in": 415,
    "POST /slack": 401,
}
"""What answers everybody, and what it says to who sends nothing; a door that is opened has to be
written here too."""

NOBODY = Asker(can_log_in=True)
NOT_NAMED = Asker(permissions=READING, is_on_machine=True)


@pytest.fixture(scope="module")
def daemon(sqlite: SQLite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    database = open_database(sqlite.migrated(tmp_path_factory.mktemp("store")))
    firm = SmallFirm(database)
    yield Daemon(firm.runtime, lambda: firm.estate)
    database.close()


class Stage:
    """The application as seen by whoever is put on it."""

    def __init__(self, daemon: Daemon) -> None:
        self.asker = NOBODY
        self.application = create_application(daemon, self._identify)
        self.routes = [(method, path) for method, path, _ in routes_of(self.application)]

    def _identify(self, _request: Request) -> Asker:
        return self.asker

    def codes(self, asker: Asker) -> dict[str, int]:
        """By route, what this asker is answered."""
        self.asker = asker
        answers = ask_all(self.application, [filled(each) for each in self.routes])
        named = [f"{method} {path}" for method, path in self.routes]
        return dict(zip(named, [each.status_code for each in answers], strict=True))


def filled(route: Asked) -> Asked:
    """A path with something in each of its places."""
    method, path = route
    return method, re.sub(r"\{[^}]*\}", "77", path)


@pytest.fixture(scope="module")
def stage(daemon: Daemon) -> Stage:
    return Stage(daemon)


def logged_in(*roles: Role) -> Asker:
    person = Person("ann", PersonSettings(roles=roles))
    return Asker(person, person.permissions, can_log_in=True)


def test_every_route_says_what_it_needs_and_nothing_is_said_of_routes_that_are_gone(
    stage: Stage,
) -> None:
    assert {f"{method} {path}" for method, path in stage.routes} == set(NEEDS)
    assert len(stage.routes) >= 34


@pytest.mark.parametrize("role", list(Role))
def test_a_role_is_answered_what_it_may_have_and_refused_the_rest(stage: Stage, role: Role) -> None:
    codes = stage.codes(logged_in(role))
    granted = {*GRANTS[role], None}
    may = {each for each in codes if each in OPEN or NEEDS[each].permission in granted}
    assert {each for each, code in codes.items() if code == 403} == codes.keys() - may
    for each in may:
        expected = {OPEN[each]} if each in OPEN else {200, 303, 404, 415}
        assert codes[each] in expected, each


def test_who_has_not_logged_in_is_answered_open_doors_alone(stage: Stage) -> None:
    codes = stage.codes(NOBODY)
    for each in codes.keys() - set(OPEN):
        programs = each.split()[1].startswith(("/api/", "/-/", "/metrics"))
        assert codes[each] == (401 if programs else 303), each


def test_without_people_the_machine_itself_reads_and_nobody_acts(stage: Stage) -> None:
    codes = stage.codes(NOT_NAMED)
    for each, code in codes.items():
        changes = not each.startswith("GET ") and each not in {*OPEN, "POST /-/reload"}
        assert (code == 403) is changes, each


def test_what_changes_something_is_no_matter_of_reading(stage: Stage) -> None:
    reading = {Permission.READ, Permission.READ_LOG, Permission.METRICS}
    for each, need in NEEDS.items():
        if not each.startswith(("GET ", "POST /log-out")) and each not in OPEN:
            assert need.permission not in {*reading, None}, each
        assert need.is_open is (each in OPEN), each
    assert all(NEEDS[each].permission is Permission.READ_LOG for each in NEEDS if "audit" in each)


def test_a_route_of_which_nobody_said_what_it_needs_stops_the_start(daemon: Daemon) -> None:
    application = create_application(daemon)

    @application.get("/new")
    def new() -> str:
        return "new"

    with pytest.raises(LookupError, match="GET /new"):
        needs_of(application)
    with pytest.raises(LookupError, match="GET /new"):
        needs_of(application, {**NEEDS, "POST /new": Need()})


def test_what_no_guard_stands_before_stops_the_start(daemon: Daemon) -> None:
    application = create_application(daemon)
    application.add_route("/bare", lambda _request: Response())
    with pytest.raises(LookupError, match="/bare"):
        needs_of(application)


def test_who_asks_for_a_page_is_led_to_the_form_and_a_program_is_challenged(
    stage: Stage,
) -> None:
    stage.asker = NOBODY
    page, program = ask_all(
        stage.application, [("GET", "/breaks?kind=missing"), ("GET", "/api/v1/breaks")]
    )
    assert page.headers["location"] == "/log-in?to=/breaks%3Fkind%3Dmissing"
    assert program.headers["www-authenticate"] == 'Bearer realm="tieout"'


def test_a_refusal_says_which_role_may(stage: Stage) -> None:
    stage.asker = logged_in(Role.VIEWER)
    (refused,) = ask_all(stage.application, [("GET", "/audit")])
    assert "ann lacks the role that may do this: auditor or admin" in refused.text


def test_a_token_may_no_more_than_it_was_made_for(stage: Stage) -> None:
    person = Person("ann", PersonSettings(roles=(Role.AUDITOR,)))
    codes = stage.codes(Asker(person, frozenset({Permission.METRICS}), can_log_in=True))
    answered = {each for each, code in codes.items() if code == 200}
    assert answered == {each for each, code in OPEN.items() if code == 200} | {
        "GET /metrics",
        "GET /-/ready",
    }


def test_the_guard_knows_the_endpoint_of_every_route(stage: Stage) -> None:
    """Not the path: a path that means two routes would be guarded as one of them."""
    application: FastAPI = stage.application
    assert len(application.state.needs) == len(stage.routes)
