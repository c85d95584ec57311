"""Explain: gather from the store all that can be said of one break."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from monitor.core.breaks import LIVE_STATES, Break, BreakState, Finding
from monitor.core.corrections import Refusal
from monitor.core.flows import RuleSettings
from monitor.core.ignores import Ignore
from monitor.core.lifecycle import CORRECTABLE_STATES
from monitor.core.showing import show_text
from monitor.estate import Estate, Flow
from monitor.explaining.cohorts import Cohort, find_cohorts
from monitor.explaining.explanation import Explanation, Side
from monitor.explaining.origin import Cause, Origin, find_origin
from monitor.explaining.remedy import propose
from monitor.explaining.traits import HOP, crossing, crossings, dimensions_of, traits_of
from monitor.explaining.words import describe_rule, say_before, say_why
from monitor.store import breaks
from monitor.store.cohorts import load_deals, sample_keys
from monitor.store.database import Connection, Database
from monitor.store.ignores import load_in_force
from monitor.store.plans import plans_of_break
from monitor.store.refusals import refusals_of
from monitor.store.trace import TracedRecord, records_of

MOST_COMPARED = 4_000
"""Deals, broken ones and others, that are looked at for what they share."""


def explain(
    estate: Estate, database: Database, prefix: str, now: datetime, *, in_full: bool = True
) -> Explanation | None:
    """Explain the break whose identifier starts so; None where there is none.

    Args:
        estate: the landscape made ready.
        database: the store.
        prefix: how the break's fingerprint starts.
        now: the present.
        in_full: find out since when by asking the rule of past instants, and what it shares
            with others by comparing thousands of deals; both take a moment.

    Raises:
        Permanent: more than one break does, or the store failed.
        Transient: the store failed.
    """
    with database.read() as connection:
        subject = breaks.find_break(connection, prefix)
        if subject is None:
            return None
        found = subject.finding
        flow = next((each for each in estate.flows if each.name == found.flow), None)
        ignore = _ignore_of(connection, subject, now)
        sides = () if flow is None else _sides(connection, flow, found)
        cohorts, broken, compared = (
            _cohorts(connection, flow, estate, found) if in_full else ((), 0, 0)
        )
        refusals = _refusals(connection, subject)
        plans = plans_of_break(connection, subject.fingerprint)
    if flow is None or not in_full:
        origin = Origin(Cause.NOT_REPEATED, found.since)
    else:
        origin = find_origin(found, flow, estate, database, now)
    source = _source_of(found, flow)
    keys = f"{flow.key} {found.transaction}" if flow is not None else ""
    return Explanation(
        subject=subject,
        why=say_why(found, source),
        sides=sides,
        rule=describe_rule(found.rule, _settings_of(estate, found)),
        origin=origin,
        before=say_before(found, origin),
        cohorts=cohorts,
        broken=broken,
        compared=compared,
        remedy=propose(found, source, keys),
        ignore=ignore,
        refusals=refusals,
        plans=plans,
    )


def _ignore_of(connection: Connection, subject: Break, now: datetime) -> Ignore | None:
    if subject.state is not BreakState.SUPPRESSED:
        return None
    return load_in_force(connection, now, [subject.fingerprint]).covering(subject)


def _refusals(connection: Connection, subject: Break) -> list[Refusal]:
    """Why nothing was done about a break that something could be done about."""
    if subject.state not in CORRECTABLE_STATES:
        return []
    found = refusals_of(connection, subject.fingerprint)
    return [replace(each, why=each.why.removeprefix(f"{subject.id}: ")) for each in found]


def _settings_of(estate: Estate, found: Finding) -> RuleSettings | None:
    for flow in estate.flows:
        if flow.name == found.flow:
            return flow.settings.get(found.rule)
    watches = {each.watch.name: each.settings for each in estate.lookouts}
    return watches.get(found.rule)


def _source_of(found: Finding, flow: Flow | None) -> str:
    """The stream that the expected value is from; empty where it is no single stream's."""
    for hop in () if flow is None else flow.hand_offs:
        if hop.name == found.rule:
            return str(hop.source)
    left, arrow, right = found.hop.partition(" -> ")
    if not arrow or ", " in left:
        return ""
    return right if left == f"{found.system}.{found.stream}" else left


def _sides(connection: Connection, flow: Flow, found: Finding) -> tuple[Side, ...]:
    """What each record of the streams that the rule looks at says of the field."""
    needs = next((rule.needs for rule in flow.rules if rule.name == found.rule), frozenset())
    return tuple(
        Side(each.stream, each.native_id, _value(each.fields, found.field))
        for each in records_of(connection, flow.name, found.transaction)
        if each.stream in needs and not each.deleted and _is_told(each, found)
    )


def _is_told(each: TracedRecord, found: Finding) -> bool:
    """Records that say something of the field; of no field, the business objects."""
    return each.fields.get(found.field) is not None if found.field else each.entity != "message"


def _value(fields: Mapping[str, Any], name: str) -> str | None:
    return show_text(fields.get(name)) if name else None


def _cohorts(
    connection: Connection, flow: Flow | None, estate: Estate, found: Finding
) -> tuple[Sequence[Cohort], int, int]:
    """What the deal shares with others that have breaks of this kind, and how many were seen."""
    if flow is None:
        return (), 0, 0
    alike = breaks.list_breaks(
        connection, flow=flow.name, states=LIVE_STATES, kinds=[found.kind], limit=MOST_COMPARED
    )
    findings = {each.fingerprint: each.finding for each in alike} | {found.fingerprint: found}
    hops = {(each.transaction, each.hop) for each in findings.values() if each.hop}
    broken = {each.transaction for each in findings.values()}
    sampled = sample_keys(connection, flow.name, MOST_COMPARED)
    dimensions = dimensions_of(estate.sources)
    fields = {stream: dimensions.get(stream, {}) for stream in estate.sources}
    frames = load_deals(connection, flow.name, broken.union(sampled), fields)
    by_trait = find_cohorts(
        found.transaction, traits_of(broken, frames), traits_of(sampled, frames)
    )
    ways = crossings(flow, {hop for _, hop in hops}, frames)
    by_hop = find_cohorts(
        crossing(found.transaction, found.hop),
        {crossing(*each): {HOP: frozenset({each[1]})} for each in hops},
        ways,
    )
    return (*by_trait, *by_hop), len(broken), len(sampled)
