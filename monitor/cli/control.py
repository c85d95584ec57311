"""Commands about controls: what they are, when they ran, and how their rules changed."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from monitor.cli import workbench
from monitor.cli.exits import Exit
from monitor.cli.moments import read_beginning, read_instant
from monitor.cli.options import AsJson, LandscapeOption, new_console
from monitor.controls.cards import Card, read_card, read_cards
from monitor.controls.history import History, Revision, read_history
from monitor.controls.telling import card_as_json, history_as_json, tell_change
from monitor.core.clock import system_clock
from monitor.core.showing import show_count, show_minute

control = typer.Typer(
    help="What auditors rely on: cards of controls, and how their rules changed.",
    no_args_is_help=True,
)

Since = Annotated[
    str, typer.Option("--from", metavar="INSTANT", help="When the period begins; 30 days ago.")
]
Until = Annotated[str, typer.Option("--to", metavar="INSTANT", help="When it ends; now.")]
ControlName = Annotated[str, typer.Argument(metavar="CONTROL", help="As the landscape calls it.")]

SHORT = 12
"""Digits of a hash that people are shown; JSON has all of them."""


@control.command("list")
def list_(
    landscape: LandscapeOption, since: Since = "", until: Until = "", as_json: AsJson = False
) -> None:
    """List the controls: whether they ran as often as they should, and what they found.

    Exit status 4 if one did not run as often as it should.
    """
    period = _period(since, until)
    with workbench.opened_estate(landscape) as (estate, database), database.read() as connection:
        cards = read_cards(connection, estate, *period)
    if as_json:
        typer.echo(json.dumps([card_as_json(each) for each in cards], indent=2))
    else:
        table = Table("control", "owner", "ran", "standing", "opened", "resolved", box=None)
        for each in cards:
            table.add_row(*map(Text, _row(each)))
        new_console().print(table)
    raise typer.Exit(Exit.IN_ORDER if all(each.is_effective for each in cards) else Exit.BLIND)


@control.command("show")
def show(
    landscape: LandscapeOption,
    name: ControlName,
    since: Since = "",
    until: Until = "",
    as_json: AsJson = False,
) -> None:
    """Show a control's card. Exit status 4 if it did not run as often as it should."""
    period = _period(since, until)
    with workbench.opened_estate(landscape) as (estate, database), database.read() as connection:
        _require(name, estate.controls)
        card = read_card(connection, estate, name, *period)
    if as_json:
        typer.echo(json.dumps(card_as_json(card), indent=2))
    else:
        for line in _tell_card(card):
            typer.echo(line)
    raise typer.Exit(Exit.IN_ORDER if card.is_effective else Exit.BLIND)


@control.command("diff")
def diff(
    landscape: LandscapeOption,
    name: Annotated[
        str, typer.Argument(metavar="[CONTROL]", help="Only what it follows from.")
    ] = "",
    since: Since = "",
    until: Until = "",
    as_json: AsJson = False,
) -> None:
    """Say what changed between two instants in rules and configuration, when, and by which hash.

    It is told from the landscapes that were in force, stored whenever another one was applied.
    Exit status 1 if anything changed, 4 if a landscape was not kept, so that nobody can say.
    """
    period = _period(since, until)
    with workbench.opened_estate(landscape) as (estate, database), database.read() as connection:
        if name:
            _require(name, estate.controls)
            history = read_card(connection, estate, name, *period).history
        else:
            history = read_history(connection, *period)
    if as_json:
        typer.echo(json.dumps(history_as_json(history), indent=2))
    else:
        for line in _tell_history(history, *period):
            typer.echo(line)
    status = Exit.BREAKS if any(each.changes for each in history.revisions) else Exit.IN_ORDER
    unsaid = any(each.changes is None for each in history.revisions)
    raise typer.Exit(status | Exit.BLIND if unsaid else status)


def _period(since: str, until: str) -> tuple[datetime, datetime]:
    end = read_instant(until) if until else system_clock()
    begin = read_beginning(since) if since else end - timedelta(days=30)
    if begin >= end:
        raise typer.BadParameter("a period begins before it ends")
    return begin, end


def _require(name: str, known: Any) -> None:
    if name not in known:
        raise typer.BadParameter(f"name one of the controls: {', '.join(known) or 'none'}")


def _row(card: Card) -> tuple[str, ...]:
    found = card.exceptions
    return (card.name, card.control.owner, _ran(card), *(f"{each:,}" for each in found))


def _ran(card: Card) -> str:
    missed = len(card.runs.missed)
    return f"missed {show_count(missed, 'time')}" if missed else "as it should"


def _tell_card(card: Card) -> Iterator[str]:
    control, found = card.control, card.exceptions
    yield f"{card.name}{f' · {control.title}' if control.title else ''}"
    yield f"  objective   {control.objective}"
    yield f"  assertions  {', '.join(each.value.replace('_', '-') for each in control.assertions)}"
    yield f"  owner       {control.owner}"
    yield f"  reviewers   {', '.join(control.reviewers) or 'nobody is named'}"
    yield f"  precision   {control.precision}"
    yield f"  frequency   at least every {control.frequency}"
    for rule, digest in card.rules.items():
        yield f"  rule        {control.flow}.{rule}, version {digest[:SHORT]}"
    for stretch in card.runs.stretches:
        yield f"  looked      {show_minute(stretch.since)} to {show_minute(stretch.until)}"
    for stretch in card.runs.missed:
        yield f"  MISSED      {show_minute(stretch.since)} to {show_minute(stretch.until)}"
    yield (
        f"  exceptions  {found.standing:,} standing, {found.opened:,} opened and"
        f" {found.resolved:,} resolved in the period"
    )
    changed = sum(len(each.changes or ()) for each in card.history.revisions)
    yield f"  changes     {show_count(changed, 'setting')}"
    for report in card.reports:
        yield f"  report      {report.id}, made {show_minute(report.made_at)} by {report.who}"
    for signed in card.sign_offs:
        when = show_minute(signed.at)
        yield f"  signed      report {signed.report} by {signed.who} as {signed.role}, {when}"


def _tell_history(history: History, since: datetime, until: datetime) -> Iterator[str]:
    yield f"in force on {show_minute(since)}: {history.first[:SHORT] or 'nothing yet'}"
    for revision in history.revisions:
        yield from _tell_revision(revision)
    if not history.revisions:
        yield "nothing changed"
    yield f"in force on {show_minute(until)}: {history.last[:SHORT] or 'nothing yet'}"


def _tell_revision(revision: Revision) -> Iterator[str]:
    before, after = revision.before[:SHORT] or "nothing", revision.after[:SHORT]
    yield f"{show_minute(revision.at)}: {before} gave way to {after}"
    if revision.changes is None:
        yield "  what changed is not known: one of the two was not kept"
    elif not revision.changes:
        yield "  nothing that concerns it"
    else:
        for change in revision.changes:
            yield f"  {tell_change(change)}"
