"""What a report is asked for, as it is kept: all that its bytes follow from, beside the store."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple

from monitor.as_of import PastBlindness, PastSight
from monitor.core.model import StreamId, encode_value


class Subject(StrEnum):
    """What a report is about."""

    FLOW = "flow"
    CONTROL = "control"
    DEAL = "deal"


EDITION = 2
"""What is made now: since 2 with times of hand-offs, the share in order by day, and samples."""


class SampleAsked(NamedTuple):
    """A sample of a population, all as texts, as they were asked.

    Attributes:
        method: `attribute`: deals, each as likely; `monetary`: units of money.
        seed: what the drawing follows from.
        tolerable: the rate (attribute) or the money (monetary) that would no longer be borne.
        expected: what is expected, likewise.
        confidence: of the conclusion.
        currency: of the money that is drawn from; for `monetary` alone.
    """

    method: str
    seed: str
    tolerable: str
    expected: str = "0"
    confidence: str = "0.95"
    currency: str = ""


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
        edition: what its files contain; a report is made again in its own.
        sample: how a sample of its population is drawn; None: none is.
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
    edition: int = EDITION
    sample: SampleAsked | None = None

    def as_json(self) -> dict[str, Any]:
        """As it is kept, and stands in the manifest."""
        told: dict[str, Any] = {} if self.edition == 1 else {"edition": self.edition}
        if self.sample is not None:
            told["sample"] = self.sample._asdict()
        return {
            **told,
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
            edition=kept.get("edition", 1),
            sample=SampleAsked(**kept["sample"]) if "sample" in kept else None,
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
