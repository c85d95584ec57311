"""Incidents at a real Alertmanager, by its API v2: told, kept firing, over; never two of one.

Proves what the vendor's own program makes of what we send.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts import CHANNELS
from monitor.core.clock import system_clock
from monitor.core.plugins import ChannelContext
from monitor.core.ports import LivingChannel
from monitor.incidents.viewing import message_of
from monitor.jobs import deliver_notices
from monitor.store.database import open_database
from monitor.store.incidents import standing_numbers
from tests.cycle.small_firm import START, SmallFirm
from tests.databases import SQLite
from tests.e2e.alertmanager import Alertmanager, run_alertmanager
from tests.e2e.processes import POLL_SECONDS, scratch_folder
from tests.incidents.board import look, watched_firm

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def manager() -> Iterator[Alertmanager]:
    with scratch_folder() as folder, run_alertmanager(folder) as running:
        yield running


@dataclass
class Team:
    """A small firm whose incidents go to Alertmanager under the name of a team."""

    name: str
    firm: SmallFirm
    manager: Alertmanager

    def turn(self, **later: float) -> None:
        self.firm.later(**later)
        look(self.firm)
        deliver_notices(self.firm.estate, self.firm.runtime)

    def alerts(self) -> list[Mapping[str, Any]]:
        return self.manager.alerts(self.name)

    def heard(self) -> list[str]:
        return self.manager.heard(self.name)

    def ends(self) -> list[datetime]:
        return [datetime.fromisoformat(each["endsAt"]) for each in self.alerts()]


Found = Callable[[str, str, timedelta], Team]


@pytest.fixture
def team(manager: Alertmanager, sqlite: SQLite, tmp_path: Path) -> Iterator[Found]:
    """Makes a team on the test's one store; closes what it made."""
    url = sqlite.migrated(tmp_path)
    row = CHANNELS["alertmanager"]
    with ExitStack() as opened:

        def found(name: str, repeat: str, behind: timedelta) -> Team:
            """Its time lies behind ours, so that nothing lies ahead of Alertmanager."""
            firm, _ = watched_firm(opened.enter_context(closing(open_database(url))))
            firm.later(seconds=(system_clock() - behind - START).total_seconds())
            raw = {"channel": "alertmanager", "url": manager.address, "repeat": repeat}
            settings = row.settings.model_validate({**raw, "labels": {"team": name}})
            channel = row.build(settings, ChannelContext("people", firm.clock))
            opened.callback(channel.close)
            firm.estate = replace(firm.estate, channels={"people": channel})
            return Team(name, firm, manager)

        yield found


def wait_for(holds: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(POLL_SECONDS)


def test_an_incident_fires_is_kept_firing_and_resolves(team: Found) -> None:
    desk = team("life", "10m", timedelta(minutes=30))
    desk.firm.win("D1")
    desk.firm.staff("D1", amount="900.00")
    desk.turn()
    (alert,) = desk.alerts()
    assert alert["labels"]["alertname"] == "TieoutIncident"
    assert "D1" in alert["annotations"]["summary"]
    (first,) = desk.ends()
    desk.turn(minutes=11)
    (again,) = desk.ends()
    assert again - first == timedelta(minutes=11)
    assert desk.alerts()[0]["fingerprint"] == alert["fingerprint"]
    assert desk.alerts()[0]["startsAt"] == alert["startsAt"]
    desk.firm.staff("D1")
    desk.turn(minutes=1)
    wait_for(lambda: desk.alerts() == [])
    wait_for(lambda: "resolved" in desk.heard())
    assert desk.heard() == ["firing", "resolved"]


def test_what_changes_is_the_same_alert(team: Found) -> None:
    desk = team("change", "10m", timedelta(minutes=20))
    desk.firm.win("D1")
    for amount in ("900.00", "800.00"):
        desk.firm.staff("D1", amount=amount)
        desk.turn(minutes=1)
    (alert,) = desk.alerts()
    assert "800.00" in alert["annotations"]["summary"]
    wait_for(lambda: bool(desk.heard()))
    assert set(desk.heard()) == {"firing"}


def test_after_a_restart_that_forgot_what_was_told_there_is_still_one_alert(team: Found) -> None:
    desk = team("restart", "10m", timedelta(minutes=30))
    desk.firm.win("D1")
    desk.firm.staff("D1", amount="900.00")
    look(desk.firm)
    living = desk.firm.estate.channels["people"]
    assert isinstance(living, LivingChannel)
    with desk.firm.database.read() as connection:
        (number,) = standing_numbers(connection)
        message = message_of(connection, desk.firm.estate, number)
    assert message is not None
    living.tell(message, None)  # it died before it wrote down that it did
    second = team("restart", "10m", timedelta(minutes=20))
    deliver_notices(second.firm.estate, second.firm.runtime)
    assert len(second.alerts()) == 1
    wait_for(lambda: bool(second.heard()))
    assert second.heard() == ["firing"]


def test_what_nobody_keeps_firing_is_taken_for_resolved(team: Found) -> None:
    # Whoever watches tieout itself has to say that it is gone: its alerts end by themselves.
    desk = team("silent", "10s", timedelta(seconds=35))
    desk.firm.win("D1")
    desk.firm.staff("D1", amount="900.00")
    desk.turn()
    wait_for(lambda: desk.heard() == ["firing", "resolved"])
    assert desk.alerts() == []
