"""Commands by which people decide what not to hear of: baseline, ignore, ignores."""

import json
from datetime import datetime
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from monitor.cli import workbench
from monitor.cli.exits import Exit
from monitor.cli.moments import read_instant
from monitor.cli.options import AsJson, LandscapeOption, LandscapePath, new_console
from monitor.core.breaks import LIVE_STATES, Break
from monitor.core.clock import system_clock
from monitor.core.ignores import Decision, Pattern
from monitor.ignoring import decide, decide_baseline, withdraw
from monitor.reports.ignored import decided_as_json, ignore_as_json, tell_decided, tell_ignore
from monitor.store.breaks import find_break
from monitor.store.database import Database
from monitor.store.ignores import list_ignores

Owner = Annotated[str, typer.Option(help="Who answers for it.")]
WhyText = Annotated[str, typer.Option("--reason", help="Why, in one sentence.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what it would come to.")]


def baseline(
    landscape: LandscapePath,
    owner: Owner,
    reason: WhyText,
    until: Annotated[
        str, typer.Option(help="ISO 8601 day or instant at which all of it is heard again.")
    ] = "",
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Let nobody hear of the breaks that stand today; what is new, or gets worse, is heard.

    Each break is ignored as it stands: one that comes to say something else, or comes back after it
    was gone, is heard again.
    """
    ends = _read_end(until) if until else None
    decision = Decision(_said(owner, "owner"), _said(reason, "reason"), ends, is_baseline=True)
    with workbench.opened_estate(landscape) as (estate, database):
        done = decide_baseline(estate, database, decision, system_clock, dry_run=dry_run)
    if as_json:
        typer.echo(json.dumps(decided_as_json(done), indent=2))
        return
    console = new_console()
    for line in tell_decided(done, dry_run=dry_run):
        console.print(line)


def ignore(
    landscape: LandscapeOption,
    owner: Owner,
    reason: WhyText,
    breaks: Annotated[
        list[str] | None,
        typer.Argument(metavar="[BREAK]...", help="Identifiers of breaks, or their starts."),
    ] = None,
    until: Annotated[str, typer.Option(help="ISO 8601 day or instant at which it ends.")] = "",
    rule: Annotated[str, typer.Option(help="All breaks of this rule; * stands for any text.")] = "",
    system: Annotated[str, typer.Option(help="All breaks in this system, likewise.")] = "",
    field: Annotated[str, typer.Option(help="All breaks of this field, likewise.")] = "",
    deal: Annotated[str, typer.Option(help="All breaks of this deal, likewise.")] = "",
    end: Annotated[int | None, typer.Option(help="Number of an ignore to end now.")] = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Let nobody hear of some breaks until a day, or end that before its time.

    A break that is named is ignored as it stands; one that gets worse, or comes back, is heard. A
    pattern (all of its conditions) also covers breaks that come later. Ignored breaks stand, are
    counted and are listed.
    """
    who, why = _said(owner, "owner"), _said(reason, "reason")
    if end is not None:
        if breaks or until or dry_run or any((rule, system, field, deal)):
            raise typer.BadParameter("--end goes with --owner and --reason alone")
        with workbench.opened_estate(landscape) as (estate, database):
            done = withdraw(estate, database, end, who, why, system_clock)
    else:
        pattern = Pattern(rule, system, field, deal)
        if not breaks and pattern == Pattern():
            raise typer.BadParameter("name breaks, or give a rule, a system, a field or a deal")
        if not until:
            raise typer.BadParameter("say with --until when it ends: nothing is ignored for ever")
        decision = Decision(who, why, _read_end(until), pattern)
        with workbench.opened_estate(landscape) as (estate, database):
            named = _find(database, breaks or [])
            done = decide(estate, database, decision, named, system_clock, dry_run=dry_run)
    if as_json:
        typer.echo(json.dumps(decided_as_json(done), indent=2))
        return
    console = new_console()
    for line in tell_decided(done, dry_run=dry_run):
        console.print(line)


def ignores(
    landscape: LandscapeOption,
    all_: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    as_json: AsJson = False,
) -> None:
    """List what is ignored, by whom, why and until when."""
    now = system_clock()
    with workbench.opened_estate(landscape) as (_, database), database.read() as connection:
        found = list_ignores(connection, None if all_ else now)
    if as_json:
        typer.echo(json.dumps([ignore_as_json(each, now) for each in found], indent=2))
        return
    if not found:
        typer.echo("nothing is ignored")
        return
    table = Table("ignore", "what", "owner", "until (UTC)", "reason", box=None, header_style="bold")
    for each in found:
        table.add_row(*(Text(cell) for cell in tell_ignore(each, now)))
    new_console().print(table)


def _find(database: Database, prefixes: list[str]) -> list[Break]:
    found = {}
    with database.read() as connection:
        for prefix in prefixes:
            each = find_break(connection, prefix) if prefix else None
            if each is None:
                typer.echo(f"no break is called '{prefix}'", err=True)
                raise typer.Exit(Exit.REFUSED)
            if each.state not in LIVE_STATES:
                typer.echo(f"{each.id} does not stand: it is {each.state.value}", err=True)
                raise typer.Exit(Exit.REFUSED)
            found[each.fingerprint] = each
    return list(found.values())


def _read_end(text: str) -> datetime:
    end = read_instant(text)
    if end <= system_clock():
        raise typer.BadParameter("--until must lie ahead")
    return end


def _said(text: str, name: str) -> str:
    if not text.strip():
        raise typer.BadParameter(f"--{name} must not be empty")
    return text.strip()
