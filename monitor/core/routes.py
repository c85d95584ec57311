"""Routes: who hears of what."""

from pydantic import Field

from monitor.core.breaks import BreakKind, Severity
from monitor.core.notices import NoticeKind
from monitor.core.streams import Name, Settings


class RouteSettings(Settings):
    """Which notices go to which channels; an empty filter lets everything through."""

    channels: tuple[Name, ...] = Field(min_length=1)
    severities: tuple[Severity, ...] = ()
    kinds: tuple[BreakKind, ...] = ()
    systems: tuple[Name, ...] = ()
    owners: tuple[Name, ...] = ()
    notices: tuple[NoticeKind, ...] = (
        NoticeKind.OPENED,
        NoticeKind.RESOLVED,
        NoticeKind.REOPENED,
        NoticeKind.BLIND,
        NoticeKind.SIGHTED,
    )
