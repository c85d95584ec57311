"""A firm's own words for incidents: what a landscape says under `incidents.templates`."""

from enum import StrEnum
from typing import NamedTuple

from pydantic import Field

from monitor.core.streams import Settings

MAX_TEMPLATE = 20_000
"""Characters of one template."""


class Slot(StrEnum):
    """What a firm may say in its own words.

    TITLE: the one line by which every channel names an incident.
    TEXT: what mail, tickets, Teams and alerts say below it.
    SLACK: what stands below the heading in Slack, in mrkdwn.
    """

    TITLE = "title"
    TEXT = "text"
    SLACK = "slack"


class TemplateSettings(Settings):
    """Templates of the firm's own; where one is empty, or fails, tieout's words stand."""

    folder: str | None = None
    """Folder that holds them as `title.txt.j2`, `text.txt.j2` and `slack.mrkdwn.j2`, beside the
    landscape; those that are there take the place of what stands here."""
    title: str = Field(default="", max_length=MAX_TEMPLATE)
    """The line by which every channel names an incident."""
    text: str = Field(default="", max_length=MAX_TEMPLATE)
    """What mail, tickets, Teams and alerts say below it."""
    slack: str = Field(default="", max_length=MAX_TEMPLATE)
    """What stands below the heading in Slack, in mrkdwn; values have no effect in it."""

    def of(self, slot: Slot) -> str:
        """The template for it; empty where the firm has none."""
        return str(getattr(self, slot.value))


class Fault(NamedTuple):
    """A template of the firm's that could not be used, and why."""

    slot: Slot
    why: str


class Words(NamedTuple):
    """An incident in the firm's own words; empty where tieout's stand.

    Attributes:
        text: below the title, for channels that show text.
        slack: below the heading, in Slack.
        faults: templates that could not be used.
    """

    text: str = ""
    slack: str = ""
    faults: tuple[Fault, ...] = ()
