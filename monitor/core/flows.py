"""A flow: a business process as hand-offs and rules over the streams of a landscape."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from monitor.core.breaks import Severity
from monitor.core.streams import Duration, Name, Settings

STREAM_NAME = r"^[a-z][a-z0-9_-]*\.[a-z][a-z0-9_-]*$"

StreamName = Annotated[str, Field(pattern=STREAM_NAME)]
"""A stream as people write it: `system.stream`."""

Condition = dict[str, str | bool | tuple[str, ...]]
"""Field to the value or values that it must have (text compared without case); all must hold."""


class RuleSettings(Settings):
    """What every rule declares beside its own parameters."""

    severity: Severity = Severity.WARNING
    owner: str = ""
    """Who holds its breaks; empty: the owner of the system at fault."""
    settle: Duration | None = None
    """How old a suspicion must be before anyone hears of it; None: the landscape's `settle`."""
    objective: str = ""
    """What the control assures, for the auditor."""


class HandOffSettings(RuleSettings):
    """A step that must carry a transaction from one stream to the next within a time."""

    source: StreamName = Field(alias="from")
    to: StreamName
    when: Condition = {}
    """Which upstream records have to be carried on."""
    start: str
    """Instant field of the upstream record from which the time runs."""
    that: Condition = {}
    """The state that a downstream record must be in to count: an accepted quote, no draft."""
    arrival: str = "created_at"
    """Instant field of the downstream record that says when it arrived."""
    within: Duration
    """Time allowed, in working time where a calendar is named, else plain time."""
    missing_after: Duration | None = None
    """Time after which late turns into missing; None: as soon as `within` has passed."""
    calendar: str = ""
    """Name of the calendar whose working time counts; empty: plain time."""
    match: Name | None = None
    """Key kind that pairs single records (each change order with its copy); None: any
    downstream record of the transaction will do."""
    requires: StreamName | None = None
    """Stream that the transaction must have a record in, or nothing is owed: what stems from no
    deal is an orphan, and is reported as one."""
    late_arrivals: Literal["resolve", "report"] = "resolve"
    """Whether a record that arrived too late remains a break or resolves it."""


class ValueSettings(Settings):
    """Where the money of a transaction is stated."""

    stream: StreamName
    amount: str = "amount"
    currency: str = "currency"


class CalendarSettings(Settings):
    """Working time of a team."""

    zone: str = "UTC"
    """IANA time zone."""
    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = (
        "mon",
        "tue",
        "wed",
        "thu",
        "fri",
    )
    opens: str = Field(default="09:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")
    closes: str = Field(default="17:00", pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")
    holidays: tuple[date, ...] = ()
