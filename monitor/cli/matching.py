"""Commands by which people say what is one customer: candidates, decide."""

import json
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from monitor.cli import workbench
from monitor.cli.options import AsJson, LandscapeOption, new_console
from monitor.core.clock import system_clock
from monitor.core.watches import MatchDecision, Opinion
from monitor.deciding import decide_pair, open_questions


def candidates(
    landscape: LandscapeOption,
    limit: Annotated[int, typer.Option(min=1, help="List no more than these.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List pairs of records that may be one, for a person to decide; the likeliest first.

    The evidence is in bits: 0 is as likely as not, each bit more is twice as likely.
    """
    with workbench.opened_estate(landscape) as (estate, database):
        found = open_questions(estate, database, system_clock).head(limit).to_dicts()
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    if not found:
        typer.echo("nothing is waiting to be decided")
        return
    table = Table("one", "other", "bits", "for and against", box=None, header_style="bold")
    for pair in found:
        table.add_row(*(Text(cell) for cell in _tell(pair)))
    new_console().print(table)


def decide(
    landscape: LandscapeOption,
    left: Annotated[str, typer.Argument(metavar="ONE", help="As 'candidates' lists it.")],
    right: Annotated[str, typer.Argument(metavar="OTHER", help="Likewise.")],
    opinion: Annotated[Opinion, typer.Argument(help="Whether both mean the same.")],
    owner: Annotated[str, typer.Option(help="Who decides.")],
    reason: Annotated[str, typer.Option(help="Why, in one sentence.")],
) -> None:
    """Say whether two records mean the same; that is remembered and stronger than any evidence."""
    decision = MatchDecision(left, right, opinion, owner, reason)
    with workbench.opened_estate(landscape) as (_, database):
        decide_pair(database, decision, system_clock)
    typer.echo(f"{left} and {right}: {opinion.value}")


def _tell(pair: dict[str, str | float]) -> tuple[str, str, str, str]:
    numbers = {name: value for name, value in pair.items() if isinstance(value, float)}
    weight = numbers.pop("weight")
    told = [each for each in numbers.items() if each[1]]
    told.sort(key=lambda each: -abs(each[1]))
    reasons = ", ".join(f"{name} {value:+.1f}" for name, value in told)
    return str(pair["left"]), str(pair["right"]), f"{weight:+.1f}", reasons
