"""Pages for auditors: controls, the configuration without its secrets, reports."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from monitor.core.controls import Assertion, ControlSettings
from monitor.core.flows import RuleSettings
from monitor.scheduler import Daemon
from monitor.single_pass import pass_once
from monitor.store.database import Database
from monitor.store.reports import add_report
from monitor.web.pages.configuration import flatten
from tests.cycle.small_firm import SmallFirm
from tests.web.seen import Page
from tests.web.serving import browsing

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def firm(sqlite_database: Database) -> SmallFirm:
    made = SmallFirm(sqlite_database)
    (flow,) = made.estate.flows
    rules = tuple(rule.name for rule in flow.rules)
    control = ControlSettings(
        objective=f"What is won is delivered {HOSTILE}",
        owner="finance",
        frequency=timedelta(hours=1),
        precision="every deal",
        assertions=(Assertion.COMPLETENESS,),
        flow=flow.name,
        rules=rules,
    )
    made.estate = replace(
        made.estate,
        flows=(replace(flow, settings={name: RuleSettings() for name in rules}),),
        controls={"billing": control},
        configuration={"systems": {"crm": {"password": "${env:CRM_PASSWORD}", "note": HOSTILE}}},
    )
    made.win("D1", "500.50")
    made.staff("D1", "500.00")
    pass_once(made.estate, made.runtime)
    return made


@pytest.fixture
def browser(firm: SmallFirm) -> Iterator[httpx.Client]:
    with browsing(Daemon(firm.runtime, lambda: firm.estate)) as client:
        yield client


def test_a_control_says_what_it_assures_when_it_ran_and_what_it_found(
    browser: httpx.Client,
) -> None:
    listed = Page(browser.get("/controls").text)
    assert "/controls/billing" in listed.links
    page = Page(browser.get("/controls/billing").text)
    assert HOSTILE in page.words
    assert "script" not in page.elements
    assert "1 standing" in page.words
    assert browser.get("/controls/nothing").status_code == 404


@pytest.mark.parametrize(
    "asked",
    [
        "from=2026-02-30",
        "from=9999-12-31",
        "to=0001-01-01",
        "from=x",
        "to=2026-03-02&from=2026-03-05",
    ],
)
def test_a_period_that_cannot_be_is_refused(browser: httpx.Client, asked: str) -> None:
    assert browser.get(f"/controls?{asked}").status_code == 422


def test_the_configuration_is_told_with_references_in_the_place_of_secrets(
    browser: httpx.Client,
) -> None:
    page = Page(browser.get("/configuration").text)
    assert "${env:CRM_PASSWORD}" in page.words
    assert "crm.password" in page.words
    assert HOSTILE in page.words
    assert "script" not in page.elements


def test_every_setting_has_a_name_of_its_own() -> None:
    told = list(flatten({"a": {"b": 1, "c": ["x", "y"], "d": []}, "e": [{"f": True}], "g": None}))
    assert told == [("a.b", "1"), ("a.c", "x, y"), ("e[1].f", "yes")]


def test_a_report_is_told_with_what_was_asked_and_who_signed(
    firm: SmallFirm, browser: httpx.Client
) -> None:
    request = {"subject": "flow", "name": HOSTILE, "from": "2026-02-01T00:00:00+00:00",
               "to": "2026-03-01T00:00:00+00:00", "rules": []}  # fmt: skip
    with firm.database.write() as connection:
        number = add_report(
            connection, made_at=firm.clock(), who="ann", request=request, made_with={},
            manifest_hash="a" * 64, pack_hash="b" * 64, key="c", signature=b"d", is_complete=False,
        )  # fmt: skip
    assert f"/reports/{number}" in Page(browser.get("/reports").text).links
    page = Page(browser.get(f"/reports/{number}").text)
    assert "b" * 64 in page.words
    assert HOSTILE in page.words
    assert "Nobody has signed it yet" in page.words
    assert "script" not in page.elements
    assert browser.get("/reports/99").status_code == 404
