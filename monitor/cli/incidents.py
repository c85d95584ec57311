"""Commands about incidents: list them, and say that somebody looks after one."""

import json
from datetime import timedelta
from typing import Annotated

import typer

from monitor.cli import workbench
from monitor.cli.exits import Exit
from monitor.cli.options import AsJson, LandscapeOption, new_console
from monitor.core.clock import system_clock
from monitor.core.incidents import Incident, IncidentState
from monitor.core.streams import read_duration
from monitor.estate import Estate
from monitor.incidents import handling
from monitor.incidents.handling import acknowledge as note_acknowledgement
from monitor.incidents.viewing import message_of
from monitor.reports.incident_list import incident_as_json, incident_table
from monitor.store.incidents import list_incidents


def incidents(
    landscape: LandscapeOption,
    all_: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the incidents that stand, the newest first: breaks of one cause are one incident.

    Exit status 1 if any stands.
    """
    standing = [IncidentState.OPEN, IncidentState.ACKNOWLEDGED]
    states = list(IncidentState) if all_ else standing
    with workbench.opened_estate(landscape) as (estate, database), database.read() as connection:
        found = [
            message
            for each in list_incidents(connection, states)
            if (message := message_of(connection, estate, each.id)) is not None
        ]
    if as_json:
        typer.echo(json.dumps([incident_as_json(each) for each in found], indent=2))
    elif found:
        new_console().print(incident_table(found))
    else:
        typer.echo("no incidents stand")
    is_any = any(each.incident.state is not IncidentState.RESOLVED for each in found)
    raise typer.Exit(Exit.BREAKS if is_any else Exit.IN_ORDER)


def acknowledge(
    landscape: LandscapeOption,
    incident: Annotated[int, typer.Argument(help="Number of the incident.")],
    who: Annotated[str, typer.Option(help="Who looks after it.")],
    lasts: Annotated[
        str, typer.Option("--for", help="How long, as 4h; the landscape's own time if not given.")
    ] = "",
) -> None:
    """Say that somebody looks after an incident; every channel shows it until that lapses."""
    name = _name(who, "--who")
    with workbench.opened_estate(landscape) as (estate, database):
        time = _time(lasts, estate)
        done = note_acknowledgement(database, incident, name, time, system_clock)
    typer.echo(_held(done))


def assign(
    landscape: LandscapeOption,
    incident: Annotated[int, typer.Argument(help="Number of the incident.")],
    to: Annotated[str, typer.Option(help="Who shall look after it.")],
    who: Annotated[str, typer.Option(help="Who says so.")],
    lasts: Annotated[
        str, typer.Option("--for", help="How long, as 4h; the landscape's own time if not given.")
    ] = "",
) -> None:
    """Give an incident to somebody; every channel shows it until that lapses."""
    name, by = _name(to, "--to"), _name(who, "--who")
    with workbench.opened_estate(landscape) as (estate, database):
        time = _time(lasts, estate)
        done = handling.assign(database, incident, name, by, time, system_clock)
    typer.echo(_held(done))


def snooze(
    landscape: LandscapeOption,
    incident: Annotated[int, typer.Argument(help="Number of the incident.")],
    lasts: Annotated[str, typer.Option("--for", help="How long it can wait, as 4h.")],
    who: Annotated[str, typer.Option(help="Who says so, and looks after it.")],
) -> None:
    """Let an incident wait: nobody is called for it until then."""
    name = _name(who, "--who")
    with workbench.opened_estate(landscape) as (estate, database):
        until = system_clock() + _time(lasts, estate)
        done = handling.snooze(database, incident, name, until, system_clock)
    typer.echo(_held(done))


def _name(text: str, option: str) -> str:
    if not text.strip():
        raise typer.BadParameter(f"{option} must not be empty")
    return text.strip()


def _time(text: str, estate: Estate) -> timedelta:
    """As given; the landscape's own where nothing is."""
    try:
        return read_duration(text) if text else estate.incidents.acknowledged_for
    except ValueError as error:
        raise typer.BadParameter(f"--for: {error}") from None


def _held(done: Incident) -> str:
    return (
        f"{done.acknowledged_by} looks after incident {done.id} until"
        f" {done.acknowledged_until:%Y-%m-%d %H:%M} UTC"
    )
