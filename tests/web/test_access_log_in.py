"""Log in and out of the page: cookies, forms, ways back, and what none of them tells."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import httpx
import pytest
import structlog
from fastapi import FastAPI

from monitor.accounts import managing
from monitor.accounts.lockout import BY_NAME
from monitor.core.people import People, Permission, PersonSettings, Role
from monitor.scheduler import Daemon
from monitor.store.database import Database, open_database
from monitor.web.application import create_application
from monitor.web.log_in import own_path
from monitor.web.permissions import NEEDS
from tests.cycle.small_firm import SmallFirm
from tests.databases import SQLite
from tests.web.browser import LOCAL, Browser

PUBLIC = "https://tieout.firm.example"
PASSWORD = "wind over the harbour"
PEOPLE = People(
    {
        "ann": PersonSettings(roles=(Role.OPERATOR,)),
        "bob": PersonSettings(roles=(Role.AUDITOR,)),
    }
)


@dataclass
class House:
    """A firm whose people log in."""

    firm: SmallFirm
    daemon: Daemon
    application: FastAPI

    @property
    def database(self) -> Database:
        return self.firm.database

    def near(self) -> Browser:
        """A browser on the machine itself."""
        return Browser(self.application)

    def far(self, **headers: str) -> Browser:
        """One that comes by the public name, through a proxy that speaks https."""
        proxied = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9", **headers}
        return Browser(self.application, PUBLIC, "203.0.113.9", proxied)

    def inside(self, name: str = "ann") -> Browser:
        browser = self.near()
        assert browser.log_in(name, PASSWORD).status_code == 303
        return browser


@pytest.fixture(scope="module")
def built(sqlite: SQLite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    database = open_database(sqlite.migrated(tmp_path_factory.mktemp("store")))
    firm = SmallFirm(database)
    estate = replace(firm.estate, people=PEOPLE, address=PUBLIC)
    daemon = Daemon(firm.runtime, lambda: estate)
    for name in ("ann", "bob"):
        managing.change_password(database, PEOPLE, name, PASSWORD, "root", firm.clock)
    yield House(firm, daemon, create_application(daemon))
    database.close()


@pytest.fixture
def house(built: House) -> House:
    """Whoever was locked out in a test before is not any more."""
    built.firm.later(days=2)
    return built


def test_a_page_leads_to_the_form_and_the_form_back_to_the_page(house: House) -> None:
    browser = house.near()
    asked = browser.get("/breaks?state=open")
    assert asked.status_code == 303
    form = browser.get(asked.headers["location"])
    inside = browser.submit(form, "/log-in", name="ann", password=PASSWORD)
    assert (inside.status_code, inside.headers["location"]) == (303, "/breaks?state=open")
    page = browser.get("/breaks?state=open")
    assert page.status_code == 200
    assert "ann" in page.text
    assert "Audit log" not in page.text


def test_the_cookie_is_for_this_host_alone_and_no_script_reads_it(house: House) -> None:
    near = house.near().log_in("ann", PASSWORD).headers["set-cookie"]
    assert near.startswith("tieout=")
    far = house.far().log_in("ann", PASSWORD).headers["set-cookie"]
    assert far.startswith("__Host-tieout=")
    for cookie, is_secure in ((near, False), (far, True)):
        words = {each.strip().lower() for each in cookie.split(";")[1:]}
        assert {"httponly", "samesite=strict", "path=/", "max-age=43200"} <= words
        assert ("secure" in words) is is_secure
        assert not [each for each in words if each.startswith("domain")]


def test_from_elsewhere_people_log_in_over_https_alone(house: House) -> None:
    browser = house.far()
    assert browser.get("/").status_code == 303
    assert browser.log_in("ann", PASSWORD).status_code == 303
    page = browser.get("/")
    assert page.status_code == 200
    assert page.headers["strict-transport-security"] == "max-age=31536000"
    for header, value in (("X-Forwarded-Proto", "http"), ("Forwarded", "for=x;proto=http")):
        clear = house.far(**{header: value}).get("/log-in")
        assert (clear.status_code, clear.text) == (403, "this is answered over https alone\n")


def test_who_only_says_to_be_on_the_machine_is_not(house: House) -> None:
    """The name that a request gives is whatever its sender wrote."""
    stranger = Browser(house.application, LOCAL, comes_from="203.0.113.9")
    assert stranger.get("/metrics").status_code == 401
    assert house.near().get("/metrics").status_code == 200


@pytest.mark.parametrize(
    ("name", "password"), [("ann", "wrong"), ("nobody", PASSWORD), ("", ""), ("ann\t", "x")]
)
def test_who_fails_sees_the_form_again_and_does_not_learn_why(
    house: House, name: str, password: str
) -> None:
    answer = house.near().log_in(name, password)
    assert answer.status_code == 403
    assert "Name and password do not belong together." in answer.text
    assert "set-cookie" not in answer.headers
    assert not password or password not in answer.text


def test_who_keeps_failing_is_told_when_to_try_again(house: House) -> None:
    browser = house.near()
    for _ in range(BY_NAME.free + 1):
        browser.log_in("ann", "wrong")
    answer = browser.log_in("ann", PASSWORD)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "60")
    assert "Too many attempts" in answer.text


def test_a_new_session_begins_at_log_in_and_the_one_before_is_over(house: House) -> None:
    browser = house.inside()
    before = browser.cookies["tieout"]
    browser.log_in("ann", PASSWORD)
    assert browser.cookies["tieout"] != before
    assert Browser(house.application, cookies=_cookie(before)).get("/").status_code == 303


def test_log_out_ends_the_session_and_not_the_cookie_alone(house: House) -> None:
    browser, other = house.inside(), house.inside()
    kept = browser.cookies["tieout"]
    left = browser.submit(browser.get("/"), "/log-out")
    assert left.status_code == 303
    assert "tieout" not in browser.cookies
    assert Browser(house.application, cookies=_cookie(kept)).get("/").status_code == 303
    assert other.get("/").status_code == 200
    other.submit(other.get("/"), "/log-out/everywhere")
    assert other.get("/").status_code == 303


def test_a_session_ends_after_an_hour_of_nothing(house: House) -> None:
    browser = house.inside()
    house.firm.later(minutes=50)
    assert browser.get("/").status_code == 200
    house.firm.later(minutes=50)
    assert browser.get("/").status_code == 200
    house.firm.later(minutes=61)
    assert browser.get("/").status_code == 303


@pytest.mark.parametrize("token", [None, "", "wrong", "\N{SNOWMAN}"])
def test_a_form_that_was_not_shown_to_whoever_sends_it_does_nothing(
    house: House, token: str | None
) -> None:
    browser = house.inside()
    form = {} if token is None else {"form_token": token}
    answer = browser.post("/log-out", {**form, "x": "1"})
    assert answer.status_code == 403
    assert "was not shown to you" in answer.text
    assert browser.get("/").status_code == 200


def test_the_form_of_somebody_else_does_nothing(house: House) -> None:
    ann, bob = house.inside("ann"), house.inside("bob")
    assert bob.submit(ann.get("/"), "/log-out").status_code == 403
    assert bob.get("/").status_code == 200


def test_a_page_of_somebody_elses_neither_logs_in_nor_out(house: House) -> None:
    browser = house.inside()
    form = browser.get("/")
    browser.headers["Sec-Fetch-Site"] = "cross-site"
    assert browser.submit(form, "/log-out").status_code == 403
    assert house.near().post("/log-in", {}, Origin="https://evil.example").status_code == 403


def test_a_link_from_elsewhere_is_asked_for_again_by_a_page_of_ours(house: House) -> None:
    """Browsers send a strict cookie only with what pages of ours ask for."""
    first = house.near().get("/breaks", **{"Sec-Fetch-Site": "cross-site"})
    assert first.status_code == 200
    assert '<meta http-equiv="refresh" content="0">' in first.text
    assert house.near().get("/breaks", **{"Sec-Fetch-Site": "same-origin"}).status_code == 303


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/ /evil",
        "javascript:alert(1)",
        "evil",
        "",
        "/log-in",
        "/log-out/everywhere",
        "/x\r\nSet-Cookie: a=b",
        "http://[::1",
        "/\N{IDEOGRAPHIC SPACE}/evil",
    ],
)
def test_the_way_back_leads_nowhere_but_to_us(house: House, path: str) -> None:
    assert own_path(path) == "/"
    browser = house.near()
    form = {"name": "ann", "password": PASSWORD, "to": path}
    assert browser.post("/log-in", form).headers["location"] == "/"


def test_the_way_back_keeps_what_was_asked(house: House) -> None:
    for path in ("/breaks?kind=missing&page=2", "/transactions/OPP%2F1", "/caf\u00e9"):
        assert own_path(path) == path


@pytest.mark.parametrize(
    ("body", "kind", "code"),
    [
        (b"name=\xff", "application/x-www-form-urlencoded", 400),
        (b"name=%ff", "application/x-www-form-urlencoded", 400),
        (b"name=a%00b", "application/x-www-form-urlencoded", 400),
        (b"&".join([b"a=1"] * 3000), "application/x-www-form-urlencoded", 400),
        (b"a=" + b"x" * (300 << 10), "application/x-www-form-urlencoded", 413),
        (b"{}", "application/json", 415),
        (b"--x--", "multipart/form-data; boundary=x", 415),
    ],
)
def test_what_is_no_form_is_refused_before_anybody_reads_it(
    house: House, body: bytes, kind: str, code: int
) -> None:
    assert house.near().send("/log-in", body, kind).status_code == code


def test_a_token_asks_for_what_it_was_made_for_and_sends_no_form(house: House) -> None:
    _, token = managing.add_token(
        house.database,
        PEOPLE,
        "bob",
        "review",
        {Permission.READ_LOG, Permission.METRICS},
        timedelta(days=30),
        "root",
        house.firm.clock,
    )
    program = house.far(Authorization=f"Bearer {token}")
    assert program.get("/api/v1/audit").status_code == 200
    assert program.get("/metrics").status_code == 200
    refused = program.get("/api/v1/breaks")
    assert refused.status_code == 403
    assert "this token of bob may not do this" in refused.text
    house.firm.later(days=31)
    late = program.get("/api/v1/audit")
    assert (late.status_code, late.headers["www-authenticate"]) == (401, 'Bearer realm="tieout"')


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Basic YTpi", "tieout_x"])
def test_what_is_no_token_is_nobody(house: House, header: str) -> None:
    """Not even with a cookie beside it: a program that sends a wrong token shall notice."""
    browser = house.inside()
    browser.headers["Authorization"] = header
    assert browser.get("/api/v1/breaks").status_code == 401
    assert browser.get("/breaks").status_code == 401


def test_no_secret_stands_in_a_log_a_page_or_a_metric(house: House) -> None:
    with structlog.testing.capture_logs() as logs:
        browser = house.inside("bob")
        house.near().log_in("bob", "canary in the coal mine")
        pages = [browser.get(path).text for path in ("/", "/audit", "/api/v1/audit", "/metrics")]
    token = browser.cookies["tieout"]
    for text in (str(logs), *pages):
        for secret in (token, PASSWORD, "canary in the coal mine", "$argon2id"):
            assert secret not in text


def test_every_form_that_changes_something_is_guarded_by_its_token(house: House) -> None:
    """Whatever route there is: a browser's post without the form's token does nothing."""
    sent = [each for each, need in NEEDS.items() if each.startswith("POST ") and not need.is_open]
    browser = house.inside()
    for each in sent:
        path = each.removeprefix("POST ").replace("{", "").replace("}", "")
        if not NEEDS[each].on_machine:
            assert browser.post(path, {"x": "1"}).status_code == 403, each


def _cookie(token: str) -> httpx.Cookies:
    return httpx.Cookies({"tieout": token})
