"""The simulated firm at its desk: people who log in to the page and work there in a browser.

The firm is a stand-in of our own, so nothing here proves a vendor's system.
"""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright
from ruamel.yaml import YAML

from monitor.accounts import managing
from monitor.app import build_estate, read_landscape
from monitor.calls import CallLedger
from monitor.core.metrics import Metrics
from monitor.correcting.keeping import keep_draft
from monitor.correcting.planning import Request, draft_plan
from monitor.estate import Estate
from monitor.jobs import Runtime
from monitor.scheduler import Daemon
from monitor.simulation import SimulatedFirm, VirtualClock
from monitor.single_pass import pass_once
from monitor.store.database import Database
from monitor.store.reports import add_report
from tests.alerts.receiver import Receiver, Reply, running
from tests.e2e.processes import find_program
from tests.firm.watching import LANDSCAPE, NEW_YEAR, fresh_store, variables
from tests.web.serving import browsing

AXE = Path(__file__).parent / "axe"
PASSWORD = "wind over the harbour"
PEOPLE = {
    "olga": ["operator"],
    "otto": ["operator"],
    "ann": ["approver"],
    "audrey": ["auditor"],
    "adam": ["admin"],
}
FLOW = "sales-to-cash"
WIDTH, HEIGHT = 1280, 800


@dataclass(frozen=True, slots=True)
class Desk:
    """The page, and a browser of whoever sits at it.

    Attributes:
        address: of the page.
        database: what it shows.
        estate: the landscape.
        browser: Debian's Chromium.
        axe: the rules of accessibility, as a script.
        plans: hashes of plans that wait for a yes.
    """

    address: str
    database: Database
    estate: Estate
    browser: Browser
    axe: str
    plans: tuple[str, ...]

    @contextmanager
    def logged_in(
        self, name: str, *, scheme: str = "light", scripts: bool = True
    ) -> Iterator[Page]:
        """A browser of somebody who has logged in."""
        context = self.browser.new_context(
            base_url=self.address,
            viewport={"width": WIDTH, "height": HEIGHT},
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=scripts,
        )
        context.set_default_timeout(10_000)
        page = context.new_page()
        page.goto("/log-in")
        page.fill("input[name=name]", name)
        page.fill("input[name=password]", PASSWORD)
        page.click("main button")
        try:
            yield page
        finally:
            context.close()


@contextmanager
def open_desk(folder: Path) -> Iterator[Desk]:
    """The firm in trouble, looked at, with incidents, plans and a report."""
    clock = VirtualClock(NEW_YEAR)
    with ExitStack() as stack:
        firm = stack.enter_context(SimulatedFirm(5, 60, clock))
        receiver = stack.enter_context(running(Receiver(lambda _: Reply())))
        database = stack.enter_context(fresh_store(folder))
        landscape = _landscape(folder)
        settings = read_landscape(landscape, variables(firm, receiver, "sqlite:///unused.db"))
        estate = build_estate(settings, clock, calls_today={}, sleep=lambda _: None)
        stack.callback(estate.close)
        runtime = Runtime(database, Metrics("test"), clock, CallLedger())
        pass_once(estate, runtime)
        clock.advance(timedelta(minutes=5))
        pass_once(estate, runtime)
        plans = _propose(estate, runtime)
        for name in PEOPLE:
            managing.change_password(database, estate.people, name, PASSWORD, "adam", clock)
        _report(runtime)
        client = stack.enter_context(browsing(Daemon(runtime, lambda: estate)))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(
            executable_path=str(find_program("chromium")),
            # Its sandbox refuses root, and containers with no user namespaces.
            args=["--no-sandbox", "--disable-dev-shm-usage"],
        )
        stack.callback(browser.close)
        yield Desk(str(client.base_url), database, estate, browser, _axe(folder), plans)


def _landscape(folder: Path) -> Path:
    """The simulated firm's landscape with people, and with breaks that people are asked to mend."""
    yaml = YAML()
    landscape = yaml.load(LANDSCAPE)
    landscape["people"] = {name: {"roles": roles} for name, roles in PEOPLE.items()}
    flow = landscape["flows"][FLOW]
    flow["corrections"] = {
        rule: {"mode": "propose", "fix": "hand_over"}
        for rule in ("project-booked", "booked-amount", "planned-amount")
    }
    landscape["corrections"] = {
        "approvers": {"ann": {}},
        "limits": {"corrections": 100, "share": 1},
    }
    landscape["controls"] = {
        "billable": {
            "title": "What is delivered is billed",
            "objective": "Every project that is delivered can be billed.",
            "owner": "finance",
            "frequency": "1h",
            "precision": "every project, whatever its amount",
            "assertions": ["completeness", "cut_off"],
            "flow": FLOW,
            "rules": ["project-booked", "booked-amount"],
        }
    }
    path = folder / "landscape.yaml"
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(landscape, file)
    return path


def _propose(estate: Estate, runtime: Runtime) -> tuple[str, ...]:
    made = []
    for rule in ("booked-amount", "planned-amount", "project-booked"):
        request = Request(FLOW, requester="olga", rules=frozenset({rule}))
        draft = draft_plan(estate, request, runtime.database, runtime.clock)
        kept = keep_draft(draft, runtime.database, runtime.clock)
        if kept.state is not None and kept.state.value == "proposed":
            made.append(kept.plan.hash)
    return tuple(made)


def _report(runtime: Runtime) -> None:
    """A report as the command makes one; what is in it is proven elsewhere."""
    now = runtime.clock()
    request = {
        "subject": "flow", "name": FLOW, "flow": FLOW, "rules": [],
        "from": (now - timedelta(days=31)).isoformat(), "to": now.isoformat(),
        "known": now.isoformat(), "audit_end": 1, "sight": {},
    }  # fmt: skip
    with runtime.database.write() as connection:
        add_report(
            connection, made_at=now, who="olga", request=request, made_with={"tool": "0"},
            manifest_hash="a" * 64, pack_hash="b" * 64, key="c" * 16, signature=b"d",
            is_complete=True,
        )  # fmt: skip


def _axe(folder: Path) -> str:
    """The rules as the lock's hashes demand."""
    place = folder / "axe"
    shutil.copytree(AXE, place)
    install = [str(find_program("npm")), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(install, cwd=place, check=True, capture_output=True, timeout=120)
    return (place / "node_modules" / "axe-core" / "axe.min.js").read_text("utf-8")
