"""Commands by which people can log in: user password, lock, unlock, list, sessions, log-out."""

import getpass
import json
import sys
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from monitor.accounts import managing
from monitor.accounts.reviewing import review_access
from monitor.cli import workbench
from monitor.cli.options import AsJson, LandscapeOption, new_console
from monitor.core.accounts import Account
from monitor.core.clock import system_clock
from monitor.core.model import encode_value
from monitor.core.people import People
from monitor.core.showing import show_minute
from monitor.store.sessions import list_sessions

user = typer.Typer(
    help="Let people log in to the page, whom the landscape names under `people`.",
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="As the landscape has it.")]
Who = Annotated[str, typer.Option(help="Who does this; else who is logged in here.")]


def acting(who: str) -> str:
    """Who is noted in the audit log."""
    return who.strip() or getpass.getuser()


@user.command("password")
def password(landscape: LandscapeOption, name: Name, who: Who = "") -> None:
    """Set somebody's password, and end their sessions.

    It is asked for twice; or it is the first line of stdin, where that is no terminal.
    """
    settings = workbench.load(landscape)
    chosen = _ask_for_password() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\r\n")
    with workbench.opened_store(settings) as database:
        ended = managing.change_password(
            database, People(settings.people), name, chosen, acting(who), system_clock
        )
    typer.echo(f"{name} logs in with the new password; {_sessions(ended)} ended")


@user.command("lock")
def lock(landscape: LandscapeOption, name: Name, who: Who = "") -> None:
    """Let nobody log in as somebody, at once; their tokens are worth nothing while it lasts."""
    with workbench.opened_store(workbench.load(landscape)) as database:
        ended = managing.lock(database, name, acting(who), system_clock)
    typer.echo(f"{name} cannot log in; {_sessions(ended)} ended")


@user.command("unlock")
def unlock(landscape: LandscapeOption, name: Name, who: Who = "") -> None:
    """Let somebody log in again, after `user lock` or after too many attempts."""
    with workbench.opened_store(workbench.load(landscape)) as database:
        managing.unlock(database, name, acting(who), system_clock)
    typer.echo(f"{name} can log in")


@user.command("list")
def list_(landscape: LandscapeOption, as_json: AsJson = False) -> None:
    """List the people of the landscape, and who of them can log in."""
    settings = workbench.load(landscape)
    with workbench.opened_store(settings) as database:
        found = review_access(database, People(settings.people), system_clock())
    if as_json:
        typer.echo(json.dumps([each.as_json() for each in found], indent=2))
        return
    table = Table("person", "roles", "log-in", "last (UTC)", box=None, header_style="bold")
    for each in found:
        roles = ", ".join(each.roles) or "not in the landscape"
        cells = (each.name, roles, _state(each.account), _last(each.account))
        table.add_row(*(Text(cell) for cell in cells))
    new_console().print(table)


@user.command("sessions")
def sessions(landscape: LandscapeOption, as_json: AsJson = False) -> None:
    """List who is logged in now, since when, and when they were seen."""
    now = system_clock()
    with (
        workbench.opened_store(workbench.load(landscape)) as database,
        database.read() as connection,
    ):
        found = [each for each in list_sessions(connection) if each.holds(now)]
    if as_json:
        told = [
            {
                "name": each.name,
                "made_at": encode_value(each.made_at),
                "seen_at": encode_value(each.seen_at),
                "ends_at": encode_value(each.ends_at),
            }
            for each in found
        ]
        typer.echo(json.dumps(told, indent=2))
        return
    if not found:
        typer.echo("nobody is logged in")
        return
    table = Table("person", "since (UTC)", "seen (UTC)", "until (UTC)", box=None)
    for each in found:
        moments = (each.made_at, each.seen_at, each.ends_at)
        table.add_row(Text(each.name), *(show_minute(moment) for moment in moments))
    new_console().print(table)


@user.command("log-out")
def log_out(landscape: LandscapeOption, name: Name, who: Who = "") -> None:
    """End every session of somebody."""
    with workbench.opened_store(workbench.load(landscape)) as database:
        ended = managing.log_out_everywhere(database, name, acting(who), system_clock)
    typer.echo(f"{_sessions(ended)} of {name} ended")


def _ask_for_password() -> str:
    chosen: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return chosen


def _sessions(count: int) -> str:
    return f"{count} session{'' if count == 1 else 's'}"


def _state(account: Account | None) -> str:
    if account is None:
        return "no password"
    return "can log in" if account.locked_at is None else "locked"


def _last(account: Account | None) -> str:
    at = None if account is None else account.logged_in_at
    return "never" if at is None else show_minute(at)
