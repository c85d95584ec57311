"""Assess: what the rules say of some transactions, all read from one snapshot of the store."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl
import structlog

from monitor.core.breaks import Break, Finding
from monitor.core.entities import EntityFields
from monitor.core.errors import Permanent
from monitor.core.ignores import Ignores
from monitor.core.model import StreamId
from monitor.core.ports import Deadline, Rule, Scope, Verdict
from monitor.estate import Estate, Flow
from monitor.sight import Sight
from monitor.store import breaks, touches, turns
from monitor.store.database import Database
from monitor.store.frames import frames_of
from monitor.store.ignores import load_in_force
from monitor.store.neighbourhood import explore
from reconcilers.correlate import correlate, crowded_keys

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the rules say of some transactions, all read from one snapshot of the store.

    Attributes:
        before: the links that the records had, as stored.
        links: which record, of which stream, belongs to which transaction, as of now.
        touches: marks that this look answers.
        transactions: every transaction that has, or had, one of the records.
        frames: their records by stream.
        findings: breaks that stand.
        deadlines: when silence turns into a finding.
        judged: rules that could be asked.
        known: breaks of these transactions by fingerprint, as stored.
        ignores: what people decided not to hear of, and is in force.
        turn: how often the flow had been settled before the snapshot.
    """

    before: pl.DataFrame
    links: pl.DataFrame
    touches: frozenset[int]
    transactions: frozenset[str]
    frames: Mapping[StreamId, pl.DataFrame]
    findings: tuple[Finding, ...]
    deadlines: tuple[Deadline, ...]
    judged: frozenset[str]
    known: Mapping[str, Break]
    ignores: Ignores
    turn: int


def assess(
    flow: Flow,
    record_ids: Collection[int],
    due: Collection[str],
    estate: Estate,
    sight: Sight,
    database: Database,
    now: datetime,
) -> Assessment:
    """Correlate what changed with its neighbours and ask every rule that can be asked."""
    with database.read() as connection:
        near = explore(connection, flow.name, record_ids, due, flow.kinds)
        links = correlate(near.uses, flow.root, flow.key, flow.kinds)
        _warn_of_crowds(near.uses, flow)
        marks = touches.touches_of(connection, near.records)
        looked_at = frozenset(near.links["transaction"].unique()).union(
            links["transaction"].unique(), due
        )
        known = breaks.load_breaks(connection, flow.name, looked_at)
        ignores = load_in_force(connection, now, [each.fingerprint for each in known])
        turn = turns.turn_of(connection, flow.name)
    links = links.join(near.rows.select(record="_number", stream="_stream"), on="record")
    frames = frames_of(near.rows, links, _fields(flow, estate))
    sighted = [rule for rule in flow.rules if rule.needs <= sight.looked_until.keys()]
    verdicts = _ask(sighted, Scope(flow.name, frames, sight.looked_until, now))
    return Assessment(
        before=near.links,
        links=links,
        touches=frozenset(marks),
        transactions=looked_at,
        frames=frames,
        findings=tuple(found for verdict in verdicts.values() for found in verdict.findings),
        deadlines=tuple(until for verdict in verdicts.values() for until in verdict.deadlines),
        judged=frozenset(verdicts),
        known={each.fingerprint: each for each in known},
        ignores=ignores,
        turn=turn,
    )


def _ask(rules: Sequence[Rule], scope: Scope) -> dict[str, Verdict]:
    """What each rule says, by its name; one of a firm's own that fails takes no other with it."""
    verdicts = {}
    for rule in rules:
        try:
            verdicts[rule.name] = rule.evaluate(scope)
        except Permanent as error:
            log.error("a rule failed; its breaks stay as they are", rule=rule.name)
            # What it choked on may be a name or an amount.
            log.debug("why a rule failed", rule=rule.name, error=str(error))
    return verdicts


def _warn_of_crowds(uses: pl.DataFrame, flow: Flow) -> None:
    """A key such as `TBD` links nothing: somebody has to hear why records lie apart."""
    crowded = crowded_keys(uses).filter(pl.col("kind") != flow.key)
    if crowded.height:
        kinds = sorted(crowded["kind"].unique().to_list())
        log.warning("keys of too many records are passed over", kinds=kinds, keys=crowded.height)


def _fields(flow: Flow, estate: Estate) -> Mapping[StreamId, EntityFields]:
    """What to load: where money is stated needs no rule, and its blindness stops none."""
    shown = flow.needs | {flow.root, flow.value_stream}
    return {stream: estate.sources[stream].fields for stream in shown}
