"""Which records may belong together: everything reachable along shared keys and old links.

Correlating such a neighbourhood alone gives what correlating everything would, so the cost of a
cycle follows the change.
"""

from collections import defaultdict
from collections.abc import Collection
from typing import NamedTuple

import polars as pl
from sqlalchemy import Connection, select

from monitor.core.model import KeyUse
from monitor.store.bulk import listed_ids, listed_texts
from monitor.store.records import decode_keys
from monitor.store.schema import business_transaction, link, record, record_key
from monitor.store.transactions import links_of

_USES = {
    "record": pl.Int64,
    "stream": pl.String,
    "role": pl.String,
    "kind": pl.String,
    "value": pl.String,
}


class Neighbourhood(NamedTuple):
    """Records that may belong together.

    Attributes:
        records: all that were reached, those without any key of the flow included.
        uses: columns record (i64), stream, role, kind, value (str): one row a key use.
    """

    records: list[int]
    uses: pl.DataFrame


def explore(
    connection: Connection,
    flow: str,
    record_ids: Collection[int],
    keys: Collection[str],
    kinds: Collection[str],
) -> Neighbourhood:
    """Every record reachable from these records and transactions, with its key uses.

    Records are reached breadth first through a shared key of these kinds, and through the
    transactions of this flow that they were in before. Deleted records count: they still say
    which transaction they were of.
    """
    wanted = frozenset(kinds)
    uses: dict[int, tuple[str, list[KeyUse]]] = {}
    seen_keys: set[tuple[str, str]] = set()
    seen_transactions = _numbers(connection, flow, keys)
    frontier = set(record_ids) | _members(connection, seen_transactions)
    while frontier:
        found = _uses_of(connection, frontier, wanted)
        uses |= found
        shared = {(use.kind, use.value) for _, record_uses in found.values() for use in record_uses}
        transactions = {each.transaction_id for each in links_of(connection, flow, frontier)}
        frontier = _users(connection, shared - seen_keys)
        frontier |= _members(connection, transactions - seen_transactions)
        frontier -= uses.keys()
        seen_keys |= shared
        seen_transactions |= transactions
    rows = [
        (number, stream, use.role.value, use.kind, use.value)
        for number, (stream, record_uses) in sorted(uses.items())
        for use in record_uses
    ]
    return Neighbourhood(sorted(uses), pl.DataFrame(rows, schema=_USES, orient="row"))


def _uses_of(
    connection: Connection, record_ids: Collection[int], kinds: frozenset[str]
) -> dict[int, tuple[str, list[KeyUse]]]:
    """Stream and key uses of these kinds, by record."""
    query = select(record.c.id, record.c.stream, record.c.key_uses).where(
        record.c.id.in_(listed_ids(connection, record_ids))
    )
    return {
        number: (stream, [use for use in decode_keys(text) if use.kind in kinds])
        for number, stream, text in connection.execute(query)
    }


def _users(connection: Connection, keys: Collection[tuple[str, str]]) -> set[int]:
    """Records that use one of these keys."""
    by_kind: dict[str, list[str]] = defaultdict(list)
    for kind, value in keys:
        by_kind[kind].append(value)
    return {
        number
        for kind, values in by_kind.items()
        for number in connection.execute(
            select(record_key.c.record_id).where(
                record_key.c.kind == kind, record_key.c.value.in_(listed_texts(connection, values))
            )
        ).scalars()
    }


def _members(connection: Connection, transaction_ids: Collection[int]) -> set[int]:
    """Records that were in one of these transactions."""
    if not transaction_ids:
        return set()
    query = select(link.c.record_id).where(
        link.c.transaction_id.in_(listed_ids(connection, transaction_ids))
    )
    return set(connection.execute(query).scalars())


def _numbers(connection: Connection, flow: str, keys: Collection[str]) -> set[int]:
    """The store's own numbers of these transactions."""
    query = select(business_transaction.c.id).where(
        business_transaction.c.flow == flow,
        business_transaction.c.key.in_(listed_texts(connection, keys)),
    )
    return set(connection.execute(query).scalars())
