"""Confirm: re-read the records behind a suspicion by key before anyone hears of it.

A record that is there is re-read by id. A record that is missing is looked for by business key.
Where a source can do neither, a complete look begun after the suspicion must say the same.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import polars as pl
import structlog

from monitor.core.breaks import Break, Finding
from monitor.core.clock import Clock
from monitor.core.errors import TieoutError
from monitor.core.model import StreamId
from monitor.core.ports import Rule
from monitor.estate import Flow, Source
from monitor.sampling import fetch, lookup
from monitor.store.database import Database

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Question:
    """What to ask one stream, and which suspicions hang on the answer."""

    native_ids: set[str] = field(default_factory=set)
    keys: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    behind: set[str] = field(default_factory=set)


def questions_of(
    flow: Flow,
    suspicions: Sequence[Finding],
    frames: Mapping[StreamId, pl.DataFrame],
    sources: Mapping[StreamId, Source],
) -> dict[StreamId, Question]:
    """What has to be re-read, by stream, to confirm the suspicions."""
    rules: Mapping[str, Rule] = {rule.name: rule for rule in flow.rules}
    asked: dict[StreamId, Question] = defaultdict(Question)
    by_stream: dict[StreamId, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for finding in suspicions:
        for stream in rules[finding.rule].needs:
            by_stream[stream][finding.transaction].add(finding.fingerprint)
    for stream, wanted in by_stream.items():
        question = asked[stream]
        for fingerprints in wanted.values():
            question.behind |= fingerprints
        involved = frames[stream].filter(pl.col("_transaction").is_in(list(wanted)))
        question.native_ids = set(involved["_record"].to_list())
        findable = sources[stream].capabilities.lookup & flow.kinds
        for kind, value in _keys_of(flow, wanted, frames):
            if kind in findable:
                question.keys[kind].add(value)
    return dict(asked)


def _keys_of(
    flow: Flow, transactions: Mapping[str, object], frames: Mapping[StreamId, pl.DataFrame]
) -> set[tuple[str, str]]:
    """Every business key that the transactions' records carry, as (kind, value)."""
    keys = {(flow.key, transaction) for transaction in transactions}
    for frame in frames.values():
        involved = frame.filter(pl.col("_transaction").is_in(list(transactions)))
        for text in involved["_keys"].explode().drop_nulls().unique().to_list():
            kind, _, value = text.partition(":")
            if kind in flow.kinds:
                keys.add((kind, value))
    return keys


def confirm(
    questions: Mapping[StreamId, Question],
    sources: Mapping[StreamId, Source],
    looked_until: Mapping[StreamId, datetime],
    known: Mapping[str, Break],
    database: Database,
    clock: Clock,
) -> frozenset[str]:
    """Ask every question and store the answers.

    Args:
        questions: by stream.
        sources: by stream.
        looked_until: by stream, up to when changes have been read.
        known: breaks by fingerprint, for when each suspicion began.
        database: where answers go.
        clock: the present.

    Returns:
        Fingerprints whose every question was answered. A source that cannot be reached now
        leaves its suspicions as they are.
    """
    answered: set[str] = set()
    unanswered: set[str] = set()
    for stream, question in questions.items():
        source = sources[stream]
        try:
            open_points = _ask(source, question, looked_until, known, database, clock)
        except TieoutError as error:
            log.warning("confirmation failed", stream=str(stream), reason=error.reason)
            open_points = question.behind
        answered |= question.behind
        unanswered |= open_points
    return frozenset(answered - unanswered)


def _ask(
    source: Source,
    question: Question,
    looked_until: Mapping[StreamId, datetime],
    known: Mapping[str, Break],
    database: Database,
    clock: Clock,
) -> set[str]:
    """Ask one stream; returns the suspicions that its answer leaves open."""
    able = source.capabilities
    if able.fetch:
        fetch(source, database, clock, sorted(question.native_ids))
    for kind, values in question.keys.items():
        lookup(source, database, clock, kind, sorted(values))
    if able.lookup and (able.fetch or not question.native_ids):
        return set()
    return {
        fingerprint
        for fingerprint in question.behind
        if fingerprint not in known or looked_until[source.id] <= known[fingerprint].suspected_at
    }
