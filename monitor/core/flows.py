"""A flow: a business process as hand-offs and rules over the streams of a landscape."""

from datetime import date
from typing import Annotated, ClassVar, Final, Literal

from pydantic import Field

from monitor.core.breaks import BreakKind, Severity
from monitor.core.streams import Duration, Name, Settings

STREAM_NAME = r"^[a-z][a-z0-9_-]*\.[a-z][a-z0-9_-]*$"

StreamName = Annotated[str, Field(pattern=STREAM_NAME)]
"""A stream as people write it: `system.stream`."""

Condition = dict[str, str | bool | tuple[str, ...]]
"""Field to the value or values that it must have (text compared without case); all must hold."""


class RuleSettings(Settings):
    """What every rule declares beside its own parameters."""

    finds: ClassVar[frozenset[BreakKind]] = frozenset({BreakKind.CUSTOM})
    """Kinds of its breaks: what may be counted is shown as 0 before it is first found."""
    severity: Severity = Severity.WARNING
    owner: str = ""
    """Who holds its breaks; empty: the owner of the system at fault."""
    settle: Duration | None = None
    """How old a suspicion must be before anyone hears of it; None: the landscape's `settle`."""
    objective: str = ""
    """What the control assures, for the auditor."""


class HandOffSettings(RuleSettings):
    """A step that must carry a transaction from one stream to the next within a time."""

    finds = frozenset({BreakKind.MISSING, BreakKind.LATE})
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
    """Time allowed, in working time where a calendar counts, else plain time."""
    missing_after: Duration | None = None
    """Time after which late turns into missing; None: as soon as `within` has passed."""
    calendar: str = ""
    """Name of the calendar whose working time counts; empty: that of the owner, where it has one;
    `plain`: time that never stops."""
    match: Name | None = None
    """Key kind that pairs single records (each change order with its copy); None: any
    downstream record of the transaction will do."""
    requires: StreamName | None = None
    """Stream that the transaction must have a record in, or nothing is owed: what stems from no
    deal is an orphan, and is reported as one."""
    late_arrivals: Literal["resolve", "report"] = "resolve"
    """Whether a record that arrived too late remains a break or resolves it."""


ClockTime = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
"""A time of day by the wall clock: `09:00`."""

ShortDay = Annotated[str, Field(pattern=r"^(\d{4}-)?\d{2}-\d{2}$")]
"""A date, or a day of each year: `2026-12-24`, `12-24`."""

PLAIN: Final = "plain"
"""In place of a calendar's name: time that never stops."""


class ValueSettings(Settings):
    """Where the money of a transaction is stated."""

    stream: StreamName
    amount: str = "amount"
    currency: str = "currency"


class MonthEndSettings(Settings):
    """Working days around the end of a month in which no time runs, while the books are closed."""

    last: int = Field(default=0, ge=0, le=10)
    """How many, counted back from the last working day of the month that ends."""
    first: int = Field(default=0, ge=0, le=10)
    """How many, counted from the first working day of the month that begins."""
    months: tuple[Annotated[int, Field(ge=1, le=12)], ...] = ()
    """Months at whose end it is so, January being 1; empty: each of them."""


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
    """Days of the week on which it works."""
    opens: ClockTime = "09:00"
    closes: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")] = "17:00"
    country: str = ""
    """ISO 3166-1 code of the country whose public holidays are free, such as `DE`."""
    region: str = ""
    """ISO 3166-2 code, without the country, of the part of it whose holidays are free too: `BY`."""
    holidays: tuple[date, ...] = ()
    """Free days of its own."""
    worked: tuple[date, ...] = ()
    """Dates on which it works although they are free."""
    short_days: dict[ShortDay, ClockTime] = {}
    """When it closes on some days: `12-24` in each year, or `2026-12-24`."""
    month_end: MonthEndSettings | None = None
    """Working days around the end of a month in which no time runs."""
