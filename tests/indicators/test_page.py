"""The page of indicators, as a browser gets it."""

from monitor.indicators.table import INDICATORS
from monitor.scheduler import Daemon
from monitor.store.database import Database
from tests.firm.watching import watched
from tests.web.serving import browsing


def test_the_page_tells_every_indicator(sqlite_database: Database) -> None:
    with watched(sqlite_database, seed=1, deals=40) as watch:
        watch.look()
        with browsing(Daemon(watch.runtime, lambda: watch.estate)) as browser:
            page = browser.get("/indicators")
            assert page.status_code == 200
            for definition in INDICATORS.values():
                assert definition.title in page.text
            assert 'href="/indicators"' in browser.get("/").text
