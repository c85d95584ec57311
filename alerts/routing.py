"""Who hears of a notice."""

from collections.abc import Sequence

from monitor.core.notices import Notice
from monitor.core.routes import RouteSettings


def route(notice: Notice, routes: Sequence[RouteSettings]) -> tuple[str, ...]:
    """The channels of every route that lets the notice through, each once, in order.

    An empty filter lets everything through. A filter on break kinds keeps out notices about
    systems, which are about no break.
    """
    names = (
        name for settings in routes if _lets_through(settings, notice) for name in settings.channels
    )
    return tuple(dict.fromkeys(names))


def _lets_through(settings: RouteSettings, notice: Notice) -> bool:
    return (
        notice.kind in settings.notices
        and (not settings.severities or notice.severity in settings.severities)
        and (not settings.kinds or notice.break_kind in settings.kinds)
        and (not settings.systems or notice.system in settings.systems)
        and (not settings.owners or notice.owner in settings.owners)
    )
