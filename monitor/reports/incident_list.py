"""Incidents on a terminal and as JSON."""

from collections.abc import Iterable
from typing import Any

from rich.table import Table
from rich.text import Text

from monitor.core.breaks import Severity
from monitor.core.incidents import Message
from monitor.core.model import encode_value
from monitor.core.showing import show_minute, show_money

_STYLES = {Severity.CRITICAL: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def incident_table(messages: Iterable[Message]) -> Table:
    """One line an incident; record content is text, never markup."""
    table = Table(header_style="bold", box=None, pad_edge=False)
    for heading in ("incident", "state"):
        table.add_column(heading, no_wrap=True)
    table.add_column("about", overflow="fold")
    table.add_column("breaks", justify="right", no_wrap=True)
    table.add_column("at risk", justify="right", no_wrap=True)
    for heading in ("owner", "with", "since (UTC)"):
        table.add_column(heading, no_wrap=True)
    for each in messages:
        incident = each.incident
        risk = "\n".join(show_money(each.money[code], code) for code in sorted(each.money))
        table.add_row(
            Text(str(incident.id)),
            Text(incident.state.value, style=_STYLES[incident.severity]),
            Text(each.title),
            Text(str(each.standing)),
            Text(risk),
            Text(", ".join(each.owners)),
            Text(incident.acknowledged_by),
            Text(show_minute(incident.opened_at)),
        )
    return table


def incident_as_json(message: Message) -> dict[str, Any]:
    """An incident with its history, for programs: money is text, instants are ISO 8601 in UTC."""
    incident = message.incident
    return {
        "id": incident.id,
        "title": message.title,
        "cause": incident.cause.kind.value,
        "about": incident.cause.about,
        "state": incident.state.value,
        "severity": incident.severity.value,
        "opened_at": encode_value(incident.opened_at),
        "resolved_at": encode_value(incident.resolved_at),
        "acknowledged_by": incident.acknowledged_by,
        "acknowledged_until": encode_value(incident.acknowledged_until),
        "standing": message.standing,
        "ever": message.ever,
        "money": {code: encode_value(message.money[code]) for code in sorted(message.money)},
        "owners": list(message.owners),
        "examples": list(message.examples),
        "blind": {str(stream): encode_value(at) for stream, at in message.blind.items()},
        "history": [
            {
                "at": encode_value(each.at),
                "kind": each.kind.value,
                "who": each.who,
                "why": each.why,
            }
            for each in message.history
        ],
        "link": message.link,
    }
