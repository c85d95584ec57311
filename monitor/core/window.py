"""The cursor law: which stretch of server time to read next, and how far it may be believed."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.core.model import Window
from monitor.core.streams import CursorSettings


class WindowReason(StrEnum):
    """Why a window is as it is."""

    FIRST = "first"
    NEXT = "next"
    REQUESTED = "requested"
    BEYOND_RETENTION = "beyond_retention"
    AHEAD = "ahead"
    NO_CURSOR = "no_cursor"


@dataclass(frozen=True, slots=True)
class NextWindow:
    """What to read, and why that much.

    Attributes:
        window: the stretch to read.
        reason: `NEXT` reads changes only; every other reason reads the whole stream.
    """

    window: Window
    reason: WindowReason

    @property
    def is_full(self) -> bool:
        """Whether the whole stream is read."""
        return self.window.since is None

    @property
    def reads_all_for_once(self) -> bool:
        """Whether the whole stream is read although mostly only its changes are."""
        return self.is_full and self.reason is not WindowReason.NO_CURSOR


def next_window(
    settings: CursorSettings | None,
    cursor: datetime | None,
    source_time: datetime,
    *,
    full_requested: bool = False,
) -> NextWindow:
    """The half-open window to read, ending a safety lag before the source's present.

    It starts an overlap before the cursor, because a row that commits late carries an older
    stamp than rows already read. A cursor older than what the source keeps cannot be trusted to
    find every change, so the whole stream is read again. So it is when the cursor lies further
    ahead of the present than the overlap: the source's clock was wrong, and since when nobody
    knows.
    """
    if settings is None:
        return NextWindow(Window(None, source_time), WindowReason.NO_CURSOR)
    until = source_time - settings.safety_lag
    if full_requested:
        return NextWindow(Window(None, until), WindowReason.REQUESTED)
    if cursor is None:
        return NextWindow(Window(None, until), WindowReason.FIRST)
    if settings.retention is not None and cursor < source_time - settings.retention:
        return NextWindow(Window(None, until), WindowReason.BEYOND_RETENTION)
    if cursor > until + settings.overlap:
        return NextWindow(Window(None, until), WindowReason.AHEAD)
    return NextWindow(Window(min(cursor, until) - settings.overlap, until), WindowReason.NEXT)


def advance(cursor: datetime | None, position: datetime | None, window: Window) -> datetime | None:
    """The cursor after a page is durable: never back, never past the window's end.

    Args:
        cursor: as stored.
        position: what the page says has been yielded completely; None: it cannot say.
        window: the window that is being read.
    """
    if position is None:
        return cursor
    reached = min(position, window.until)
    return reached if cursor is None else max(cursor, reached)
