"""Audience: what routes and silences look at in an incident, and who hears of it."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from alerts.routing import Listener, listeners
from monitor.core.at_risk import Worth, sum_at_risk
from monitor.core.breaks import Finding, Severity
from monitor.core.model import FieldType, StreamId
from monitor.core.notices import NoticeKind
from monitor.core.routes import Subject
from monitor.core.silences import Label, Labels, Silence
from monitor.estate import Estate
from monitor.store.cohorts import load_deals
from monitor.store.database import Connection
from monitor.store.incident_contents import Stake

_FIELD = "legal_entity"

Deal = tuple[str, str]
"""A flow and the business key of one of its transactions."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What stands in an incident.

    Attributes:
        stakes: its breaks.
        blind: streams that cannot be seen, and since when.
        entities: by deal, of these and others, the companies of the firm that it belongs to; only
            where asked for.
    """

    stakes: Sequence[Stake]
    blind: Mapping[StreamId, datetime]
    entities: Mapping[Deal, AbstractSet[str]]

    @property
    def is_empty(self) -> bool:
        """Whether nothing stands."""
        return not self.stakes and not self.blind


def contents_of(
    connection: Connection,
    estate: Estate,
    stakes: Mapping[int, Sequence[Stake]],
    blind: Mapping[int, Mapping[StreamId, datetime]],
    silences: Iterable[Silence] = (),
) -> dict[int, Contents]:
    """What stands in incidents; companies are looked up only where somebody asks for them."""
    asked = estate.routing.asks_for_legal_entities or any(
        matcher.label is Label.LEGAL_ENTITY for each in silences for matcher in each.matchers
    )
    deals = {(it.flow, it.transaction) for each in stakes.values() for it in each}
    entities = legal_entities(connection, estate, deals if asked else set())
    return {number: Contents(each, blind[number], entities) for number, each in stakes.items()}


def companies_of(
    connection: Connection, estate: Estate, findings: Iterable[Finding]
) -> dict[Deal, AbstractSet[str]]:
    """The companies that the deals of some findings belong to, where any route asks for them."""
    if not estate.routing.asks_for_legal_entities:
        return {}
    return legal_entities(connection, estate, {(it.flow, it.transaction) for it in findings})


def legal_entities(
    connection: Connection, estate: Estate, deals: AbstractSet[Deal]
) -> dict[Deal, AbstractSet[str]]:
    """The companies that the records of some deals name."""
    fields = {
        stream: {_FIELD: FieldType.TEXT}
        for stream, kinds in estate.fields.items()
        if _FIELD in kinds
    }
    found: dict[Deal, AbstractSet[str]] = {}
    for flow in sorted({flow for flow, _ in deals}):
        keys = [key for name, key in deals if name == flow]
        for frame in load_deals(connection, flow, keys, fields).values():
            pairs = frame.select("_transaction", _FIELD).drop_nulls().unique()
            for key, name in pairs.iter_rows():
                found[flow, key] = {*found.get((flow, key), ()), name}
    return found


def money_of(stakes: Iterable[Stake]) -> dict[str, Decimal]:
    """At risk by currency."""
    return sum_at_risk(
        Worth(it.flow, it.transaction, it.currency, it.value_at_risk) for it in stakes
    )


def listeners_of(
    estate: Estate,
    contents: Contents,
    severity: Severity,
    kinds: Iterable[NoticeKind],
    now: datetime,
) -> tuple[Listener, ...]:
    """Who hears of an incident, as urgent as it is judged and with all the money at risk."""
    money = tuple(sorted(money_of(contents.stakes).items()))
    subjects = {
        Subject(kind, severity, each.kind, each.system, each.owner, money, entities)
        for each in contents.stakes
        for kind in kinds
        for entities in [frozenset(contents.entities.get((each.flow, each.transaction), ()))]
    }
    subjects |= {
        Subject(NoticeKind.BLIND, severity, None, stream.system, _holder(estate, stream))
        for stream in contents.blind
    }
    found: dict[tuple[str, str], Listener] = {}
    for subject in subjects:
        for each in listeners(subject, estate.routing, now):
            place = (each.channel, each.chain)
            found[place] = min(each, found.get(place, each))
    return tuple(found[place] for place in sorted(found))


def labels_of(estate: Estate, contents: Contents, severity: Severity) -> list[Labels]:
    """What silences look at, of each thing that stands; the same is said once."""
    distinct = {
        (each.owner, each.system, each.kind.value, each.flow, each.transaction)
        for each in contents.stakes
    }
    labels: list[Labels] = [
        {
            Label.OWNER: [owner],
            Label.SYSTEM: [system],
            Label.KIND: [kind],
            Label.SEVERITY: [severity.value],
            Label.KEY: [key],
            Label.LEGAL_ENTITY: sorted(contents.entities.get((flow, key), ())),
        }
        for owner, system, kind, flow, key in sorted(distinct)
    ]
    labels += [
        {
            Label.OWNER: [_holder(estate, stream)],
            Label.SYSTEM: [stream.system],
            Label.KIND: [NoticeKind.BLIND.value],
            Label.SEVERITY: [severity.value],
            Label.KEY: [str(stream)],
        }
        for stream in sorted(contents.blind)
    ]
    return labels


def owners_of(estate: Estate, contents: Contents) -> tuple[str, ...]:
    """Who holds what stands, whoever holds the most urgent and dearest first."""
    urgent = {Severity.CRITICAL: 0, Severity.WARNING: 1, Severity.INFO: 2}
    ranked = sorted(
        contents.stakes,
        key=lambda each: (urgent[each.severity], -(each.value_at_risk or 0), each.fingerprint),
    )
    names = [each.owner for each in ranked]
    names += [_holder(estate, stream) for stream in sorted(contents.blind)]
    return tuple(dict.fromkeys(name for name in names if name))


def _holder(estate: Estate, stream: StreamId) -> str:
    return estate.owners.get(stream.system, "")
