"""Deals that are closed, and which of them were exported as traces."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from monitor.core.breaks import TransitionKind
from monitor.core.transactions import TransactionStatus
from monitor.store.bulk import listed_ids, listed_texts, upsert
from monitor.store.measure_tables import exported_trace, measured_deal, measured_hand_off
from monitor.store.schema import break_transition, breaks, business_transaction

_TOLD = (TransitionKind.OPENED, TransitionKind.REOPENED, TransitionKind.RESOLVED)


class ClosedDeal(NamedTuple):
    """A deal that ties out and has been left alone.

    Attributes:
        id: the store's number.
        key: its business key.
        evaluated_at: when it was last looked at.
        digest: of what was last exported of it; None where nothing was.
    """

    id: int
    key: str
    evaluated_at: datetime
    digest: str | None


class StoredPassage(NamedTuple):
    """A hand-off as it was measured; without an arrival it is still awaited."""

    hop: str
    pair: str
    started_at: datetime
    due_at: datetime
    arrived_at: datetime | None


class StoredStep(NamedTuple):
    """A step in the life of a break."""

    at: datetime
    step: str
    fingerprint: str
    rule: str
    kind: str
    hop: str


def closed_deals(
    connection: Connection, flow: str, since: datetime, until: datetime, after: int, limit: int
) -> list[ClosedDeal]:
    """Deals that tie out by a look between two instants, and that nobody looked at since.

    Those are left out that have not been measured since that look.

    Args:
        connection: a transaction.
        flow: of which business process.
        since: that look was later than this.
        until: and no later than this.
        after: only deals with greater numbers.
        limit: at most so many, by their numbers.
    """
    deal = business_transaction.c
    query = (
        select(deal.id, deal.key, deal.evaluated_at, exported_trace.c.digest)
        .join_from(business_transaction, measured_deal)
        .outerjoin(exported_trace, exported_trace.c.transaction_id == deal.id)
        .where(
            deal.flow == flow,
            deal.id > after,
            deal.status == TransactionStatus.MATCHED.value,
            deal.evaluated_at > since,
            deal.evaluated_at <= until,
            measured_deal.c.evaluated_at == deal.evaluated_at,
        )
        .order_by(deal.id)
        .limit(limit)
    )
    return [ClosedDeal(*row) for row in connection.execute(query)]


def passages_of(
    connection: Connection, numbers: Collection[int]
) -> Mapping[int, list[StoredPassage]]:
    """Hand-offs of these transactions, in the order of their starts."""
    hand_off = measured_hand_off.c
    query = (
        select(
            hand_off.transaction_id,
            hand_off.hop,
            hand_off.pair,
            hand_off.started_at,
            hand_off.due_at,
            hand_off.arrived_at,
        )
        .where(hand_off.transaction_id.in_(listed_ids(connection, numbers)))
        .order_by(hand_off.transaction_id, hand_off.started_at, hand_off.hop, hand_off.pair)
    )
    found: defaultdict[int, list[StoredPassage]] = defaultdict(list)
    for number, *passage in connection.execute(query):
        found[number].append(StoredPassage(*passage))
    return found


def break_steps_of(
    connection: Connection, flow: str, keys: Collection[str]
) -> Mapping[str, list[StoredStep]]:
    """When breaks of these transactions were opened and resolved, in order."""
    query = (
        select(
            breaks.c.transaction,
            break_transition.c.at,
            break_transition.c.kind,
            breaks.c.fingerprint,
            breaks.c.rule,
            breaks.c.kind,
            breaks.c.hop,
        )
        .join_from(breaks, break_transition)
        .where(
            breaks.c.flow == flow,
            breaks.c.transaction.in_(listed_texts(connection, keys)),
            break_transition.c.kind.in_([kind.value for kind in _TOLD]),
        )
        .order_by(break_transition.c.at, breaks.c.fingerprint, break_transition.c.sequence)
    )
    found: defaultdict[str, list[StoredStep]] = defaultdict(list)
    for key, *step in connection.execute(query):
        found[key].append(StoredStep(*step))
    return found


def note_exported(connection: Connection, digests: Mapping[int, str], now: datetime) -> None:
    """Remember in which state each deal was exported, by the store's numbers."""
    if not digests:
        return
    statement = upsert(connection, exported_trace)
    changed = {name: statement.excluded[name] for name in ("digest", "exported_at")}
    rows = [
        {"transaction_id": number, "digest": digest, "exported_at": now}
        for number, digest in digests.items()
    ]
    connection.execute(
        statement.on_conflict_do_update(index_elements=["transaction_id"], set_=changed), rows
    )
