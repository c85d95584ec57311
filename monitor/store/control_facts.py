"""What is stored of a control: breaks of its rules, and reports about it."""

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from monitor.core.breaks import LIVE_STATES, TransitionKind
from monitor.store.bulk import listed_texts
from monitor.store.reports import ReportEntry, list_reports
from monitor.store.schema import break_transition, breaks


class Exceptions(NamedTuple):
    """Breaks of some rules: how many stand now, and what happened in a period."""

    standing: int
    opened: int
    resolved: int


def count_exceptions(
    connection: Connection, flow: str, rules: Collection[str], since: datetime, until: datetime
) -> Exceptions:
    """Breaks of these rules of a flow.

    Args:
        connection: a transaction.
        flow: whose rules.
        rules: their names.
        since: when the period begins.
        until: when it ends.
    """
    is_theirs = (breaks.c.flow == flow) & breaks.c.rule.in_(listed_texts(connection, rules))
    states = [state.value for state in LIVE_STATES]
    standing = select(func.count()).select_from(breaks).where(is_theirs, breaks.c.state.in_(states))
    steps = (
        select(break_transition.c.kind, func.count())
        .join_from(break_transition, breaks)
        .where(is_theirs, break_transition.c.at.between(since, until))
        .group_by(break_transition.c.kind)
    )
    counts: dict[str, int] = dict(connection.execute(steps).all())
    began = (TransitionKind.OPENED.value, TransitionKind.REOPENED.value)
    return Exceptions(
        connection.execute(standing).scalar_one(),
        sum(counts.get(kind, 0) for kind in began),
        counts.get(TransitionKind.RESOLVED.value, 0),
    )


def reports_about(connection: Connection, subject: str, name: str) -> list[ReportEntry]:
    """Reports about a flow, a control or a deal, the newest first."""
    return [
        each
        for each in list_reports(connection)
        if (each.request["subject"], each.request["name"]) == (subject, name)
    ]
