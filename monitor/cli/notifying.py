"""Commands about what people are told: notify preview and test."""

import json
from typing import Annotated

import typer

from alerts.blocks import compose_message
from alerts.examples import examples, marked_test
from alerts.incident_text import text_of
from monitor.cli import workbench
from monitor.cli.options import AsJson, LandscapeOption
from monitor.core.clock import system_clock
from monitor.core.errors import Permanent, Reason
from monitor.core.incidents import Message
from monitor.core.ports import LivingChannel
from monitor.incidents.circumstances import complete_message

notify = typer.Typer(
    help="See what people would be told, and try whether a channel gets through.",
    no_args_is_help=True,
)


@notify.command("preview")
def preview(
    landscape: LandscapeOption,
    incident: Annotated[
        int | None, typer.Argument(metavar="[INCIDENT]", help="Its number.")
    ] = None,
    example: Annotated[
        str, typer.Option(help="An incident that never was, in place of one that is.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Print what would be told of an incident, and send nothing.

    As text it is what mail and tickets say; with --json, what Slack is sent.
    """
    message = _example(example) if example else _standing(landscape, incident)
    if as_json:
        told = compose_message(message)
        typer.echo(json.dumps({"text": told.text, "blocks": told.blocks}, indent=2))
    else:
        typer.echo(text_of(message))


@notify.command("test")
def test(
    landscape: LandscapeOption,
    channel: Annotated[str, typer.Argument(help="Name of the channel in the landscape.")],
) -> None:
    """Send one message that says of itself that it is a test."""
    with workbench.opened_estate(landscape) as (estate, _):
        chosen = estate.channels.get(channel)
        if chosen is None:
            known = ", ".join(sorted(estate.channels)) or "none"
            raise typer.BadParameter(f"there is no channel '{channel}'; there are {known}")
        if not isinstance(chosen, LivingChannel):
            raise typer.BadParameter(f"'{channel}' tells machines of single breaks, not people")
        told = chosen.tell(marked_test(system_clock()), None)
    typer.echo(f"'{channel}' took it, as {told.reference or 'a message without a name'}")


def _example(name: str) -> Message:
    known = examples()
    if name not in known:
        raise typer.BadParameter(f"there is no example '{name}'; there are {', '.join(known)}")
    return known[name]


def _standing(landscape: LandscapeOption, number: int | None) -> Message:
    if number is None:
        raise typer.BadParameter("name an incident, or an --example")
    with workbench.opened_estate(landscape) as (estate, database):
        message = complete_message(estate, database, number, system_clock())
    if message is None:
        raise Permanent(f"there is no incident {number}", reason=Reason.NOT_FOUND)
    return message
