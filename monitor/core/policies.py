"""Policies: how far tieout may go in repairing what a rule finds, and what stops it.

Nothing is corrected that no policy names. Everything else here only ever takes away.
"""

from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Self, TypeVar

from pydantic import Field, model_validator

from monitor.core.corrections import Fix, Mode
from monitor.core.flows import ClockTime, StreamName
from monitor.core.model import FieldType, Value, decode_value
from monitor.core.streams import Duration, Name, Settings

_Said = TypeVar("_Said")

Share = Annotated[float, Field(ge=0, le=1)]


def _first(said: _Said | None, otherwise: _Said) -> _Said:
    return otherwise if said is None else said


def read_set_value(kind: FieldType, value: str | int | bool) -> Value:
    """A value that stands in a policy, in the type of its field.

    Raises:
        ValueError: it is no value of this type.
    """
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return decode_value(kind, str(value) if is_number and kind is FieldType.DECIMAL else value)


class LimitSettings(Settings):
    """How much one plan may do at most; a plan beyond any of them is refused as a whole."""

    corrections: int = Field(default=20, ge=0)
    """Corrections in one plan."""
    share: Share = 0.05
    """Share of the flow's transactions that one plan touches."""
    money: Decimal | None = Field(default=None, ge=0)
    """Value at risk in one plan, in the firm's currency; None: no cap."""


PLANS_A_DAY = 5
"""How much all plans may do within a day, in plans that go to their limits, unless it is said."""


class DailySettings(Settings):
    """How much all plans of all flows together may write within any 24 hours.

    What is not said is five times what one plan may do.
    """

    corrections: int | None = Field(default=None, ge=0)
    """Corrections that write."""
    share: Share | None = None
    """Share of a flow's transactions that they touch."""
    money: Decimal | None = Field(default=None, ge=0)
    """Value at risk, in the firm's currency."""

    def over(self, limits: LimitSettings) -> LimitSettings:
        """Everything said, where one plan has these limits."""
        money = limits.money if limits.money is None else limits.money * PLANS_A_DAY
        return LimitSettings(
            corrections=_first(self.corrections, limits.corrections * PLANS_A_DAY),
            share=_first(self.share, min(1.0, limits.share * PLANS_A_DAY)),
            money=_first(self.money, money),
        )


class PolicySettings(Settings):
    """What may be done about the breaks of one rule or hand-off."""

    mode: Mode = Mode.OBSERVE
    """`observe` does nothing, `propose` waits for people, `auto` goes ahead within its limits."""
    fix: Fix | None = None
    """In which way; None: the safest one that fits the break."""
    source: StreamName | None = Field(default=None, alias="from")
    """Stream that values are copied from, for `create`; None: the hand-off's own."""
    fields: dict[str, str] = {}
    """For `create` and `link`: field of the target to field of the source."""
    set: dict[str, str | int | bool] = {}
    """Values written as they stand here: for `close`, those of a closed record; for `create`,
    those that no source has."""
    keys: dict[Name, Name] = {}
    """For `create`: key kind of the new record to the kind of the source's key whose value it gets;
    kinds that both have need not be named."""
    effect: StreamName | None = None
    """For `replay` and `trigger`: where the effect would be seen; what has one is not replayed. A
    hand-off's replay is seen where it leads to; a trigger always needs it named."""
    trigger: Name | None = None
    """For `trigger`: which of the system's triggers starts the flow again."""
    limits: LimitSettings | None = None
    """Narrower ones for `auto`; None: those of the landscape."""


class WindowSettings(Settings):
    """A time of the week, or a stretch of dates."""

    days: tuple[str, ...] = ()
    """`mon` to `sun`; empty: every day."""
    opens: ClockTime = "00:00"
    closes: Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")] = "24:00"
    zone: str = "UTC"
    """IANA time zone of the times and dates."""
    since: date | None = None
    """First day; None: from ever."""
    until: date | None = None
    """Last day; None: for ever."""


class PeriodSettings(Settings):
    """Accounting periods that are closed."""

    field: str
    """Date field that says in which period a record lies."""
    closed_until: date
    """Last day of the last closed period; nothing dated so or earlier is touched."""


class ApproverSettings(Settings):
    """Somebody who may approve."""

    roles: tuple[Name, ...] = ()
    """What they may speak for."""


class QuorumSettings(Settings):
    """How many must approve a plan from some money on."""

    above: Decimal = Field(default=Decimal(0), ge=0)
    """Value at risk in one plan, in the firm's currency, from which it holds."""
    approvals: int = Field(default=1, ge=1)
    """How many different people."""
    role: Name | None = None
    """Role that one of them must have."""


class LoopSettings(Settings):
    """When a fix counts as undone again and again: then the flow is to blame, and we stop."""

    times: int = Field(default=3, ge=2)
    """Corrections of the same break."""
    within: Duration = timedelta(days=7)


class BreakerSettings(Settings):
    """When a target is left alone after failures."""

    failures: int = Field(default=3, ge=1)
    """Failed, unknown or different outcomes in a row."""
    rest: Duration = timedelta(minutes=30)
    """How long nothing is written to it then; the first write afterwards is a trial."""


class CorrectionSettings(Settings):
    """What holds for every correction, whatever its policy says."""

    limits: LimitSettings = LimitSettings()
    daily: DailySettings = DailySettings()
    allow: tuple[WindowSettings, ...] = ()
    """When corrections may be applied; empty: at any time."""
    deny: tuple[WindowSettings, ...] = ()
    """When they may not, whatever `allow` says."""
    periods: dict[StreamName, PeriodSettings] = {}
    """Closed accounting periods, by the stream that is written."""
    shrunken: Share = 0.3
    """A source that lost more than this share of its records since the usual is not believed."""
    clock: Duration = timedelta(minutes=5)
    """How far our clock and a source's may be apart, or ours may fall behind the store's stamps."""
    expires: Duration = timedelta(hours=4)
    """How long a plan can be approved and applied."""
    patience: Duration = timedelta(minutes=15)
    """How long a write of unknown outcome is looked for before it counts as not done."""
    late: Duration = timedelta(hours=4)
    """How long after that it may still arrive: it is looked for, ever more rarely, and nothing else
    is written to its record."""
    loop: LoopSettings = LoopSettings()
    breaker: BreakerSettings = BreakerSettings()
    approvers: dict[Name, ApproverSettings] = {}
    """Who may approve; nobody else can."""
    quorum: tuple[QuorumSettings, ...] = (QuorumSettings(),)
    """How many must; of all rows that a plan's money reaches, each has to be met."""
    tell: tuple[Name, ...] = ()
    """Channels that hear what is handed to a person, and of plans that wait for approval."""

    @model_validator(mode="after")
    def _can_be_met(self) -> Self:
        for row in self.quorum:
            able = [each for each in self.approvers.values() if row.role in (None, *each.roles)]
            if self.approvers and (len(self.approvers) < row.approvals or not able):
                raise ValueError("there are not enough approvers for the quorum")
        return self
