"""A day of the operator, the approver and the auditor in Debian's Chromium.

No page has a serious fault by the rules of axe-core, in light or dark.
"""

from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.sync_api import Page

from monitor.core.breaks import HEARD_STATES, BreakKind
from monitor.core.incidents import IncidentState
from monitor.store.breaks import list_breaks
from monitor.store.incidents import list_incidents
from tests.e2e.desk_scene import Desk, open_desk

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

SERIOUS = ("serious", "critical")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with open_desk(tmp_path_factory.mktemp("desk")) as opened:
        yield opened


def addresses(desk: Desk) -> dict[str, str]:
    """Every page by a name, with something on it."""
    with desk.database.read() as connection:
        kinds = [BreakKind.MISMATCH]
        first = list_breaks(connection, states=HEARD_STATES, kinds=kinds, limit=1)[0]
        incident = list_incidents(connection, list(IncidentState), limit=1)[0]
    deal = first.finding.transaction
    return {
        "now": "/",
        "deals": "/transactions",
        "deal": f"/transactions/{deal}",
        "breaks": "/breaks",
        "break": f"/breaks/{first.id}?full=true",
        "incidents": "/incidents",
        "incident": f"/incidents/{incident.id}",
        "plans": "/plans",
        "plan": f"/plans/{desk.plans[0]}",
        "corrections": "/corrections",
        "duplicates": "/duplicates",
        "controls": "/controls",
        "control": f"/controls/{next(iter(desk.estate.controls))}",
        "reports": "/reports",
        "report": "/reports/1",
        "indicators": "/indicators",
    }


LOG = {"audit": "/audit", "chain": "/audit/chain", "configuration": "/configuration"}


def faults(page: Page, desk: Desk) -> list[str]:
    """What axe-core has against the page; it runs in a world of its own, as the policy demands."""
    found = page.evaluate(f"{desk.axe}; axe.run({{resultTypes: ['violations']}})")
    return [
        f"{each['id']}: {each['nodes'][0]['html'][:200]}"
        for each in found["violations"]
        if each["impact"] in SERIOUS
    ]


LOOKS = [("olga", "light", {}), ("olga", "dark", {}), ("ann", "dark", {}), ("audrey", "light", LOG)]


@pytest.mark.parametrize(("who", "scheme", "more"), LOOKS, ids=[f"{a}-{b}" for a, b, _ in LOOKS])
def test_no_page_has_a_serious_fault(
    desk: Desk, who: str, scheme: str, more: dict[str, str]
) -> None:
    with desk.logged_in(who, scheme=scheme) as page:
        told = {}
        for name, address in {**addresses(desk), **more}.items():
            answer = page.goto(address)
            assert answer is not None
            assert answer.status == 200, address
            if found := faults(page, desk):
                told[name] = found
        assert told == {}


def test_a_faulty_page_is_found_out(desk: Desk) -> None:
    with desk.logged_in("olga") as page:
        page.goto("/")
        page.evaluate("document.querySelector('header input').removeAttribute('aria-label')")
        page.evaluate("document.querySelector('header input').removeAttribute('placeholder')")
        assert any(each.startswith("label") for each in faults(page, desk))


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_operators_day(desk: Desk, scripts: bool) -> None:
    number = addresses(desk)["incident"]
    with desk.logged_in("olga", scripts=scripts) as page:
        page.goto(number)
        page.click("text=Look after it")
        assert "You look after it." in page.inner_text("[role=status]")
        assert "olga looks after it until" in page.inner_text("main")
        page.select_option("select[name=to]", "otto")
        page.click("button:text-is('Give')")
        assert "otto looks after it until" in page.inner_text("main")
        page.click("text=Let go")
        page.goto("/breaks")
        before = page.locator("input[name=break]").count()
        page.locator("input[name=break]").first.check()
        page.fill("main form[method=post] input[name=reason]", "known to finance")
        page.click("button:text-is('Ignore')")
        assert "Nobody hears of these breaks" in page.inner_text("[role=status]")
        page.goto("/breaks?state=suppressed")
        page.click("main td a[href^='/breaks/'] >> nth=0")
        assert "olga ignores it" in page.inner_text("main")
        page.fill("input[name=reason]", "finance was wrong")
        page.click("button:text-is('Hear of it again')")
        assert page.locator("input[name=break]").count() == before
        page.goto("/reports/1")
        if page.locator("button:text-is('Sign as preparer')").count():
            page.fill("main input[name=reason]", "figures agree with the ledger")
            page.click("button:text-is('Sign as preparer')")
        assert "olga" in page.inner_text("main")


def test_the_approvers_day(desk: Desk) -> None:
    first, second, *_ = desk.plans
    with desk.logged_in("olga") as operator, desk.logged_in("ann") as page:
        operator.goto(f"/plans/{first}")
        assert operator.locator("text=Approve").count() == 0
        page.goto(f"/plans/{first}")
        page.fill("main input[name=reason]", "checked with finance")
        page.click("button:text-is('Approve')")
        assert "Your yes was noted." in page.inner_text("[role=status]")
        assert "checked with finance" in page.inner_text("main")
        stale = page.context.new_page()
        for each in (stale, page):
            each.goto(f"/plans/{second}")
            each.fill("main input[name=reason]", "not these")
        page.click("button:text-is('Reject')")
        stale.click("button:text-is('Approve')")
        assert "the plan is rejected: ann: not these" in stale.inner_text("main")
        page.goto("/plans")
        page.fill("main form[method=post] input[name=reason]", "odd figures")
        page.click("text=Stop everything")
        assert "All corrections are stopped" in page.inner_text("main")
        page.fill("main form[method=post] input[name=reason]", "explained")
        page.click("button:text-is('Go on')")
        assert "Corrections go on." in page.inner_text("[role=status]")


def test_the_auditors_day(desk: Desk) -> None:
    with desk.logged_in("audrey") as page:
        page.goto("/audit/chain")
        assert "entries hold" in page.inner_text("main")
        page.goto("/audit?action=make+report")
        page.goto("/reports/1")
        assert page.locator("button:text-is('Download the pack')").count() == 1
        assert page.locator("button:text-is('Sign as preparer')").count() == 0
        for address in addresses(desk).values():
            page.goto(address)
            if not address.startswith("/reports"):
                assert page.locator("main form[method=post]").count() == 0
        page.fill("[role=search] input", addresses(desk)["deal"].rpartition("/")[2])
        page.click("[role=search] button")
        page.click("main td a >> nth=0")
        assert page.locator("svg").count() == 1


def test_the_keyboard_comes_to_the_content_first(desk: Desk) -> None:
    with desk.logged_in("audrey") as page:
        page.goto("/")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "To the content"
        page.keyboard.press("Enter")
        assert page.url.endswith("#main")


def test_nobody_reads_without_a_log_in(desk: Desk) -> None:
    with closing(desk.browser.new_context(base_url=desk.address)) as context:
        page = context.new_page()
        page.goto("/plans")
        assert page.url.startswith(f"{desk.address}/log-in?to=")
