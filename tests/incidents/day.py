"""A day of incidents at a small firm, played in its own time before two conversations in Slack.

To write what people saw anew: `python -m tests.incidents.day`.
"""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from alerts import CHANNELS
from monitor.core.plugins import ChannelContext
from monitor.core.routes import RouteSettings
from monitor.core.silences import Matcher
from monitor.core.telling import IncidentSettings
from monitor.incidents.handling import acknowledge
from monitor.incidents.silencing import add_silence
from monitor.jobs import deliver_notices
from monitor.store.database import Database, open_database
from monitor.store.incidents import list_incidents
from tests.alerts.fake_slack import FakeSlack
from tests.alerts.harness import slack_settings
from tests.alerts.reading import show_conversation
from tests.alerts.receiver import Receiver, running
from tests.correcting.firm import START, Firm
from tests.databases import SQLite

GOLDEN = Path(__file__).parent / "golden"
CHANNEL_NAMES = ("team", "lead")

SETTINGS = IncidentSettings.model_validate(
    {
        "crowd": 20,
        "storm": {"messages": 5, "within": "10m"},
        "urgency": [{"severity": "critical", "after": "2h"}],
        "escalations": {
            "on-call": {"steps": [{"after": "1h", "channels": ["lead"], "people": ["lena"]}]}
        },
    }
)
ROUTES = (
    RouteSettings(channels=("team",)),
    RouteSettings.model_validate(
        {"channels": ["team"], "severities": ["critical"], "escalation": "on-call"}
    ),
)


@dataclass
class Day:
    """The firm, its clock, and the two conversations."""

    firm: Firm
    slacks: Mapping[str, FakeSlack]

    def at(self, clock: str) -> None:
        """Until this time of the day, tieout looks and tells every ten minutes."""
        hours, minutes = map(int, clock.split(":"))
        end = START.replace(hour=hours, minute=minutes)
        while self.firm.clock() < end:
            self.firm.clock.advance(min(timedelta(minutes=10), end - self.firm.clock()))
            self._turn()

    def acknowledge(self, who: str, lasts: timedelta) -> None:
        """Somebody looks after the newest incident that stands."""
        with self.firm.database.read() as connection:
            newest = list_incidents(connection)[0]
        acknowledge(self.firm.database, newest.id, who, lasts, self.firm.clock)

    def silence(self, who: str, matcher: str, reason: str, lasts: timedelta) -> None:
        add_silence(
            self.firm.estate,
            self.firm.database,
            [Matcher.parse(matcher)],
            who,
            reason,
            self.firm.clock() + lasts,
            self.firm.clock,
        )

    def _turn(self) -> None:
        self.firm.look()
        for _ in range(2):
            deliver_notices(self.firm.estate, self.firm.runtime)


def play(day: Day) -> None:
    """What happens, from eight in the morning until the evening."""
    firm = day.firm
    firm.agree(12)
    day.at("08:50")

    # A queue stops: its deals are one incident, which grows, is looked after, and ends.
    for number in range(21, 26):
        firm.win(f"OPP-{number}", "5000.00")
        firm.fail_delivery(f"OPP-{number}")
    day.at("09:10")
    day.acknowledge("anna", timedelta(hours=2))
    for number in range(26, 28):
        firm.win(f"OPP-{number}", "5000.00")
        firm.fail_delivery(f"OPP-{number}")
    day.at("09:30")
    for number in range(21, 28):
        del firm.mq.rows[f"m-OPP-{number}"]
        firm.staff(f"OPP-{number}", "5000.00")
    day.at("09:40")

    # A source cannot be seen, and can again.
    firm.psa.down = True
    day.at("10:20")
    firm.psa.down = False
    day.at("10:30")

    # Money drifts; nobody comes, it grows urgent, somebody comes and goes, the lead is told.
    firm.staff("OPP-3", "940.00")
    day.at("12:40")
    day.acknowledge("ben", timedelta(minutes=30))
    day.at("14:20")
    firm.staff("OPP-3")
    day.at("14:30")

    # Planned work: two come and go in silence, a third still stands afterwards.
    day.silence("carla", "owner=delivery", "import of old projects", timedelta(minutes=50))
    for number in (4, 5, 6):
        firm.staff(f"OPP-{number}", "10.00")
    day.at("14:50")
    for number in (4, 5):
        firm.staff(f"OPP-{number}")
    day.at("15:30")
    firm.staff("OPP-6")
    day.at("15:40")

    # Slack is down for an hour: one comes and goes meanwhile, two stand when it is back.
    for slack in day.slacks.values():
        slack.down = True
    firm.staff("OPP-7", "1.00")
    day.at("16:00")
    firm.staff("OPP-7")
    firm.staff("OPP-8", "2.00")
    firm.staff("OPP-9", "3.00")
    day.at("16:40")
    for slack in day.slacks.values():
        slack.down = False
    day.at("17:00")
    firm.staff("OPP-8")
    firm.staff("OPP-9")
    day.at("17:20")

    # A storm: five are told, a digest stands for the others until they are over.
    for number in range(1, 13):
        firm.staff(f"OPP-{number}", f"{number}.00")
    day.at("17:30")
    for number in range(1, 13):
        firm.staff(f"OPP-{number}")
    day.at("17:50")


@contextmanager
def played(database: Database) -> Iterator[Mapping[str, str]]:
    """What people saw in each conversation when the day was over."""
    firm = Firm(database, policies={"budget": {"mode": "observe"}})
    slacks = {name: FakeSlack(clock=firm.clock) for name in CHANNEL_NAMES}
    row = CHANNELS["slack"]
    with (
        running(Receiver(slacks["team"].answer)) as team,
        running(Receiver(slacks["lead"].answer)) as lead,
    ):
        places = {"team": team, "lead": lead}
        context = ChannelContext("", firm.clock, lambda seconds: firm.later(seconds=seconds))
        channels = {
            name: row.build(
                row.settings.model_validate(slack_settings(place.address)),
                replace(context, name=name),
            )
            for name, place in places.items()
        }
        firm.estate = replace(
            firm.estate,
            channels=channels,
            routes=ROUTES,
            incidents=SETTINGS,
            titles={"crm": "CRM", "psa": "PSA", "mq": "Middleware"},
            address="https://tieout.example",
        )
        play(Day(firm, slacks))
        yield {name: show_conversation(place.address) for name, place in places.items()}
        for channel in channels.values():
            channel.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "store").mkdir()
        store = open_database(SQLite(folder).migrated(folder / "store"))
        with closing(store), played(store) as seen:
            GOLDEN.mkdir(exist_ok=True)
            for channel, text in seen.items():
                (GOLDEN / f"day_{channel}.txt").write_text(text, "utf-8")
