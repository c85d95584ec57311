"""Requires: a record of one kind needs one of another kind in the same deal, else money leaks.

A completed milestone needs an invoice; time needs a project that was open on that day; an active
project needs a signed contract; an assignment needs its role in the contract. What is needed may
be narrowed by a state (`that`), by a key that both carry (`match`), by fields with equal values
(`same`), and by a term in which the record's own day must fall (`during`).

The record that needs something is accused, so that whoever looks sees which milestone or which
timecard it is; `owner` says who has to act. A need counts once its time has passed and the
stream in which something is needed was looked at that far. With `match`, a record that carries no
such key names nothing, and so lacks it; with `same`, one without a value asks for nothing.
"""

from datetime import timedelta
from functools import reduce
from typing import Literal

import polars as pl

from monitor.core.breaks import BreakKind
from monitor.core.flows import Condition, RuleSettings, StreamName
from monitor.core.model import FieldType, StreamId
from monitor.core.plugins import RuleContext
from monitor.core.ports import MONEY
from monitor.core.streams import Duration, Name
from reconcilers.conditions import condition
from reconcilers.money import product
from reconcilers.names import check_key, find_field, find_stream, find_working_time
from reconcilers.reporter import Reporter, currency_of, has_money
from reconcilers.requirement import NEEDED, Needed, Requirement
from reconcilers.silence import find_start
from reconcilers.terms import TermSettings, within_term

EXAMPLE = """
milestone-is-billed:
  check: requires
  stream: psa.milestone
  where: {status: complete}
  needs: erp.invoice
  that: {status: [posted, paid]}
  match: milestone
  start: completed_at
  within: 5d
active-project-is-signed:
  check: requires
  stream: psa.project
  where: {status: active}
  needs: contracts.contract
  that: {status: signed}
  start: created_at
  within: 2d
time-on-an-open-project:
  check: requires
  stream: psa.timecard
  needs: psa.project
  match: project
  during: {day: worked_on, begins: start_on, ends: closed_at}
  worth: [hours, rate]
role-is-in-the-contract:
  check: requires
  stream: psa.assignment
  needs: contracts.role
  same: {role: role}
"""


class RequiresSettings(RuleSettings):
    """A record of one stream needs a record of another one in its transaction."""

    finds = frozenset({BreakKind.LEAKAGE})
    check: Literal["requires"]
    stream: StreamName
    """Whose records need something."""
    where: Condition = {}
    """Which of them do."""
    needs: StreamName
    """Where what they need must be."""
    that: Condition = {}
    """The state that it must be in."""
    match: Name | None = None
    """Key kind that pairs the two records; None: any of the transaction will do."""
    same: dict[str, str] = {}
    """Field of the record to the field of the needed one that must have the same value; text
    without regard to case and outer blanks."""
    during: TermSettings | None = None
    """The record's day must fall into the term of the needed one."""
    start: str | None = None
    """Instant or date from which the time runs; None, and records without a value there: their
    birth, or last change."""
    within: Duration = timedelta(0)
    """Time allowed, in working time where a calendar counts, else plain time."""
    calendar: str = ""
    """Name of the calendar whose working time counts; empty: the owner's, if any; or `plain`."""
    worth: tuple[str, ...] = ()
    """Numbers of the record whose product is the money that leaks; none: its own amount, or the
    money of the transaction where it states none."""


def build(name: str, settings: RequiresSettings, context: RuleContext) -> Requirement:
    """A rule from its settings.

    Raises:
        ValueError: a stream, field or calendar is unknown, fields are of types that do not fit,
            or the stream would be asked about itself.
    """
    stream, needed = find_stream(context, settings.stream), find_stream(context, settings.needs)
    if stream == needed:
        raise ValueError(f"a record of {stream} always has itself: name another stream")
    check_key(context, settings.match, stream, needed)
    term = settings.during
    needs = Needed(
        stream=needed,
        that=settings.that,
        holds=condition(context, needed, settings.that),
        match=settings.match,
        same=settings.same,
        in_force=within_term(term, context, stream, needed, NEEDED) if term else pl.lit(value=True),
        term=tuple(filter(None, (term.begins, term.ends))) if term else (),
    )
    needs.check_same(context, stream)
    reporter = Reporter.create(name, settings, context, stream, hop=f"{stream} -> {needed}")
    return Requirement(
        name=name,
        kind=BreakKind.LEAKAGE,
        stream=stream,
        where=condition(context, stream, settings.where),
        needed=needs,
        start=find_start(context, stream, settings.start),
        within=settings.within,
        add_time=find_working_time(context, settings.calendar, reporter.owner),
        money=_money(context, stream, settings.worth),
        reporter=reporter,
    )


def _money(context: RuleContext, stream: StreamId, factors: tuple[str, ...]) -> tuple[pl.Expr, ...]:
    """What a record is worth by itself; nothing where it does not say so."""
    for factor in factors:
        find_field(context, stream, factor, FieldType.DECIMAL, FieldType.INTEGER)
    if not factors and not has_money(context, stream):
        return ()
    numbers = [pl.col(name).cast(MONEY) for name in factors or (context.value_amount,)]
    worth = reduce(product, numbers)
    return worth.alias("value_at_risk"), currency_of(context, stream).alias("currency")
