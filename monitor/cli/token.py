"""Commands by which programs ask in people's names: token add, list, revoke."""

import json
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from monitor.accounts import managing
from monitor.accounts.reviewing import token_as_json
from monitor.cli import workbench
from monitor.cli.moments import read_length
from monitor.cli.options import AsJson, LandscapeOption, new_console
from monitor.cli.user import Name, Who, acting
from monitor.core.clock import system_clock
from monitor.core.people import People, Permission
from monitor.core.showing import show_minute
from monitor.store.api_tokens import list_api_tokens

token = typer.Typer(
    help="Let programs ask in somebody's name, for some of what that person may.",
    no_args_is_help=True,
)


@token.command("add")
def add(
    landscape: LandscapeOption,
    name: Name,
    label: Annotated[str, typer.Option(help="What it is for.")],
    may: Annotated[
        list[Permission], typer.Option(help="What it may; once for each, as --may metrics.")
    ],
    lasts: Annotated[str, typer.Option("--for", help="How long it holds, as 90d.")] = "90d",
    who: Who = "",
) -> None:
    """Make a token and print it, alone on stdout; nobody can see it again.

    A program sends it as `Authorization: Bearer TOKEN`. It may never do more than the person, and
    nothing once the landscape does not name them.
    """
    settings = workbench.load(landscape)
    with workbench.opened_store(settings) as database:
        people, length = People(settings.people), read_length(lasts)
        made, secret = managing.add_token(
            database, people, name, label, may, length, acting(who), system_clock
        )
    typer.echo(f"token {made.number}, until {show_minute(made.expires_at)} UTC", err=True)
    typer.echo(secret)


@token.command("list")
def list_(
    landscape: LandscapeOption,
    all_: Annotated[bool, typer.Option("--all", help="Also those that hold no more.")] = False,
    as_json: AsJson = False,
) -> None:
    """List tokens: whose, what for, what they may, and when they were used."""
    now = system_clock()
    with (
        workbench.opened_store(workbench.load(landscape)) as database,
        database.read() as connection,
    ):
        found = [each for each in list_api_tokens(connection) if all_ or each.holds(now)]
    if as_json:
        typer.echo(json.dumps([token_as_json(each) for each in found], indent=2))
        return
    if not found:
        typer.echo("there is no token")
        return
    table = Table("token", "person", "for", "may", "until (UTC)", "used (UTC)", box=None)
    for each in found:
        until = f"{show_minute(each.expires_at)}{'' if each.holds(now) else ' (ended)'}"
        used = "never" if each.used_at is None else show_minute(each.used_at)
        may = ", ".join(sorted(each.permissions))
        cells = (str(each.number), each.name, each.label, may, until, used)
        table.add_row(*(Text(cell) for cell in cells))
    new_console().print(table)


@token.command("revoke")
def revoke(
    landscape: LandscapeOption,
    number: Annotated[int, typer.Argument(metavar="TOKEN", help="Its number.")],
    who: Who = "",
) -> None:
    """Make a token worth nothing, at once."""
    with workbench.opened_store(workbench.load(landscape)) as database:
        managing.revoke_token(database, number, acting(who), system_clock)
    typer.echo(f"token {number} is worth nothing any more")
