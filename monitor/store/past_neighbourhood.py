"""Which records belonged together at some time in the past, in parts that memory can hold.

The present's keys and links lead to almost all of them. Records whose keys were others then are
few, and held beside.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import polars as pl
from sqlalchemy import Connection, exists, select

from monitor.core.model import KeyUse
from monitor.store.bulk import listed_ids, listed_texts
from monitor.store.neighbourhood import explore
from monitor.store.records import decode_keys
from monitor.store.schema import business_transaction, link, record, record_key, record_version
from monitor.store.transactions import links_of

Key = tuple[str, str]
"""A business key: kind and value."""


@dataclass(frozen=True, slots=True)
class Moved:
    """Records whose keys were others in the past: what the present's keys would not lead to.

    Attributes:
        keys: past keys by record.
        users: records by past key.
    """

    keys: Mapping[int, frozenset[Key]]
    users: Mapping[Key, frozenset[int]]


def load_moved(
    connection: Connection, kinds: Collection[str], since: datetime, known: datetime
) -> Moved:
    """Records that had other keys of these kinds at `since` or later; few, as keys seldom change.

    Reads the whole history of the time, though only what differs is kept.
    """
    query = (
        select(record_version.c.record_id, record_version.c.key_uses)
        .join_from(record_version, record)
        .where(
            record_version.c.replaced_at > since,
            record_version.c.observed_at <= known,
            record_version.c.key_uses != record.c.key_uses,
        )
    )
    keys: dict[int, set[Key]] = {}
    users: dict[Key, set[int]] = {}
    for number, text in connection.execute(query):
        for use in decode_keys(text):
            if use.kind in kinds:
                keys.setdefault(number, set()).add(_key(use))
                users.setdefault(_key(use), set()).add(number)
    return Moved(
        {number: frozenset(each) for number, each in keys.items()},
        {key: frozenset(each) for key, each in users.items()},
    )


def _key(use: KeyUse) -> Key:
    return use.kind, use.value


def reach(
    connection: Connection,
    flow: str,
    seeds: Collection[int],
    kinds: Collection[str],
    moved: Moved,
) -> pl.DataFrame:
    """Every record that belongs, or ever since belonged, together with one of these.

    Returns:
        `record` (i64) and `node` (str): records that share a node are of one neighbourhood. Every
        record has a row, though its node be null.
    """
    wanted = set(seeds)
    while True:
        found = explore(connection, flow, wanted, (), kinds)
        reached = set(found.records)
        present = set(found.uses.select("kind", "value").iter_rows())
        past = {key for each in reached & moved.keys.keys() for key in moved.keys[each]}
        further = {each for key in present | past for each in moved.users.get(key, ())}
        further |= _users(connection, past - present)
        if further <= reached:
            break
        wanted = reached | further
    nodes = [
        found.uses.select("record", node=pl.concat_str("kind", "value", separator=":")),
        pl.DataFrame({"record": found.records}, schema={"record": pl.Int64}).with_columns(
            node=pl.lit(None, pl.String)
        ),
        pl.DataFrame(
            [
                (each, ":".join(key))
                for each in sorted(reached & moved.keys.keys())
                for key in sorted(moved.keys[each])
            ],
            schema={"record": pl.Int64, "node": pl.String},
            orient="row",
        ),
    ]
    return pl.concat(nodes)


def _users(connection: Connection, keys: Collection[Key]) -> set[int]:
    """Records that use one of these keys now."""
    found: set[int] = set()
    for kind in {kind for kind, _ in keys}:
        values = [value for each, value in keys if each == kind]
        query = select(record_key.c.record_id).where(
            record_key.c.kind == kind, record_key.c.value.in_(listed_texts(connection, values))
        )
        found |= set(connection.execute(query).scalars())
    return found


def own_neighbourhoods(
    connection: Connection, flow: str, reached: pl.DataFrame, batch: "Batch"
) -> list[int]:
    """The records of those neighbourhoods that this batch is the first to meet.

    An invoice for two deals makes one neighbourhood of both, which two batches may reach; it
    counts in the one of its lowest transaction, or of its lowest record where none has one.
    """
    records = reached.select("record").unique().sort("record")
    stored = links_of(connection, flow, records["record"].to_list())
    linked = pl.DataFrame(
        [(each.record_id, each.transaction_id) for each in stored],
        schema={"record": pl.Int64, "transaction": pl.Int64},
        orient="row",
    )
    by_link = linked.select("record", node=pl.format("#{}", "transaction"))
    labels = _label(pl.concat([reached.drop_nulls("node"), by_link]), records)
    lowest = (
        labels.join(linked, on="record", how="left")
        .group_by("label")
        .agg(pl.col("transaction").min(), pl.col("record").min().alias("first"))
    )
    if batch.is_linked:
        own = lowest.filter(pl.col("transaction").is_between(batch.lowest, batch.highest))
    else:
        own = lowest.filter(pl.col("transaction").is_null() & (pl.col("first") >= batch.lowest))
    return labels.join(own, on="label", how="semi")["record"].sort().to_list()


def _label(edges: pl.DataFrame, records: pl.DataFrame) -> pl.DataFrame:
    """Records (`record`) with the lowest record that they are connected with (`label`)."""
    labels = records.with_columns(label="record")
    while True:
        by_node = (
            edges.join(labels, on="record").group_by("node").agg(pl.col("label").min().alias("low"))
        )
        lower = edges.join(by_node, on="node").group_by("record").agg(pl.col("low").min())
        nearer = labels.join(lower, on="record", how="left", maintain_order="left").select(
            "record", label=pl.min_horizontal("label", "low")
        )
        if nearer.equals(labels):
            return labels
        labels = nearer


class Batch(NamedTuple):
    """A range of the store that is looked at together.

    Attributes:
        is_linked: whether it is of transactions, or of records that are in none.
        lowest, highest: the store's numbers of them.
        records: those of the range.
    """

    is_linked: bool
    lowest: int
    highest: int
    records: list[int]


def all_batches(connection: Connection, flow: str, size: int) -> Iterator[Batch]:
    """Every record once or more often: transactions by so many, then so many unlinked records."""
    last = 0
    while True:
        query = (
            select(business_transaction.c.id)
            .where(business_transaction.c.flow == flow, business_transaction.c.id > last)
            .order_by(business_transaction.c.id)
            .limit(size)
        )
        ids = list(connection.execute(query).scalars())
        if not ids:
            break
        members = select(link.c.record_id).where(
            link.c.transaction_id.in_(listed_ids(connection, ids))
        )
        found = sorted(set(connection.execute(members).scalars()))
        yield Batch(True, ids[0], ids[-1], found)
        last = ids[-1]
    linked = exists().where(
        link.c.record_id == record.c.id,
        link.c.transaction_id == business_transaction.c.id,
        business_transaction.c.flow == flow,
    )
    last = 0
    while True:
        unlinked = (
            select(record.c.id).where(record.c.id > last, ~linked).order_by(record.c.id).limit(size)
        )
        found = list(connection.execute(unlinked).scalars())
        if not found:
            return
        yield Batch(False, found[0], found[-1], found)
        last = found[-1]


def members_of(
    connection: Connection, flow: str, keys: Collection[str], key: str, moved: Moved
) -> list[int]:
    """Records that are in these transactions now, or that named one of them in the past."""
    query = (
        select(link.c.record_id)
        .join_from(link, business_transaction)
        .where(
            business_transaction.c.flow == flow,
            business_transaction.c.key.in_(listed_texts(connection, keys)),
        )
    )
    # A transaction without a root is called `kind:value` by what is missing.
    names = {pair for name in keys for pair in ((key, name), _split(name))}
    found = set(connection.execute(query).scalars()) | _users(connection, names)
    return sorted(found.union(*(moved.users.get(name, ()) for name in names)))


def _split(name: str) -> Key:
    kind, _, value = name.partition(":")
    return kind, value
