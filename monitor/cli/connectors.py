"""The command about kinds of systems: which there are, what they can do, how they are proven."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from monitor.cli.exits import Exit
from monitor.cli.options import AsJson, new_console
from probes.definitions.listing import Ability, Connector
from probes.definitions.listing import connectors as list_connectors


def connectors(
    name: Annotated[str, typer.Argument(help="One of them, in full.")] = "",
    as_json: AsJson = False,
) -> None:
    """List the ready definitions that a system may `use`, what each can do, how it is proven.

    Tier A: against the system itself; B: against a stand-in that the vendor's or its community's
    client library uses unmodified; C: fits the vendor's published specification; D: from
    documentation alone, unverified.
    """
    found = [each for each in list_connectors() if name in ("", each.name)]
    if not found:
        typer.echo(f"there is no definition '{name}'; tieout connectors lists them", err=True)
        raise typer.Exit(Exit.REFUSED)
    if as_json:
        typer.echo(json.dumps([_as_json(each) for each in found], indent=2))
    elif name:
        typer.echo(_in_full(found[0]))
    else:
        new_console().print(_table(found))


def _table(found: list[Connector]) -> Table:
    table = Table("use", "system", *Ability, "tier", box=None)
    for each in found:
        able = ("yes" if ability in each.abilities else "-" for ability in Ability)
        table.add_row(*(Text(cell) for cell in (each.name, each.title, *able, each.tier)))
    return table


def _in_full(connector: Connector) -> str:
    lines = [
        f"{connector.name}: {connector.title}",
        f"proven: tier {connector.tier.value}, {connector.proof}",
        f"can: {', '.join(each for each in Ability if each in connector.abilities)}",
        "streams:",
        *(f"  {stream}: {entity}" for stream, entity in connector.streams.items()),
    ]
    if connector.needs:
        lines += ["needs, under 'values':"]
        lines += [f"  {value}: {what}" for value, what in connector.needs.items()]
    if connector.values:
        lines += ["may be given, under 'values':"]
        lines += [f"  {value}: otherwise {usual}" for value, usual in connector.values.items()]
    if connector.notes:
        lines += ["to know:", *(f"  - {note}" for note in connector.notes)]
    return "\n".join(lines)


def _as_json(connector: Connector) -> dict[str, object]:
    able = [ability.value for ability in Ability if ability in connector.abilities]
    return {**asdict(connector), "abilities": able}
