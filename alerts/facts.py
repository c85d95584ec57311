"""What a notice says, as labelled values in reading order."""

from typing import NamedTuple

from alerts.escaping import cut, one_line
from alerts.render import instant, money, words
from monitor.core.breaks import BreakKind
from monitor.core.notices import Notice, NoticeKind
from monitor.core.showing import show_value

MAX_VALUE = 300
"""Characters of a value that people are shown; the page of the deal has the rest."""

_NO_DEAL = frozenset({BreakKind.SOURCE, BreakKind.ANOMALY})
"""Kinds of breaks that are about a whole source."""


class Fact(NamedTuple):
    """One line of a message."""

    label: str
    value: str


def facts_of(notice: Notice) -> tuple[Fact, ...]:
    """Everything that the notice knows beside its title, each on one line; ten facts at most."""
    record = " ".join((notice.system, words(notice.entity), notice.record_id)).strip()
    is_over = notice.kind is NoticeKind.RESOLVED
    at_risk = "" if notice.value_at_risk is None else money(notice.value_at_risk)
    facts = (
        Fact("About" if notice.break_kind in _NO_DEAL else "Deal", notice.transaction),
        Fact("Hand-off", notice.hop),
        Fact("Record" if notice.entity else "System", record),
        Fact("Field", words(notice.field)),
        Fact("Expected", "" if is_over else show_value(notice.expected, notice.field)),
        Fact("Found", "" if is_over else _found(notice)),
        Fact("At risk", f"{at_risk} {notice.currency}".strip()),
        Fact("Owner", notice.owner),
        Fact("Since", "" if notice.since is None else instant(notice.since)),
        Fact("Rule", "" if notice.rule == notice.hop else notice.rule),
    )
    lines = (Fact(fact.label, cut(one_line(fact.value), MAX_VALUE)) for fact in facts)
    return tuple(line for line in lines if line.value)


def _found(notice: Notice) -> str:
    if notice.actual is None:
        return "" if notice.expected is None else "nothing"
    return show_value(notice.actual, notice.field)
