"""What a report is asked for, as it is kept: all that its bytes follow from, beside the store."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from monitor.as_of import PastBlindness, PastSight
from monitor.core.model import StreamId, encode_value


class Subject(StrEnum):
    """What a report is about."""

    FLOW = "flow"
    CONTROL = "control"
    DEAL = "deal"


@dataclass(frozen=True, slots=True)
class Request:
    """A report.

    Attributes:
        subject: what it is about.
        name: of the flow, the control or the deal.
        flow: whose deals are its population.
        rules: those that are asked; every rule of the flow where none is named.
        since: when its period begins.
        until: when it ends, and the instant at which the deals are judged.
        known: what tieout saw after this does not count.
        audit_end: the last entry of the audit log that is part of it.
        sight: by stream, up to when it had been looked at, or why it had not; empty until the
            report is made the first time.
    """

    subject: Subject
    name: str
    flow: str
    rules: tuple[str, ...]
    since: datetime
    until: datetime
    known: datetime
    audit_end: int = 0
    sight: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As it is kept, and stands in the manifest."""
        return {
            "subject": self.subject.value,
            "name": self.name,
            "flow": self.flow,
            "rules": list(self.rules),
            "from": encode_value(self.since),
            "to": encode_value(self.until),
            "known": encode_value(self.known),
            "audit_end": self.audit_end,
            "sight": dict(self.sight),
        }

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> "Request":
        """The reverse of `as_json`."""
        return cls(
            subject=Subject(kept["subject"]),
            name=kept["name"],
            flow=kept["flow"],
            rules=tuple(kept["rules"]),
            since=_instant(kept["from"]),
            until=_instant(kept["to"]),
            known=_instant(kept["known"]),
            audit_end=kept["audit_end"],
            sight=kept["sight"],
        )


def tell_sight(sight: PastSight, streams: Collection[StreamId]) -> dict[str, str]:
    """What could be seen of these streams: the instant up to which, or why not."""
    seen = {str(stream): str(encode_value(at)) for stream, at in sight.looked_until.items()}
    blind = {str(stream): why.value for stream, why in sight.blind.items()}
    wanted = set(map(str, streams))
    return {name: each for name, each in sorted({**seen, **blind}.items()) if name in wanted}


def with_sight(sight: PastSight, kept: Mapping[str, str]) -> PastSight:
    """The sight as it was when the report was first made.

    Looks since then have stretched what is known of the same instant, and would tell another story.
    """
    words = {why.value for why in PastBlindness}
    return PastSight(
        {StreamId.parse(name): _instant(each) for name, each in kept.items() if each not in words},
        {StreamId.parse(name): PastBlindness(each) for name, each in kept.items() if each in words},
        sight.set_aside,
    )


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
