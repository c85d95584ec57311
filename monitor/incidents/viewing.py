"""View: an incident as it stands, from stored rows, complete for any channel and for the page."""

from collections.abc import Sequence
from decimal import Decimal

from alerts.compose import MAX_TITLE, brief_title, notice_of
from alerts.escaping import cut
from alerts.headline import headline
from monitor.core.at_risk import Worth, sum_at_risk
from monitor.core.breaks import Break, BreakState, Severity, Transition, TransitionKind
from monitor.core.incidents import CauseKind, Incident, IncidentState, Message
from monitor.core.notices import Notice
from monitor.estate import Estate
from monitor.incidents.audience import Contents, money_of, owners_of
from monitor.store import incidents, tellings
from monitor.store.database import Connection
from monitor.store.incident_contents import (
    blind_streams_of,
    breaks_of,
    count_ever,
    last_break_of,
    stakes_of,
)
from monitor.store.silences import silenced_by

EXAMPLES = 10
"""Breaks that a message names; the page has all of them."""

_URGENT_FIRST = (Severity.CRITICAL, Severity.WARNING, Severity.INFO)


def message_of(connection: Connection, estate: Estate, number: int) -> Message | None:
    """The incident with this number as it stands; None where there is none."""
    incident = incidents.load_incident(connection, number)
    if incident is None:
        return None
    if incident.cause.kind in (CauseKind.STORM, CauseKind.SILENCE):
        return _digest(connection, estate, incident)
    standing, ever = breaks_of(connection, number)
    shown = standing or _last(connection, incident)
    drafts = (_notice(estate, each) for each in _worst_first(shown))
    notices = [each for each in drafts if each is not None]
    blind = blind_streams_of(connection, [number])[number]
    worst = notices[0] if notices else None
    return Message(
        incident=incident,
        title=cut(headline(incident, worst, len(standing), blind, estate.titles), MAX_TITLE),
        worst=worst,
        standing=len(standing),
        ever=ever,
        examples=tuple(map(brief_title, notices[:EXAMPLES])) if len(standing) > 1 else (),
        money=_money(standing),
        owners=tuple(dict.fromkeys(each.owner for each in notices if each.owner)),
        history=incidents.events_of(connection, number),
        blind=blind,
        link=worst.link if worst and (len(standing) or ever) == 1 else _front(estate),
    )


def _digest(connection: Connection, estate: Estate, incident: Incident) -> Message:
    """What a channel is not told one by one; it looks closely at a few, however many there are."""
    held = incidents_held(connection, incident)
    first = [message_of(connection, estate, number) for number in held[:EXAMPLES]]
    stakes = [it for each in stakes_of(connection, held).values() for it in each]
    return Message(
        incident=incident,
        title=headline(incident, None, len(held), {}, estate.titles),
        worst=None,
        standing=len(stakes),
        ever=count_ever(connection, held),
        examples=tuple(part.title for part in first if part is not None),
        money=money_of(stakes),
        owners=owners_of(estate, Contents(stakes, {}, {})),
        history=incidents.events_of(connection, incident.id),
        blind={},
        link=_front(estate),
    )


def incidents_held(connection: Connection, digest: Incident) -> Sequence[int]:
    """The incidents that a digest stands for."""
    if digest.cause.kind is CauseKind.SILENCE:
        return silenced_by(connection, int(digest.cause.about), resolved=True)
    if digest.state is IncidentState.RESOLVED:
        return ()
    return tellings.held_incidents(connection, digest.cause.about)


def _last(connection: Connection, incident: Incident) -> list[Break]:
    last = last_break_of(connection, incident.id)
    return [] if last is None else [last]


def _worst_first(standing: Sequence[Break]) -> list[Break]:
    def urgency(each: Break) -> tuple[int, Decimal, str]:
        risk = each.finding.value_at_risk or Decimal(0)
        return _URGENT_FIRST.index(each.finding.severity), -risk, each.fingerprint

    return sorted(standing, key=urgency)


def _notice(estate: Estate, each: Break) -> Notice | None:
    """What would be told of a break alone."""
    is_over = each.state is BreakState.RESOLVED
    kind = TransitionKind.RESOLVED if is_over else TransitionKind.OPENED
    at = (each.resolved_at if is_over else each.opened_at) or each.suspected_at
    return notice_of(Transition(kind, each, None, at, ""), estate.address, estate.titles)


def _money(standing: Sequence[Break]) -> dict[str, Decimal]:
    found = (each.finding for each in standing)
    return sum_at_risk(
        Worth(it.flow, it.transaction, it.currency, it.value_at_risk) for it in found
    )


def _front(estate: Estate) -> str:
    return f"{estate.address}/" if estate.address else ""
