"""Traces of tieout's own work: what a job did, and how long it took.

Log lines written within a span carry its identities, so that a trace leads to its logs and back.
"""

import random
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from structlog.contextvars import bound_contextvars

from monitor.core.clock import Clock
from monitor.core.telemetry import Attribute, Span

SERVICE = "tieout"
MOST_KEPT = 2_000
"""Spans that wait for an export; where nobody exports them, the oldest are forgotten."""


@dataclass(slots=True)
class OpenSpan:
    """A span at work; what is known of it is added as it goes.

    Attributes:
        trace_id: of the whole job.
        span_id: of this part of it.
        attributes: counts and names from the landscape, never keys or amounts.
        failure: what went wrong; empty: nothing.
    """

    trace_id: bytes
    span_id: bytes
    attributes: dict[str, Attribute] = field(default_factory=dict)
    failure: str = ""


_current: ContextVar[OpenSpan | None] = ContextVar("span", default=None)


class Tracer:
    """Keeps the spans of jobs until somebody exports them. Safe to use from several threads."""

    def __init__(self, clock: Clock, chance: random.Random) -> None:
        """Nothing was done yet.

        Args:
            clock: the present.
            chance: where identities come from.
        """
        self._clock = clock
        self._chance = chance
        self._done: deque[Span] = deque(maxlen=MOST_KEPT)
        self._lock = Lock()

    @contextmanager
    def span(self, name: str, **attributes: Attribute) -> Iterator[OpenSpan]:
        """What is done within is one span, a part of the one around it where there is one."""
        around = _current.get()
        opened = self._open(around, attributes)
        start, token = self._clock(), _current.set(opened)
        ids = {"trace_id": opened.trace_id.hex(), "span_id": opened.span_id.hex()}
        try:
            with bound_contextvars(**ids):
                yield opened
        except BaseException as error:
            opened.failure = type(error).__name__
            raise
        finally:
            _current.reset(token)
            self._keep(name, opened, around, start)

    def drain(self) -> list[Span]:
        """The spans that are done, the oldest first; they are kept no longer."""
        with self._lock:
            spans = list(self._done)
            self._done.clear()
        return spans

    def restore(self, spans: list[Span]) -> None:
        """Keep spans that could not be exported."""
        with self._lock:
            self._done.extendleft(reversed(spans[-(MOST_KEPT - len(self._done)) :]))

    def _open(self, around: OpenSpan | None, attributes: Mapping[str, Attribute]) -> OpenSpan:
        with self._lock:
            trace_id = around.trace_id if around else self._chance.randbytes(16)
            return OpenSpan(trace_id, self._chance.randbytes(8), dict(attributes))

    def _keep(self, name: str, span: OpenSpan, around: OpenSpan | None, start: datetime) -> None:
        done = Span(
            trace_id=span.trace_id,
            span_id=span.span_id,
            parent_id=around.span_id if around else b"",
            name=name,
            service=SERVICE,
            start=start,
            end=max(start, self._clock()),
            attributes=span.attributes,
            failure=span.failure,
        )
        with self._lock:
            self._done.append(done)
