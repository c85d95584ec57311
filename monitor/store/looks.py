"""When each stream was looked at, so that it can be said later what was seen at some instant."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, insert, select, update

from monitor.core.model import StreamId
from monitor.store.schema import look_span


class LookSpan(NamedTuple):
    """A stretch of a source's own time over which it was looked at without a gap.

    Attributes:
        seen_from: server time up to which the first complete look had seen every change.
        seen_until: the same of the last one.
        noted_at: when, by our clock, the last one was complete.
    """

    seen_from: datetime
    seen_until: datetime
    noted_at: datetime


def note_look(
    connection: Connection,
    stream: StreamId,
    looked_until: datetime,
    *,
    patience: timedelta,
    now: datetime,
) -> None:
    """A look was complete up to `looked_until`: the latest stretch grows, or a new one begins.

    Args:
        connection: a write transaction.
        stream: what was looked at.
        looked_until: server time.
        patience: how far two looks may lie apart and still leave no gap.
        now: the present.
    """
    of_stream = look_span.c.stream == str(stream)
    query = select(look_span).where(of_stream).order_by(look_span.c.seen_from.desc()).limit(1)
    last = connection.execute(query).one_or_none()
    if last is None or looked_until - last.seen_until > patience:
        row = (str(stream), looked_until, looked_until, now)
        names = ("stream", "seen_from", "seen_until", "noted_at")
        connection.execute(insert(look_span).values(dict(zip(names, row, strict=True))))
        return
    connection.execute(
        update(look_span)
        .where(of_stream, look_span.c.seen_from == last.seen_from)
        # A server's clock that was set back takes nothing away from what was seen.
        .values(seen_until=max(last.seen_until, looked_until), noted_at=now)
    )


def load_look_spans(connection: Connection) -> dict[StreamId, list[LookSpan]]:
    """Every stretch by stream, in order; a stream never looked at has no entry."""
    spans: defaultdict[StreamId, list[LookSpan]] = defaultdict(list)
    for row in connection.execute(select(look_span).order_by(look_span.c.seen_from)):
        spans[StreamId.parse(row.stream)].append(
            LookSpan(row.seen_from, row.seen_until, row.noted_at)
        )
    return dict(spans)
