"""The pages, over a firm of two systems."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import unquote

import httpx
import pytest

from monitor.core.errors import Reason, Transient
from monitor.estate import Estate
from monitor.scheduler import Daemon
from monitor.single_pass import pass_once
from monitor.store.database import Database
from monitor.web.readiness import Readiness
from tests.cycle.small_firm import SmallFirm
from tests.web.seen import Page
from tests.web.serving import browsing

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}",
    "javascript:alert(1)",
    "a/../b?c=d#e",
    "<!--",
)


@pytest.fixture
def firm(sqlite_database: Database) -> SmallFirm:
    return SmallFirm(sqlite_database)


@pytest.fixture
def browser(firm: SmallFirm) -> Iterator[httpx.Client]:
    with browsing(daemon_over(firm, firm.estate)) as client:
        yield client


def daemon_over(firm: SmallFirm, estate: Estate) -> Daemon:
    return Daemon(firm.runtime, lambda: estate)


def break_and_look(firm: SmallFirm, *deals: str) -> None:
    """Deals whose projects have another amount."""
    for deal in deals:
        firm.win(deal, "1234567.50")
        firm.staff(deal, "1234567.00")
    pass_once(firm.estate, firm.runtime)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_text_on_every_page(
    firm: SmallFirm, browser: httpx.Client, name: str
) -> None:
    break_and_look(firm, name)
    firm.psa.put(f"p-{name}", name, status=name, number=name)
    pass_once(firm.estate, firm.runtime)
    pages = [
        browser.get("/"),
        browser.get("/transactions"),
        browser.get("/transactions", params={"q": name}),
    ]
    link = next(link for link in Page(pages[0].text).links if name[:2] in unquote(link))
    pages.append(browser.get(link))
    for answer in pages:
        page = Page(answer.text)
        assert answer.status_code == 200
        assert name in page.words
        assert page.elements.isdisjoint({"script", "img", "iframe", "object", "style"})
        assert not any(attribute.startswith("on") for attribute in page.attributes)
        assert all(link.startswith("/") or link == "#main" for link in page.links)


def test_every_answer_forbids_foreign_content(browser: httpx.Client) -> None:
    for path in ("/", "/transactions", "/transactions/none", "/-/ready", "/metrics", "/no-page"):
        headers = browser.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"


def test_an_unknown_deal_is_not_found_and_its_name_is_only_text(browser: httpx.Client) -> None:
    answer = browser.get("/transactions/%3Cscript%3E")
    assert answer.status_code == 404
    assert "script" not in Page(answer.text).elements
    assert "No deal is called" in Page(answer.text).words


@pytest.mark.parametrize("key", ["D1", "d1", "o-D1", "p-D1"])
def test_a_deal_is_found_by_any_key(firm: SmallFirm, browser: httpx.Client, key: str) -> None:
    break_and_look(firm, "D1", "X2")
    found = Page(browser.get("/transactions", params={"q": key}).text)
    assert "/transactions/D1" in found.links
    assert "/transactions/X2" not in found.links
    assert "Records and messages" in Page(browser.get(f"/transactions/{key}").text).words


def test_values_read_as_people_write_them(firm: SmallFirm, browser: httpx.Client) -> None:
    break_and_look(firm, "D1")
    for path in ("/", "/transactions/D1"):
        words = Page(browser.get(path).text).words
        assert "1,234,567.50" in words
        assert "2026-03-02 08:00" in words
        assert "T08:00" not in words
        assert "+00:00" not in words


def test_the_list_is_filtered_by_the_status_that_is_shown(
    firm: SmallFirm, browser: httpx.Client
) -> None:
    firm.win("D1")
    firm.staff("D1")
    break_and_look(firm, "D2")

    def listed(status: str) -> list[str]:
        page = Page(browser.get("/transactions", params={"q": "", "status": status}).text)
        return [link for link in page.links if link.startswith("/transactions/")]

    assert listed("matched") == ["/transactions/D1"]
    assert listed("broken") == ["/transactions/D2"]
    assert listed("") == ["/transactions/D1", "/transactions/D2"]
    firm.psa.down = True
    pass_once(firm.estate, firm.runtime)
    assert listed("matched") == []
    assert listed("unknown") == ["/transactions/D1"]
    assert listed("broken") == ["/transactions/D2"]
    assert browser.get("/transactions", params={"status": "fine"}).status_code == 422


def test_blindness_comes_before_any_all_clear(firm: SmallFirm, browser: httpx.Client) -> None:
    assert "No breaks" not in Page(browser.get("/").text).words
    pass_once(firm.estate, firm.runtime)
    assert "No breaks" in Page(browser.get("/").text).words
    firm.psa.down = True
    pass_once(firm.estate, firm.runtime)
    words = Page(browser.get("/").text).words
    assert "psa.project: last look failed" in words
    assert "No breaks" not in words
    assert "not everything could be looked at" in words


def test_only_the_documented_routes_and_methods_answer(browser: httpx.Client) -> None:
    gets = ("/", "/transactions", "/transactions/D1", "/metrics", "/-/healthy", "/-/ready")
    for path in (*gets, "/style.css"):
        for method in ("POST", "PUT", "DELETE", "PATCH"):
            assert browser.request(method, path).status_code == 405
    for method in ("GET", "PUT", "DELETE"):
        assert browser.request(method, "/-/reload").status_code == 405
    for path in ("/docs", "/redoc", "/openapi.json", "/static/style.css", "/-/quit", "/../etc"):
        assert browser.get(path).status_code == 404


def test_a_store_that_fails_is_no_empty_page(
    firm: SmallFirm, browser: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> None:
        raise Transient("the store is busy, full or away", reason=Reason.STORE)

    monkeypatch.setattr(firm.database, "read", fail)
    for path in ("/", "/transactions", "/transactions/D1"):
        answer = browser.get(path)
        assert answer.status_code == 503
        assert answer.text == "not available: the store is busy, full or away\n"


def test_a_store_that_does_not_answer_is_not_ready_and_asked_only_once() -> None:
    asked, answered = [], threading.Event()

    def check() -> None:
        asked.append(1)
        answered.wait(5)

    readiness = Readiness(check, patience=0.01)
    assert readiness.failure() is Reason.STORE
    assert readiness.failure() is Reason.STORE
    assert len(asked) == 1
    answered.set()
    patient = Readiness(lambda: None, patience=timedelta(seconds=5).total_seconds())
    assert patient.failure() is None
