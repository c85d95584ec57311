"""Commands by which people are left alone with incidents for a time: silence add, list and end."""

import json
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from monitor.cli import workbench
from monitor.cli.moments import read_instant
from monitor.cli.options import AsJson, LandscapeOption, new_console
from monitor.core.clock import system_clock
from monitor.core.model import encode_value
from monitor.core.showing import show_minute
from monitor.core.silences import Matcher, Silence
from monitor.core.streams import read_duration
from monitor.incidents.silencing import add_silence, end_silence
from monitor.store.silences import list_silences

silence = typer.Typer(
    help="Leave people alone with some incidents for a time; what then still stands is told.",
    no_args_is_help=True,
)

Owner = Annotated[str, typer.Option(help="Who answers for it.")]
WhyText = Annotated[str, typer.Option("--reason", help="Why, in one sentence.")]


@silence.command("add")
def add(
    landscape: LandscapeOption,
    owner: Owner,
    reason: WhyText,
    matchers: Annotated[
        list[str],
        typer.Argument(
            metavar="MATCHER...",
            help="As owner=delivery, system!=erp, key=~D-.*, kind!=late; all have to hold."
            " Labels: owner, system, kind, severity, legal_entity, key.",
        ),
    ],
    until: Annotated[str, typer.Option(help="ISO 8601 day or instant at which it ends.")] = "",
    lasts: Annotated[str, typer.Option("--for", help="How long, as 4h, in place of an end.")] = "",
    as_json: AsJson = False,
) -> None:
    """Tell nobody of incidents that fit, until an instant.

    They are raised, counted and listed as ever. At the end people hear of what still stands, and in
    one message of what came and went meanwhile.
    """
    who, why = _said(owner, "owner"), _said(reason, "reason")
    if bool(until) == bool(lasts):
        raise typer.BadParameter("say when it ends, with --until or --for")
    try:
        end = read_instant(until) if until else system_clock() + read_duration(lasts)
        read = [Matcher.parse(each) for each in matchers]
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if end <= system_clock():
        raise typer.BadParameter("it must end at an instant that lies ahead")
    with workbench.opened_estate(landscape) as (estate, database):
        made, covered = add_silence(estate, database, read, who, why, end, system_clock)
    if as_json:
        typer.echo(json.dumps({**_as_json(made), "incidents": covered}, indent=2))
        return
    things = "1 incident that stands" if covered == 1 else f"{covered} incidents that stand"
    typer.echo(f"silence {made.id} until {show_minute(made.until)} UTC; it covers {things}")


@silence.command("list")
def list_(
    landscape: LandscapeOption,
    all_: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    as_json: AsJson = False,
) -> None:
    """List what is silenced, by whom, why and until when."""
    now = system_clock()
    with workbench.opened_estate(landscape) as (_, database), database.read() as connection:
        found = [each for each in list_silences(connection) if all_ or each.is_in_force(now)]
    if as_json:
        typer.echo(json.dumps([_as_json(each) for each in found], indent=2))
        return
    if not found:
        typer.echo("nothing is silenced")
        return
    table = Table(
        "silence", "what", "owner", "until (UTC)", "reason", box=None, header_style="bold"
    )
    for each in found:
        ended = f"{show_minute(each.end)}{'' if each.is_in_force(now) else ' (ended)'}"
        cells = (str(each.id), str(each), each.owner, ended, each.reason)
        table.add_row(*(Text(cell) for cell in cells))
    new_console().print(table)


@silence.command("end")
def end(
    landscape: LandscapeOption,
    number: Annotated[int, typer.Argument(metavar="SILENCE", help="Its number.")],
    owner: Annotated[str, typer.Option(help="Who ends it.")],
    reason: WhyText,
) -> None:
    """End a silence before its time: people hear of what still stands."""
    who, why = _said(owner, "owner"), _said(reason, "reason")
    with workbench.opened_estate(landscape) as (estate, database):
        end_silence(estate, database, number, who, why, system_clock)
    typer.echo(f"silence {number} has ended")


def _as_json(each: Silence) -> dict[str, Any]:
    return {
        "silence": each.id,
        "matchers": [str(matcher) for matcher in each.matchers],
        "owner": each.owner,
        "reason": each.reason,
        "made_at": encode_value(each.made_at),
        "until": encode_value(each.until),
        "ended_at": encode_value(each.ended_at),
        "ended_by": each.ended_by,
    }


def _said(text: str, name: str) -> str:
    if not text.strip():
        raise typer.BadParameter(f"--{name} must not be empty")
    return text.strip()
