"""A second look: whether breaks still stand, by reading their records again from the systems.

Nothing is planned, approved or applied on what the store remembers alone. What is read is stored,
so that the next cycle judges by it too.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import polars as pl

from monitor.assessment import Assessment, assess
from monitor.confirmation import Doubt, confirm, questions_of
from monitor.core.breaks import Break, Finding
from monitor.core.clock import Clock
from monitor.core.corrections import Guard, Refusal
from monitor.core.model import KeyUse, Record, StreamId
from monitor.estate import Estate, Flow
from monitor.sight import see
from monitor.store.database import Database
from monitor.store.record_states import load_by_key, load_by_number


@dataclass(frozen=True, slots=True)
class SecondLook:
    """What is known of some breaks now.

    Attributes:
        standing: by fingerprint, breaks that stand, each as it is found now.
        gone: why others cannot be corrected.
        records: by transaction, its records; with them whatever shares a key where an effect
            would be seen.
    """

    standing: Mapping[str, Break]
    gone: tuple[Refusal, ...]
    records: Mapping[str, tuple[Record, ...]]


def recall(
    flow: Flow, breaks: Sequence[Break], estate: Estate, database: Database, clock: Clock
) -> SecondLook:
    """The same by what the store remembers: good enough to count, not to act on.

    Raises:
        Transient, Permanent: the store failed.
    """
    remembered = _assess(flow, breaks, estate, database, clock)
    found = {each.fingerprint: each for each in remembered.findings}
    return _told(flow, breaks, remembered, found.keys(), estate, database)


def look_again(
    flow: Flow, breaks: Sequence[Break], estate: Estate, database: Database, clock: Clock
) -> SecondLook:
    """Read what these breaks rest on again, and ask their rules.

    Raises:
        Transient, Permanent: the store failed.
    """
    before = _assess(flow, breaks, estate, database, clock)
    wanted = {each.fingerprint for each in breaks}
    suspicions = [each for each in before.findings if each.fingerprint in wanted]
    questions = _questions(flow, suspicions, before, estate, database)
    sight = see(estate, database, clock())
    confirmed = confirm(questions, estate.sources, sight, before.known, database, clock)
    after = _assess(flow, breaks, estate, database, clock)
    return _told(flow, breaks, after, confirmed, estate, database)


def _assess(
    flow: Flow, breaks: Sequence[Break], estate: Estate, database: Database, clock: Clock
) -> Assessment:
    deals = sorted({each.finding.transaction for each in breaks})
    now = clock()
    return assess(flow, (), deals, estate, see(estate, database, now), database, now)


def _questions(
    flow: Flow,
    suspicions: Sequence[Finding],
    before: Assessment,
    estate: Estate,
    database: Database,
) -> dict[StreamId, dict[str, Doubt]]:
    """What the rules rest on, and what the policies read beside them."""
    asked = questions_of(flow, suspicions, before.frames, estate.sources)
    questions = {stream: dict(question) for stream, question in asked.items()}
    records = _records(flow, before.links, estate, database)
    for each in suspicions:
        for stream, doubt in _further(flow, each.rule, records.get(each.transaction, ()), estate):
            questions.setdefault(stream, {}).setdefault(each.fingerprint, doubt)
    return questions


def _told(
    flow: Flow,
    breaks: Sequence[Break],
    seen: Assessment,
    believed: Collection[str],
    estate: Estate,
    database: Database,
) -> SecondLook:
    """Which breaks are found, and believed."""
    found = {each.fingerprint: each for each in seen.findings}
    standing: dict[str, Break] = {}
    gone: list[Refusal] = []
    for each in breaks:
        fingerprint = each.fingerprint
        if fingerprint in found and fingerprint in believed:
            standing[fingerprint] = replace(each, finding=found[fingerprint])
        else:
            gone.append(_why_gone(each, seen, is_found=fingerprint in found))
    return SecondLook(standing, tuple(gone), _records(flow, seen.links, estate, database))


def _why_gone(each: Break, seen: Assessment, *, is_found: bool) -> Refusal:
    rule = each.finding.rule
    if rule not in seen.judged:
        why, guard = "a source that its rule needs cannot be seen", Guard.BLIND_SOURCE
    elif is_found:
        why, guard = "its records could not be read again just now", Guard.BLIND_SOURCE
    else:
        why, guard = "its rule finds it no more", Guard.CHANGED
    return Refusal(guard, f"{each.id}: {why}", each.fingerprint)


def _further(
    flow: Flow, rule: str, records: Sequence[Record], estate: Estate
) -> list[tuple[StreamId, Doubt]]:
    """What the policy reads beside the rule: where values come from, where effects would be."""
    policy = flow.policies.get(rule)
    if policy is None:
        return []
    doubts = []
    if policy.source is not None:
        stream = StreamId.parse(policy.source)
        doubts.append((stream, Doubt(_ids_in(stream, records), None)))
    if policy.effect is not None:
        stream = StreamId.parse(policy.effect)
        findable = estate.sources[stream].capabilities.lookup
        keys = {(use.kind, use.value) for each in records for use in each.keys}
        askable = frozenset(key for key in keys if key[0] in findable)
        doubts.append((stream, Doubt(_ids_in(stream, records), askable)))
    return doubts


def _ids_in(stream: StreamId, records: Sequence[Record]) -> frozenset[str]:
    return frozenset(each.native_id for each in records if each.stream == stream)


def _records(
    flow: Flow, links: pl.DataFrame, estate: Estate, database: Database
) -> dict[str, tuple[Record, ...]]:
    """Records by transaction, with those that share a key where an effect would be seen."""
    effects = _effects(flow)
    with database.read() as connection:
        by_number = load_by_number(connection, links["record"].unique().to_list(), estate.fields)
        gathered: defaultdict[str, dict[tuple[StreamId, str], Record]] = defaultdict(dict)
        for transaction, number in links.select("transaction", "record").iter_rows():
            if number in by_number:
                each = by_number[number]
                gathered[transaction][each.stream, each.native_id] = each
        for records in gathered.values():
            keys: set[KeyUse] = {use for each in records.values() for use in each.keys}
            for stream in effects:
                for each in load_by_key(connection, stream, keys, estate.fields):
                    records[each.stream, each.native_id] = each
    return {
        transaction: tuple(records[place] for place in sorted(records))
        for transaction, records in gathered.items()
    }


def _effects(flow: Flow) -> Collection[StreamId]:
    named = [policy.effect for policy in flow.policies.values() if policy.effect is not None]
    return sorted({StreamId.parse(name) for name in named})
