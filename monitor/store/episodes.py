"""When breaks stood, from the steps of their lives."""

from collections.abc import Collection
from datetime import datetime

import polars as pl
from sqlalchemy import Connection, select

from monitor.core.breaks import TransitionKind
from monitor.core.ports import FINDINGS, INSTANT
from monitor.store.bulk import listed_texts
from monitor.store.schema import break_transition, breaks

EPISODES = pl.Schema({**FINDINGS, "opened_at": INSTANT, "closed_at": INSTANT})
"""A finding and when it stood; `closed_at` is null while it stands."""

_BEGINS = frozenset({TransitionKind.OPENED.value, TransitionKind.REOPENED.value})
_ENDS = TransitionKind.RESOLVED.value


def load_episodes(
    connection: Connection, flows: Collection[str], since: datetime, until: datetime
) -> pl.DataFrame:
    """Breaks of these flows as they stood between two instants, one row a time that they did.

    Values are those last seen. What was opened before the time has its true opening; what was
    resolved after it stands.

    Returns:
        `EPISODES`, by fingerprint and opening.
    """
    finding = [breaks.c[name] for name in FINDINGS]
    query = (
        select(breaks.c.fingerprint, break_transition.c.kind, break_transition.c.at, *finding)
        .join_from(breaks, break_transition)
        .where(
            breaks.c.flow.in_(listed_texts(connection, flows)),
            break_transition.c.kind.in_([*_BEGINS, _ENDS]),
            break_transition.c.at <= until,
        )
        .order_by(break_transition.c.fingerprint, break_transition.c.sequence)
    )
    episodes: list[list[object]] = []
    standing = ""
    for fingerprint, kind, at, *facts in connection.execute(query):
        if kind in _BEGINS:
            episodes.append([*facts, at, None])
            standing = fingerprint
        elif standing == fingerprint:
            episodes[-1][-1] = at
            standing = ""
    kept = [each for each in episodes if each[-1] is None or each[-1] > since]  # type: ignore[operator]  # an instant
    return pl.DataFrame(kept, schema=EPISODES, orient="row")
