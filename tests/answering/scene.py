"""A firm with one incident and a plan that would repair it, and people who may and may not act."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from monitor.answering.answering import answer
from monitor.core.answers import Act, Click, Command, Filled, Form, Press, Said
from monitor.core.incidents import Incident, IncidentState
from monitor.core.people import People, PersonSettings, Role
from monitor.correcting.approving import load_named
from monitor.correcting.keeping import keep_draft
from monitor.store.audit import verify_audit
from monitor.store.database import Database
from monitor.store.incidents import list_incidents
from monitor.store.schema import audit
from tests.correcting.firm import CORRECTIONS, Firm

MEMBERS = {
    "vic": ("U0VIC", (Role.VIEWER,)),
    "olga": ("U0OLGA", (Role.OPERATOR,)),
    "otto": ("U0OTTO", (Role.OPERATOR,)),
    "ann": ("U0ANN", (Role.APPROVER,)),
    "rita": ("U0RITA", (Role.OPERATOR, Role.APPROVER)),
    "audrey": ("U0AUDREY", (Role.AUDITOR,)),
    "adam": ("U0ADAM", (Role.ADMIN,)),
}
PEOPLE = {
    name: PersonSettings(roles=roles, slack=member) for name, (member, roles) in MEMBERS.items()
}
SETTINGS: Mapping[str, Any] = {
    **CORRECTIONS,
    "approvers": {"ann": {}, "rita": {}},
    "limits": {"corrections": 20, "share": 1},
}


@dataclass
class Scene:
    """See the module; rita asked for the plan."""

    database: Database
    firm: Firm = field(init=False)
    plan: str = field(init=False)
    clicks: int = 0

    def __post_init__(self) -> None:
        self.firm = Firm(self.database, corrections=SETTINGS)
        self.firm.agree(3)
        self.firm.staff("OPP-3", "900.00")
        self.firm.settle_down()
        self.firm.estate = replace(self.firm.estate, people=People(PEOPLE))
        self.plan = keep_draft(self.firm.draft(), self.database, self.firm.clock).plan.hash

    @property
    def incident(self) -> Incident:
        with self.database.read() as connection:
            (found,) = list_incidents(connection, list(IncidentState))
        return found

    def press(self, act: Act, holder: str | None = None, hours: int = 4) -> Press:
        """The button as it stands now beside the incident."""
        shown = self.incident.acknowledged_by if holder is None else holder
        return Press(act, self.incident.id, shown, self.plan, hours)

    def click(self, who: str, press: Press, chosen: str = "") -> str:
        """Somebody presses a button; what they are told."""
        self.clicks += 1
        member = MEMBERS[who][0] if who in MEMBERS else who
        whom = MEMBERS[chosen][0] if chosen in MEMBERS else chosen
        return self.said(Click(f"click {self.clicks}", member, press, whom))

    def fill_in(self, who: str, press: Press, reason: str, days: int) -> str:
        """Somebody fills in the form that a button opened; what they are told."""
        self.clicks += 1
        member = MEMBERS[who][0] if who in MEMBERS else who
        return self.said(Filled(f"form {self.clicks}", member, press, reason, days))

    def said(self, said: Said) -> str:
        told = self.say(said)
        assert isinstance(told, str)
        return told

    def command(self, who: str, text: str) -> str:
        """Somebody types a command; what they are told."""
        self.clicks += 1
        member = MEMBERS[who][0] if who in MEMBERS else who
        return self.said(Command(f"command {self.clicks}", member, text))

    def say(self, said: Said) -> str | Form:
        return answer(self.firm.estate, self.database, said, self.firm.clock)

    def later(self, **by: float) -> None:
        self.firm.clock.advance(timedelta(**by))

    def plan_state(self) -> str:
        return load_named(self.firm.estate, self.database, self.plan).state.value

    def deeds(self) -> list[tuple[str, str]]:
        """Who did what, the newest last; the log's chain holds."""
        with self.database.read() as connection:
            assert verify_audit(connection) is None
            rows = connection.execute(audit.select().order_by(audit.c.sequence)).all()
        return [(row.who, row.action) for row in rows]
