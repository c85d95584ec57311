"""What is worth a message of its own, where a channel cannot edit what it has said."""

from monitor.core.incidents import Event, EventKind, Message, Told

_NEWS = frozenset(
    {
        EventKind.OPENED,
        EventKind.RAISED,
        EventKind.HANDED_OVER,
        EventKind.LAPSED,
        EventKind.SHIFTED,
        EventKind.ESCALATED,
        EventKind.SILENCED,
        EventKind.HEARD,
        EventKind.MERGED,
        EventKind.RESOLVED,
        EventKind.REOPENED,
    }
)


def news_of(message: Message, told: Told | None) -> tuple[Event, ...]:
    """The steps that people have to hear of and have not heard of; the first time, one at least."""
    since = message.history[told.events :] if told is not None else message.history
    news = tuple(each for each in since if each.kind in _NEWS)
    return news or (since[-1:] if told is None else ())


def told_all(message: Message, reference: str = "") -> Told:
    """That a channel knows the incident as it stands."""
    return Told(reference, len(message.history))
