"""Traces: spans with identities that follow from what they are about, and the port that takes them.

A deal's trace has the same identities however often it is exported, so that whoever stores traces
sees one where it got two.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Protocol

from pydantic import AfterValidator, AnyHttpUrl, Field, SecretStr

from monitor.core.streams import Duration, Settings

Attribute = str | int | bool | float


def _refuse_credentials(address: AnyHttpUrl) -> AnyHttpUrl:
    if address.username or address.password:
        raise ValueError("the address may hold no user name and no password; use headers")
    return address


class TelemetrySettings(Settings):
    """Where traces are exported to, by OTLP over HTTP."""

    endpoint: Annotated[AnyHttpUrl, AfterValidator(_refuse_credentials)]
    """Base address of the collector, such as `http://collector:4318`; `/v1/traces` is added."""
    headers: dict[str, SecretStr] = {}
    """Sent with each export: a token, as a reference."""
    quiet: Duration = timedelta(days=1)
    """How long a deal that ties out must have been left alone until it counts as closed."""
    timeout: Duration = Field(default=timedelta(seconds=10), ge=timedelta(seconds=1))
    """How long one export may take."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at one instant within a span."""

    name: str
    at: datetime
    attributes: Mapping[str, Attribute] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time in a trace.

    Attributes:
        trace_id: 16 bytes.
        span_id: 8 bytes.
        parent_id: of the span that it lies in; empty: of none.
        name: what was done.
        service: the system that did it.
        start, end: aware UTC; the end is not before the start.
        attributes: what is known of it.
        events: in order.
        failure: what went wrong, in a few words; empty: nothing.
    """

    trace_id: bytes
    span_id: bytes
    parent_id: bytes
    name: str
    service: str
    start: datetime
    end: datetime
    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    events: Sequence[Event] = ()
    failure: str = ""


class SpanExporter(Protocol):
    """Takes spans to where they are stored."""

    def export(self, spans: Sequence[Span]) -> None:
        """Hand over some spans; they may be handed over again.

        Raises:
            Transient, Permanent: they were not taken, or nobody knows.
        """
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


def trace_id_of(flow: str, key: str) -> bytes:
    """The identity of a deal's trace."""
    return _digest(flow, key)[:16]


def span_id_of(trace_id: bytes, *parts: str) -> bytes:
    """The identity of a span within its trace, from what tells it apart there."""
    return _digest(trace_id.hex(), *parts)[:8]


def _digest(*parts: str) -> bytes:
    """Uniform, as samplers by ratio need it; all zeros, which means none, is beyond all chance."""
    return hashlib.sha256("\x1f".join(parts).encode()).digest()
