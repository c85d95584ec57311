"""Commands about incidents: list them, and say that somebody looks after one."""

import json
from typing import Annotated

import typer

from monitor.cli import workbench
from monitor.cli.exits import Exit
from monitor.cli.options import AsJson, LandscapeOption, new_console
from monitor.core.clock import system_clock
from monitor.core.incidents import IncidentState
from monitor.core.streams import read_duration
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
    if not who.strip():
        raise typer.BadParameter("--who must not be empty")
    with workbench.opened_estate(landscape) as (estate, database):
        try:
            time = read_duration(lasts) if lasts else estate.incidents.acknowledged_for
        except ValueError as error:
            raise typer.BadParameter(f"--for: {error}") from None
        done = note_acknowledgement(database, incident, who.strip(), time, system_clock)
    typer.echo(
        f"{done.acknowledged_by} looks after incident {done.id} until"
        f" {done.acknowledged_until:%Y-%m-%d %H:%M} UTC"
    )
