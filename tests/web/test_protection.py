"""Whom the application answers: by name, by way, and by whose page asks."""

from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from monitor.store.database import open_database
from monitor.web.protection import OPEN_TO_ALL
from tests.cycle.small_firm import SmallFirm
from tests.databases import SQLite
from tests.web.serving import browsing
from tests.web.test_pages import daemon_over

PUBLIC = "tieout.firm.example"
PRIVATE = ("/", "/transactions", "/audit", "/metrics", "/-/ready", "/api/v1/breaks", "/style.css")
PROXIED = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP")


@pytest.fixture(scope="module")
def browser(sqlite: SQLite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of a firm whose people come by a public name."""
    database = open_database(sqlite.migrated(tmp_path_factory.mktemp("store")))
    firm = SmallFirm(database)
    with browsing(
        daemon_over(firm, replace(firm.estate, address=f"https://{PUBLIC}/watch"))
    ) as client:
        yield client
    database.close()


@pytest.mark.parametrize("path", PRIVATE)
def test_on_the_machine_itself_all_is_read(browser: httpx.Client, path: str) -> None:
    assert browser.get(path).status_code == 200
    assert browser.get(path, headers={"Host": "localhost:9464"}).status_code == 200
    assert browser.get(path, headers={"Host": "[::1]:9464"}).status_code == 200


@pytest.mark.parametrize("path", [*PRIVATE, *OPEN_TO_ALL])
def test_a_name_of_somebody_else_that_points_here_is_refused(
    browser: httpx.Client, path: str
) -> None:
    assert browser.get(path, headers={"Host": "evil.example"}).status_code == 400


@pytest.mark.parametrize("path", [*PRIVATE, "/no-page", "//slack", "/slack/", "/SLACK"])
def test_under_the_public_name_nothing_is_read_without_log_in(
    browser: httpx.Client, path: str
) -> None:
    answer = browser.get(path, headers={"Host": PUBLIC})
    assert answer.status_code == 403
    assert answer.text == "this is answered on the machine itself alone\n"


@pytest.mark.parametrize("header", PROXIED)
def test_a_proxy_that_calls_us_by_a_loopback_name_opens_nothing(
    browser: httpx.Client, header: str
) -> None:
    assert browser.get("/", headers={header: "203.0.113.9"}).status_code == 403
    assert browser.post("/-/reload", headers={header: "203.0.113.9"}).status_code == 403


def test_under_the_public_name_only_the_signed_door_and_health_answer(
    browser: httpx.Client,
) -> None:
    assert browser.get("/-/healthy", headers={"Host": PUBLIC}).status_code == 200
    unsigned = browser.post("/slack", headers={"Host": PUBLIC, "X-Forwarded-For": "203.0.113.9"})
    assert unsigned.status_code == 401
    assert browser.post("/-/reload", headers={"Host": PUBLIC}).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_page_of_somebody_elses_changes_nothing(
    browser: httpx.Client, headers: dict[str, str]
) -> None:
    """Another port of this machine is somebody else's too."""
    answer = browser.post("/-/reload", headers=headers)
    assert answer.status_code == 403
    assert browser.get("/", headers=headers).status_code == 200


@pytest.mark.parametrize("site", ["same-origin", "none", None])
def test_our_own_pages_and_programs_reload(browser: httpx.Client, site: str | None) -> None:
    own = str(browser.base_url).rstrip("/")
    headers = {"Origin": own, "Sec-Fetch-Site": site} if site else {}
    assert browser.post("/-/reload", headers=headers).status_code == 200
