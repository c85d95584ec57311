"""Commands about what people are told: notify preview and test."""

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from alerts.blocks import compose_message
from alerts.examples import examples, marked_test
from alerts.incident_text import text_of
from monitor.app import build_estate
from monitor.cli import workbench
from monitor.cli.options import AsJson, LandscapeOption
from monitor.core.clock import system_clock
from monitor.core.drafts import Draft, Drafting
from monitor.core.errors import Permanent, Reason
from monitor.core.incidents import Message
from monitor.core.ports import Channel, LivingChannel
from monitor.estate import Estate
from monitor.incidents.circumstances import complete_message
from monitor.store.database import Database

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
    channel: Annotated[
        str, typer.Option(help="A channel of the landscape: what it would send, and its limits.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Print what would be told of an incident, and send nothing.

    Without a channel it is what mail and tickets say; with --json, what Slack is sent. With one,
    exit status 1 says that its other side would not take it.
    """
    with _at_hand(landscape, incident, example) as (estate, message):
        if channel:
            draft = _drafting(estate, channel).draft(message)
            _show(channel, draft, as_json=as_json)
            raise typer.Exit(0 if all(each.fits for each in draft.measures) else 1)
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
        chosen = _chosen(estate, channel)
        if not isinstance(chosen, LivingChannel):
            raise typer.BadParameter(f"'{channel}' tells machines of single breaks, not people")
        told = chosen.tell(marked_test(system_clock()), None)
    typer.echo(f"'{channel}' took it, as {told.reference or 'a message without a name'}")


@contextmanager
def _at_hand(landscape: Path, number: int | None, example: str) -> Iterator[tuple[Estate, Message]]:
    """The incident in the landscape's own words; an example needs no store."""
    if not example:
        with workbench.opened_estate(landscape) as (estate, database):
            yield estate, _standing(estate, database, number)
        return
    known = examples()
    if example not in known:
        raise typer.BadParameter(f"there is no example '{example}'; there are {', '.join(known)}")
    estate = build_estate(workbench.load(landscape), system_clock, calls_today={})
    with closing(estate):
        yield estate, estate.wording.apply(known[example])


def _standing(estate: Estate, database: Database, number: int | None) -> Message:
    if number is None:
        raise typer.BadParameter("name an incident, or an --example")
    message = complete_message(estate, database, number, system_clock())
    if message is None:
        raise Permanent(f"there is no incident {number}", reason=Reason.NOT_FOUND)
    return message


def _drafting(estate: Estate, name: str) -> Drafting:
    chosen = _chosen(estate, name)
    if not isinstance(chosen, Drafting):
        raise typer.BadParameter(f"the channel '{name}' cannot say what it would send")
    return chosen


def _chosen(estate: Estate, name: str) -> Channel | LivingChannel:
    chosen = estate.channels.get(name)
    if chosen is None:
        known = ", ".join(sorted(estate.channels)) or "none"
        raise typer.BadParameter(f"there is no channel '{name}'; there are {known}")
    return chosen


def _show(channel: str, draft: Draft, *, as_json: bool) -> None:
    if as_json:
        limits = [each._asdict() for each in draft.measures]
        document = {"channel": channel, "body": draft.body, "limits": limits}
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
        return
    is_text = isinstance(draft.body, str)
    typer.echo(draft.body if is_text else json.dumps(draft.body, indent=2, ensure_ascii=False))
    for each in draft.measures:
        verdict = "" if each.fits else ": too long"
        typer.echo(f"{each.what}: {each.size:,} of {each.limit:,}{verdict}", err=not each.fits)
