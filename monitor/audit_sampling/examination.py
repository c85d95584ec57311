"""Draw records, read them again from their system, and ask the rules about their deals."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from monitor.as_of import open_shard_around, see_as_of
from monitor.audit_sampling.conclusion import (
    AttributeConclusion,
    Examined,
    Reading,
    conclude_attribute,
    conclude_money,
)
from monitor.audit_sampling.design import Method, Request, Sample, draw_sample
from monitor.audit_sampling.monetary import MonetaryConclusion
from monitor.core.breaks import Finding
from monitor.core.clock import Clock
from monitor.core.errors import Permanent, Reason
from monitor.core.model import FieldType
from monitor.core.ports import Verdict
from monitor.estate import Estate, Source
from monitor.sampling import fetch
from monitor.store import quarantine
from monitor.store.audit import append_audit
from monitor.store.database import Database
from monitor.store.past import AsOf
from monitor.store.population import Held, load_held, read_population
from monitor.store.streams import load_stream_state

CURRENCY = "currency"
"""Canonical field in which every entity names the currency of its money."""


@dataclass(frozen=True, slots=True)
class Examination:
    """A sample, what was found of it, and what follows.

    Attributes:
        sample: as drawn.
        examined: each drawn record.
        conclusion: by the sample's method.
        asked: rules that were asked, as `flow.rule`.
        unasked: rules that could not be: the conclusion says nothing of them.
    """

    sample: Sample
    examined: tuple[Examined, ...]
    conclusion: AttributeConclusion | MonetaryConclusion
    asked: frozenset[str]
    unasked: frozenset[str]


def take_sample(request: Request, estate: Estate, database: Database) -> Sample:
    """Draw a sample from the records that the store has of a stream.

    Raises:
        ValueError: there is no such stream or rule, or no sample can meet the figures.
        Transient, Permanent: the store failed.
    """
    if request.stream not in estate.sources:
        raise ValueError(f"the landscape has no stream {request.stream}")
    fields = estate.sources[request.stream].fields
    if request.method is Method.MONETARY and fields.get(request.amount) is not FieldType.DECIMAL:
        raise ValueError(f"{request.stream} has no field '{request.amount}' with money")
    known = {rule.name for flow in estate.flows for rule in flow.rules}
    if strange := sorted(request.rules - known):
        raise ValueError(f"the landscape has no rule {', '.join(strange)}")
    with database.read() as connection:
        read = partial(read_population, connection, request.stream, request.amount, CURRENCY)
        return draw_sample(request, read)


def examine_sample(sample: Sample, estate: Estate, database: Database, clock: Clock) -> Examination:
    """Read every drawn record again by id, store it, ask the rules, and conclude.

    That the sample was examined is noted in the audit log. What the reading changed in the store
    is looked at by the next cycle, as any change.

    Raises:
        Transient, Permanent: the source cannot be asked now, or not by id; or the store failed.
            Nothing can be concluded then.
    """
    source = estate.sources[sample.request.stream]
    readings = _read_again(sample, source, database, clock)
    numbers = {native_id: held.number for native_id, (_, held) in readings.items()}
    told = _ask_rules(sample, estate, database, numbers, clock)
    examined = tuple(
        Examined(
            drawn,
            reading=readings[drawn.native_id][0],
            read_amount=readings[drawn.native_id][1].amount,
            findings=tuple(told.by_record[drawn.native_id]),
            own=tuple(
                each
                for each in told.by_record[drawn.native_id]
                if (each.system, each.stream) == source.id and each.record_id == drawn.native_id
            ),
        )
        for drawn in sample.drawn
    )
    conclusion = (
        conclude_attribute(sample, examined)
        if sample.monetary is None
        else conclude_money(sample.monetary, examined, sample.request.amount)
    )
    _note(sample, conclusion, database, clock)
    return Examination(sample, examined, conclusion, told.asked, told.unasked)


def _read_again(
    sample: Sample, source: Source, database: Database, clock: Clock
) -> dict[str, tuple[Reading, Held]]:
    """How the system's records compare with the stored ones, and what is stored now."""
    if not source.capabilities.fetch:
        raise Permanent(
            f"records of {source.id} cannot be read by id, so no sample of them can be examined",
            reason=Reason.UNSUPPORTED,
        )
    ids = [drawn.native_id for drawn in sample.drawn]
    with database.read() as connection:
        before = load_held(connection, source.id, ids, sample.request.amount)
        looked_until = load_stream_state(connection, source.id).looked_until
    fetch(source, database, clock, ids)
    with database.read() as connection:
        after = load_held(connection, source.id, ids, sample.request.amount)
        unreadable = {
            each.reject.native_id for each in quarantine.in_quarantine(connection, source.id)
        }

    def compare(native_id: str) -> Reading:
        now = after[native_id]
        if native_id in unreadable:
            return Reading.UNREADABLE
        if now.deleted:
            return Reading.GONE
        if now.version == before[native_id].version:
            return Reading.AGREES
        if now.modified_at and looked_until and now.modified_at >= looked_until:
            return Reading.CHANGED_SINCE
        return Reading.DIFFERS

    return {native_id: (compare(native_id), after[native_id]) for native_id in ids}


@dataclass(frozen=True, slots=True)
class _Told:
    by_record: Mapping[str, list[Finding]]
    asked: frozenset[str]
    unasked: frozenset[str]


def _ask_rules(
    sample: Sample,
    estate: Estate,
    database: Database,
    numbers: Mapping[str, int],
    clock: Clock,
) -> _Told:
    """What the rules of every flow find in the deals of these records."""
    stream, chosen = sample.request.stream, sample.request.rules
    now = clock()
    as_of = AsOf(now, now)
    sight = see_as_of(estate, database, as_of)
    by_record: defaultdict[str, list[Finding]] = defaultdict(list)
    asked, unasked = set[str](), set[str]()
    for flow in estate.flows:
        if stream not in flow.needs | {flow.root}:
            continue
        shard = open_shard_around(flow, estate, database, list(numbers.values()), as_of)
        by_deal: defaultdict[str, list[Finding]] = defaultdict(list)
        for finding in Verdict(shard.findings(now, sight)).findings:
            if not chosen or finding.rule in chosen:
                by_deal[finding.transaction].append(finding)
        frame = shard.scope(now, sight).frames[stream]
        for native_id, deal in frame.select("_record", "_transaction").iter_rows():
            if native_id in numbers:
                by_record[native_id] += by_deal[deal]
        seen = {rule.name for rule in sight.rules(flow)}
        for rule in flow.rules:
            if not chosen or rule.name in chosen:
                (asked if rule.name in seen else unasked).add(f"{flow.name}.{rule.name}")
    return _Told(by_record, frozenset(asked), frozenset(unasked))


def _note(
    sample: Sample,
    conclusion: AttributeConclusion | MonetaryConclusion,
    database: Database,
    clock: Clock,
) -> None:
    with database.write() as connection:
        append_audit(
            connection,
            at=clock(),
            who="tieout",
            action="sample",
            subject=str(sample.request.stream),
            detail={
                "method": sample.request.method.value,
                "seed": sample.request.seed,
                "population": sample.population.digest,
                "drawn": len(sample.drawn),
                "accepted": conclusion.is_accepted,
            },
        )
