"""What a firm's store says, in a form that two stores can be compared by."""

from monitor.core.breaks import BreakKind, TransitionKind
from monitor.core.transactions import TransactionStatus
from monitor.store.breaks import history_of, list_breaks, standing_breaks
from monitor.store.database import Database
from monitor.store.trace import find_transactions


def standing(database: Database) -> set[tuple[str, BreakKind, str]]:
    """Transaction, kind and field of each break that stands."""
    with database.read() as connection:
        return {
            (each.finding.transaction, each.finding.kind, each.finding.field)
            for each in standing_breaks(connection)
        }


def statuses(database: Database) -> dict[str, TransactionStatus]:
    """Status by transaction."""
    with database.read() as connection:
        return {each.key: each.status for each in find_transactions(connection)}


def openings(database: Database) -> dict[str, int]:
    """How often each break was opened or reopened, and its episodes where that differs."""
    counts: dict[str, int] = {}
    with database.read() as connection:
        for each in list_breaks(connection, states=()):
            steps = history_of(connection, each.fingerprint)
            opened = {TransitionKind.OPENED, TransitionKind.REOPENED}
            counts[each.id] = sum(step.kind in opened for step in steps)
            if each.opened_at is not None:
                assert counts[each.id] == each.episode
    return counts
