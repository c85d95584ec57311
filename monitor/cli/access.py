"""The command that says who may do what: access review."""

import json
from collections.abc import Iterator

import typer
from rich.table import Table
from rich.text import Text

from monitor.accounts.reviewing import Access, review_access
from monitor.cli import workbench
from monitor.cli.exits import Exit
from monitor.cli.options import AsJson, LandscapeOption, new_console
from monitor.core.clock import system_clock
from monitor.core.people import People
from monitor.core.showing import show_minute

access = typer.Typer(help="Who may do what, and who did.", no_args_is_help=True)


@access.command("review")
def review(landscape: LandscapeOption, as_json: AsJson = False) -> None:
    """List everybody with their roles, what those grant, log-ins and tokens, and what to ask about.

    Exit status 1 where there is something to ask about.
    """
    settings = workbench.load(landscape)
    with workbench.opened_store(settings) as database:
        found = review_access(database, People(settings.people), system_clock())
    if as_json:
        typer.echo(json.dumps([each.as_json() for each in found], indent=2))
    else:
        table = Table("person", "roles", "may", "sees", "log-in (UTC)", "tokens", "ask", box=None)
        for each in found:
            table.add_row(*(Text(cell) for cell in _cells(each)))
        new_console().print(table)
    raise typer.Exit(Exit.BREAKS if any(each.remarks for each in found) else Exit.IN_ORDER)


def _cells(each: Access) -> Iterator[str]:
    yield each.name
    yield ", ".join(each.roles)
    yield ", ".join(sorted(each.person.permissions)) if each.person else "nothing"
    yield _sees(each)
    yield _log_in(each)
    yield ", ".join(
        f"{token.number} until {show_minute(token.expires_at)}" for token in each.tokens
    )
    yield "; ".join(each.remarks)


def _sees(each: Access) -> str:
    if each.person is None:
        return "nothing"
    settings = each.person.settings
    return ", ".join((*settings.legal_entities, *settings.regions)) or "everything"


def _log_in(each: Access) -> str:
    if each.account is None:
        return "no password"
    at = each.account.logged_in_at
    return "never" if at is None else show_minute(at)
