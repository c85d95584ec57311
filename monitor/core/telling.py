"""How incidents are told: what a landscape says under `incidents`."""

from datetime import timedelta
from decimal import Decimal
from typing import Self

from pydantic import AnyHttpUrl, Field, Secret, model_validator

from monitor.core.breaks import Severity
from monitor.core.escalation import ChainSettings
from monitor.core.links import LinkSettings
from monitor.core.rates import CurrencyCode
from monitor.core.streams import Duration, Name, Settings
from monitor.core.wording import TemplateSettings


class StormSettings(Settings):
    """How much a channel is told one by one; a digest stands for the rest until it is over."""

    messages: int = Field(default=10, ge=1)
    """New incidents that one channel is told of one by one within the time; critical ones first."""
    within: Duration = timedelta(minutes=10)


class HeartbeatSettings(Settings):
    """A dead-man's switch outside, which raises the alarm when it hears nothing more."""

    url: Secret[AnyHttpUrl]
    """Where a sign of life is posted, as a reference: whoever knows it can still the switch."""
    every: Duration = Field(default=timedelta(minutes=1), ge=timedelta(seconds=1))


class UrgencySettings(Settings):
    """When an incident is more urgent than its breaks are by themselves; all that is said holds."""

    severity: Severity
    """What it is raised to; nothing is ever lowered."""
    at_risk: dict[CurrencyCode, Decimal] = {}
    """By currency, the money at risk from which on; all of it is converted by the landscape's
    rates, and one currency that is reached is enough."""
    after: Duration | None = None
    """How long it has stood."""
    calendar: str = ""
    """Calendar whose working time that is; empty: the owner's; `plain`: time that never stops."""
    owners: tuple[Name, ...] = ()
    """Only what one of these holds; empty: everything."""

    @model_validator(mode="after")
    def _says_when(self) -> Self:
        if not self.at_risk and self.after is None:
            raise ValueError("say from how much money at_risk, or after how long")
        if self.severity is Severity.INFO:
            raise ValueError("nothing can be raised to info")
        return self


class QuietSettings(Settings):
    """When a channel is left alone with what can wait until working time."""

    calendar: Name
    """Outside of this working time it is quiet."""
    below: Severity = Severity.CRITICAL
    """What is less urgent than this waits."""
    channels: tuple[Name, ...] = ()
    """Which channels; empty: all."""


class IncidentSettings(Settings):
    """When breaks are one incident, and how it is told."""

    crowd: int = Field(default=5, ge=2)
    """From how many breaks of one rule at one system, opening together, it is about the rule."""
    crowd_within: Duration = timedelta(minutes=10)
    """What opened no longer ago, stands and is looked after by nobody counts as opening together;
    it goes on in the incident of the rule, and its own message says so."""
    reopens_within: Duration = timedelta(minutes=30)
    """An incident that was resolved no longer ago goes on where its cause comes back."""
    acknowledged_for: Duration = timedelta(hours=4)
    """How long an acknowledgement holds; then the incident is open again."""
    silent_after: Duration = timedelta(minutes=15)
    """How long a channel may fail before the others hear of it."""
    storm: StormSettings = StormSettings()
    links: LinkSettings = LinkSettings()
    """Where people look further."""
    templates: TemplateSettings = TemplateSettings()
    """The firm's own words for what people are told."""
    urgency: tuple[UrgencySettings, ...] = ()
    """What raises an incident's severity: the money at risk, and how long it has stood."""
    escalations: dict[Name, ChainSettings] = {}
    """Chains that routes name: who else is told where nobody acknowledges."""
    quiet: tuple[QuietSettings, ...] = ()
    """Hours in which what can wait is not sent; what came up meanwhile is told after them, as a
    storm is: a few one by one, and a digest for the rest."""
