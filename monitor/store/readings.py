"""The log of pages that were read: of which window, how many rows, and a hash of what they said."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, insert

from monitor.core.model import StreamId
from monitor.store.evidence_tables import reading


class PageRead(NamedTuple):
    """A page as it came.

    Attributes:
        began_at: when the look began, by our clock: which pages belong together.
        is_full: the look was at the whole stream.
        since, until: the window that was asked for; all of it before `until` where None.
        number: its place in the look, from 1.
        rows: records in it.
        rejected: rows of it that were set aside.
        digest: of what it said, `Page.digest`.
    """

    began_at: datetime
    is_full: bool
    since: datetime | None
    until: datetime
    number: int
    rows: int
    rejected: int
    digest: str


def note_page(connection: Connection, stream: StreamId, page: PageRead, now: datetime) -> None:
    """Note a page; belongs into the page's own transaction."""
    connection.execute(
        insert(reading).values(
            stream=str(stream),
            began_at=page.began_at,
            kind="full" if page.is_full else "window",
            seen_from=page.since,
            seen_until=page.until,
            page=page.number,
            rows=page.rows,
            rejected=page.rejected,
            hash=page.digest,
            stored_at=now,
        )
    )
