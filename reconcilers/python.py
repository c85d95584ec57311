"""A function of the firm's own, in Python: each row that it answers is a break.

The function comes from an installed package, which offers it by name under the entry point group
`tieout.checks`; a landscape can name only what is offered, so it cannot call into other code.
The function gets one table a stream, by name (`psa.project`), and answers with a table. Both look
as they do for `expression`: rows of records with `transaction` and `record_id`, rows of breaks.
It must be pure: no file, no network, no clock, and what it says of one transaction must not
depend on another. When the landscape is read, it is tried on empty tables and on made-up records.

[Write a rule](../how-to/write-a-rule.md) shows one from its first line to its first break.
"""

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any, Literal

import polars as pl
from pydantic import Field

from monitor.core.flows import RuleSettings, StreamName
from monitor.core.plugins import Misfit, RuleContext
from reconcilers.names import find_stream, unknown
from reconcilers.own_rule import OwnRule, build_own_rule
from reconcilers.trial import Ask, Tables

GROUP = "tieout.checks"

EXAMPLE = """
rate-is-kept:
  check: python
  function: rate-card
  streams: [crm.opportunity, psa.assignment]
  stream: psa.assignment
"""


class PythonSettings(RuleSettings):
    """A function of the firm's own answers nothing."""

    check: Literal["python"]
    function: str
    """Name that a package gives it in the entry point group `tieout.checks`."""
    streams: tuple[StreamName, ...] = Field(min_length=1)
    """Whose tables it is given."""
    stream: StreamName
    """The stream at fault: its system holds the breaks."""
    version: str = ""
    """Change it with the function, so that every transaction is looked at anew."""


def build(name: str, settings: PythonSettings, context: RuleContext) -> OwnRule:
    """A rule from its settings.

    Raises:
        ValueError: a stream is unknown.
        Misfit: no package offers the function, or it fails its trial.
    """
    accused = find_stream(context, settings.stream)
    streams = frozenset(find_stream(context, each) for each in settings.streams)
    try:
        ask = _careful(_find_function(settings.function))
        return build_own_rule(name, settings, context, accused, streams, ask)
    except ValueError as error:
        raise Misfit(str(error), "function") from error


def _find_function(name: str) -> Callable[[Tables], Any]:
    offered = {point.name: point for point in entry_points(group=GROUP)}
    if name not in offered:
        raise ValueError(unknown(f"function of {GROUP}", name, offered))
    try:
        function = offered[name].load()
    except Exception as error:
        raise ValueError(f"'{offered[name].value}' cannot be loaded: {error!r}") from error
    if not callable(function):
        raise ValueError(f"'{offered[name].value}' is no function")  # noqa: TRY004 - of settings
    checked: Callable[[Tables], Any] = function
    return checked


def _careful(function: Callable[[Tables], Any]) -> Ask:
    """The function, with one kind of failure only."""

    def ask(tables: Tables) -> pl.DataFrame:
        try:
            answer = function(tables)
        except Exception as error:
            raise ValueError(f"the function failed: {error!r}") from error
        if not isinstance(answer, pl.DataFrame):
            found = type(answer).__name__
            raise ValueError(f"the function answered with {found}, not a DataFrame")  # noqa: TRY004
        return answer

    return ask
