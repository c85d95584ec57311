"""How incidents are told: what a landscape says under `incidents`."""

from datetime import timedelta

from pydantic import AnyHttpUrl, Field, Secret

from monitor.core.streams import Duration, Settings


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


class IncidentSettings(Settings):
    """When breaks are one incident, and how it is told."""

    crowd: int = Field(default=5, ge=2)
    """From how many breaks of one rule at one system, opening together, it is about the rule."""
    reopens_within: Duration = timedelta(minutes=30)
    """An incident that was resolved no longer ago goes on where its cause comes back."""
    acknowledged_for: Duration = timedelta(hours=4)
    """How long an acknowledgement holds; then the incident is open again."""
    silent_after: Duration = timedelta(minutes=15)
    """How long a channel may fail before the others hear of it."""
    storm: StormSettings = StormSettings()
