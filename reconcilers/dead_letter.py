"""Dead letters: messages that the middleware has given up.

A message that failed too often is put aside, and what it carried never arrives: the deal stays
behind in every system after it, without another word. Each such message is a break of the deal
that it belongs to, with the error that the middleware noted. A message that is delivered again
leaves the state, and its break resolves.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import polars as pl
from pydantic import Field

from monitor.core.breaks import BreakKind
from monitor.core.flows import Condition, RuleSettings, StreamName
from monitor.core.model import StreamId
from monitor.core.plugins import RuleContext
from monitor.core.ports import Scope, Verdict
from monitor.core.screens import Aggregate, Fact, Screen
from reconcilers.conditions import fields_in
from reconcilers.message import Messages
from reconcilers.reporter import Reporter

EXAMPLE = """
message-given-up:
  check: dead_letter
  stream: middleware.message
  severity: critical
"""


class DeadLetterSettings(RuleSettings):
    """No message of the stream has been given up."""

    finds = frozenset({BreakKind.DEAD_LETTER})
    check: Literal["dead_letter"]
    stream: StreamName
    status: tuple[str, ...] = Field(default=("dead", "dead_letter"), min_length=1)
    """Words of a message that was given up."""
    where: Condition = {}
    """Which messages count."""


def build(name: str, settings: DeadLetterSettings, context: RuleContext) -> "DeadLetter":
    """A rule from its settings.

    Raises:
        ValueError: the stream is unknown, or has not the fields asked for.
    """
    messages = Messages.create(settings.stream, settings.status, settings.where, context)
    reporter = Reporter.create(name, settings, context, messages.stream, hop="")
    return DeadLetter(name, messages, reporter)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """The rule that no message is given up."""

    name: str
    messages: Messages
    reporter: Reporter

    @property
    def needs(self) -> frozenset[StreamId]:
        """The messages alone."""
        return frozenset((self.messages.stream,))

    @property
    def minds(self) -> dict[StreamId, frozenset[str]]:
        """What says that a message was given up."""
        return {self.messages.stream: fields_in(self.messages.which)}

    def screen(self, now: datetime) -> Screen:
        """Suspicious is who has such a message."""
        given_up = Fact(self.messages.stream, Aggregate.COUNT, where=self.messages.which)
        return Screen({"given_up": given_up}, pl.col("given_up") > 0)

    def evaluate(self, scope: Scope) -> Verdict:
        """One finding for each message that was given up."""
        given_up = self.messages.rows(scope).rename({"moved_at": "since"})
        return Verdict(self.reporter.report(scope, given_up, BreakKind.DEAD_LETTER))
