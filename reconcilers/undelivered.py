"""Undelivered: the middleware says that a message arrived, and its target has nothing.

An integration that acknowledges too early, or a target that takes a call and then rolls back,
leaves a green message and no record. Each message in one of the given states needs a record in
the target within the time allowed; with `match`, one with the same key.

The message is accused, since it is what has to be sent again. The target's silence counts only
as far as the target was looked at.
"""

from typing import Literal

from pydantic import Field

from monitor.core.breaks import BreakKind
from monitor.core.flows import Condition, RuleSettings, StreamName
from monitor.core.model import FieldType
from monitor.core.plugins import RuleContext
from monitor.core.streams import Duration, Name
from reconcilers.conditions import condition
from reconcilers.names import check_key, find_stream, find_working_time
from reconcilers.reporter import Reporter
from reconcilers.requirement import Needed, Requirement
from reconcilers.silence import find_start

EXAMPLE = """
project-message-arrived:
  check: undelivered
  stream: middleware.message
  where: {flow: deal-to-project}
  to: psa.project
  within: 15m
"""


class UndeliveredSettings(RuleSettings):
    """What a message says it delivered is in the target."""

    finds = frozenset({BreakKind.UNDELIVERED})
    check: Literal["undelivered"]
    stream: StreamName
    """The messages."""
    status: tuple[str, ...] = Field(default=("delivered", "done", "processed"), min_length=1)
    """Words of a message that says it was delivered."""
    where: Condition = {}
    """Which messages count: those of the integration that feeds the target."""
    to: StreamName
    """Where the record must be."""
    that: Condition = {}
    """The state that it must be in."""
    match: Name | None = None
    """Key kind that pairs a message with its record; None: any record of the transaction."""
    start: str | None = None
    """Instant of the message from which the time runs; None: its `updated_at`, or else its birth
    or last change."""
    within: Duration
    """Time allowed, in working time where a calendar counts, else plain time."""
    calendar: str = ""
    """Name of the calendar whose working time counts; empty: the owner's, if any; or `plain`."""


def build(name: str, settings: UndeliveredSettings, context: RuleContext) -> Requirement:
    """A rule from its settings.

    Raises:
        ValueError: a stream, field or calendar is unknown, or the messages are their own target.
    """
    stream, target = find_stream(context, settings.stream), find_stream(context, settings.to)
    if stream == target:
        raise ValueError(f"{stream} cannot be delivered to itself")
    check_key(context, settings.match, stream, target)
    updated = context.fields[stream].get("updated_at") is FieldType.INSTANT
    start = settings.start or ("updated_at" if updated else None)
    where = condition(context, stream, {"status": settings.status})
    reporter = Reporter.create(name, settings, context, stream, hop=f"{stream} -> {target}")
    return Requirement(
        name=name,
        kind=BreakKind.UNDELIVERED,
        stream=stream,
        where=where & condition(context, stream, settings.where),
        needed=Needed(
            stream=target,
            that=settings.that,
            holds=condition(context, target, settings.that),
            match=settings.match,
        ),
        start=find_start(context, stream, start),
        within=settings.within,
        add_time=find_working_time(context, settings.calendar, reporter.owner),
        money=(),
        reporter=reporter,
    )
