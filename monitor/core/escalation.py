"""Escalation: who else is told of an incident that nobody looks after, and when."""

from datetime import datetime
from typing import NamedTuple

from pydantic import Field

from monitor.core.duty import Duty
from monitor.core.flows import PLAIN
from monitor.core.streams import Duration, Name, Settings


class StepSettings(Settings):
    """Further channels, told when nobody has acknowledged an incident for some time."""

    after: Duration
    """How long nobody has looked after it since the step before, or since it was opened."""
    calendar: str = PLAIN
    """Calendar whose working time counts; empty: the owner's; `plain`: time that never stops."""
    channels: tuple[Name, ...] = Field(min_length=1)
    """Who is told; they hear from then on how the incident goes on."""
    people: tuple[Name, ...] = ()
    """People that the message names."""


class ChainSettings(Settings):
    """The steps by which an incident finds somebody; an acknowledgement stops them."""

    steps: tuple[StepSettings, ...] = Field(min_length=1)


class Place(NamedTuple):
    """How far a chain has come with an incident.

    Attributes:
        taken: steps that were taken.
        since: when the wait for the next one began; None while somebody looks after the incident.
    """

    taken: int
    since: datetime | None


def due_at(chain: ChainSettings, place: Place, duty: Duty, owner: str) -> datetime | None:
    """When the next step is due; None where it waits for nothing, or there is none."""
    if place.since is None or place.taken >= len(chain.steps):
        return None
    step = chain.steps[place.taken]
    return duty.add(place.since, step.after, step.calendar, owner)
