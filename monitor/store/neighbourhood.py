"""Which records may belong together: everything reachable along shared keys and old links.

Correlating such a neighbourhood alone gives what correlating everything would, so the cost of a
cycle follows the change.
"""

from collections.abc import Collection
from typing import NamedTuple

import polars as pl
from sqlalchemy import Connection, Select, select

from monitor.store.bulk import fetch_frame, listed_texts
from monitor.store.frames import KEY_USES, STORED_ROWS, load_rows
from monitor.store.schema import business_transaction, record_key
from monitor.store.transactions import load_members, transactions_with

_KEY = {"kind": pl.String, "value": pl.String}
_USES = {"record": pl.Int64, "stream": pl.String, "role": pl.String, **_KEY}


class Neighbourhood(NamedTuple):
    """Records that may belong together.

    Attributes:
        records: all that were reached, those without any key of the flow included.
        uses: columns record (i64), stream, role, kind, value (str): one row a key use.
        rows: the records as they are stored, `STORED_ROWS`.
        links: the transactions of the flow that have them, as stored; see `load_members`.
    """

    records: list[int]
    uses: pl.DataFrame
    rows: pl.DataFrame
    links: pl.DataFrame


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
    rows, uses = [pl.DataFrame(schema=STORED_ROWS)], [pl.DataFrame(schema=_USES)]
    seen_keys, seen_transactions = pl.DataFrame(schema=_KEY), _numbers(connection, flow, keys)
    # Whoever is in a transaction is reached, so its members tell every link once.
    links = [load_members(connection, flow, seen_transactions.to_list())]
    reached = _ids([])
    frontier = pl.concat([_ids(record_ids), links[-1]["record"]]).unique()
    while frontier.len():
        found = frontier.to_list()
        rows.append(load_rows(connection, found))
        uses.append(_uses_of(rows[-1], kinds))
        joined = transactions_with(connection, found, besides=seen_transactions.to_list())
        links.append(load_members(connection, flow, joined.to_list()))
        shared = uses[-1].select(*_KEY).unique().join(seen_keys, on=list(_KEY), how="anti")
        reached = pl.concat([reached, frontier])
        seen_keys = pl.concat([seen_keys, shared])
        seen_transactions = pl.concat([seen_transactions, joined])
        nearby = pl.concat([_users(connection, shared), links[-1]["record"]])
        frontier = _without(nearby.unique(), reached)
    everything = pl.concat(rows).sort("_number")
    return Neighbourhood(
        everything["_number"].to_list(),
        pl.concat(uses).sort("record", maintain_order=True),
        everything,
        pl.concat(links),
    )


def _ids(numbers: Collection[int]) -> pl.Series:
    return pl.Series(list(numbers), dtype=pl.Int64)


def _without(numbers: pl.Series, seen: pl.Series) -> pl.Series:
    return numbers.filter(~numbers.is_in(seen.implode()))


def _uses_of(rows: pl.DataFrame, kinds: Collection[str]) -> pl.DataFrame:
    """Key uses of these kinds."""
    use = pl.col("use").list
    return (
        rows.select("_stream", "_number", use=pl.col("_key_uses").str.json_decode(KEY_USES))
        .explode("use")
        .select(
            record="_number",
            stream="_stream",
            role=use.get(0),
            kind=use.get(1),
            value=use.get(2),
        )
        .filter(pl.col("kind").is_in(list(kinds)))
    )


def _users(connection: Connection, keys: pl.DataFrame) -> pl.Series:
    """Records that use one of these keys."""
    found = [_ids([])]
    for (kind,), values in keys.partition_by("kind", as_dict=True).items():
        query = select(record_key.c.record_id).where(
            record_key.c.kind == kind,
            record_key.c.value.in_(listed_texts(connection, values["value"].to_list())),
        )
        found.append(_fetch_ids(connection, query))
    return pl.concat(found)


def _numbers(connection: Connection, flow: str, keys: Collection[str]) -> pl.Series:
    """The store's own numbers of these transactions."""
    query = select(business_transaction.c.id).where(
        business_transaction.c.flow == flow,
        business_transaction.c.key.in_(listed_texts(connection, keys)),
    )
    return _fetch_ids(connection, query)


def _fetch_ids(connection: Connection, query: Select[tuple[int]]) -> pl.Series:
    return fetch_frame(connection, query, {"id": pl.Int64})["id"]
