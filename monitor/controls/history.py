"""How the landscape changed over time, from what was stored whenever another one was applied."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from monitor.controls.comparing import Change, Path, compare
from monitor.store.configurations import Applied, list_applied, load_configuration
from monitor.store.database import Connection


@dataclass(frozen=True, slots=True)
class Revision:
    """One landscape gave way to another.

    Attributes:
        at: when.
        before: hash of the one before; empty for the first that was ever applied.
        after: hash of the one that came.
        changes: what differs; None where one of the two was not kept, so that nobody can say.
            Nothing differs from the first that was ever applied: nothing came before it.
    """

    at: datetime
    before: str
    after: str
    changes: list[Change] | None


@dataclass(frozen=True, slots=True)
class History:
    """What was in force in a period.

    Attributes:
        first: hash of what was in force when it began; empty where nothing was yet.
        last: the same of its end.
        revisions: in order.
    """

    first: str
    last: str
    revisions: list[Revision]


def read_history(
    connection: Connection,
    since: datetime,
    until: datetime,
    concerns: Callable[[Path], bool] = lambda _: True,
) -> History:
    """How the landscape changed in a period.

    Args:
        connection: a transaction.
        since: when the period begins.
        until: when it ends.
        concerns: whether a setting is of interest.
    """
    applied = [
        Applied(datetime.min.replace(tzinfo=since.tzinfo), ""),
        *list_applied(connection, until),
    ]
    before = [each for each in applied if each.at <= since]
    revisions = [
        Revision(
            after.at, earlier.digest, after.digest, _changes(connection, earlier, after, concerns)
        )
        for earlier, after in pairwise(applied)
        if after.at > since
    ]
    return History(before[-1].digest, applied[-1].digest, revisions)


def _changes(
    connection: Connection, earlier: Applied, after: Applied, concerns: Callable[[Path], bool]
) -> list[Change] | None:
    if not earlier.digest:
        return []
    old = load_configuration(connection, earlier.digest)
    new = load_configuration(connection, after.digest)
    if old is None or new is None:
        return None
    return [each for each in compare(old, new) if concerns(each.path)]
