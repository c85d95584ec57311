"""Which records belong to which transaction: membership by directed business keys.

A record points up: an invoice at its project, the project at its contract, the contract at its
opportunity. Membership follows that direction only, so an invoice that bills two deals belongs
to both and yet does not make them one.
"""

from collections.abc import Collection

import polars as pl

from monitor.core.model import KeyRole, StreamId

_KEY = ["kind", "value"]

MOST_DEFINERS = 100
"""A key that more records than this define, such as a contract number `TBD`, names none of them:
everything that mentions it would be joined with everything else."""


def correlate(uses: pl.DataFrame, root: StreamId, key: str, kinds: Collection[str]) -> pl.DataFrame:
    """The transactions that each record belongs to.

    A record of the root stream belongs to the transaction that its `key` names, and so does
    every other record that uses that key, whether or not a root exists. A record that refers to
    something else belongs to every transaction of the records that define it, and so on upwards;
    nothing climbs past a root. A record that neither refers to anything nor names its
    transaction goes where another record with the same key of its own goes.

    Who gets nowhere that way is in the transaction `kind:value` of what is missing: the key that
    nobody defines, or its own. A missing definition does not count for a record that has another
    way: its absence is then a matter of that transaction, not a transaction of its own.

    Args:
        uses: the keys on the records: `record` (i64), `stream` (`system.stream`), `role`,
            `kind`, `value`. Order and repeated rows do not matter.
        root: stream whose records start a transaction.
        key: key kind whose value names the transaction.
        kinds: further key kinds to follow; all others are ignored.

    Returns:
        `transaction` (str) and `record` (i64), unique and sorted. A record without any of the
        keys is in no transaction.
    """
    uses = uses.filter(pl.col("kind").is_in([key, *kinds])).unique()
    is_root = pl.col("stream") == str(root)
    is_key = pl.col("kind") == key
    defining = pl.col("role") == KeyRole.DEFINES.value

    names = uses.filter(is_key & (defining | ~is_root))
    members = names.select(pl.col("value").alias("transaction"), "record").unique()
    claimed = uses.filter(defining & ~is_key).select("record", *_KEY)
    defined = claimed.join(crowded_keys(uses), on=_KEY, how="anti")
    refers = uses.filter(~defining & ~is_key & ~is_root).select("record", *_KEY)
    placed = defined.filter(
        pl.col("record").is_in(names["record"].implode())
        | pl.col("record").is_in(refers["record"].implode())
    )
    mute = claimed.join(placed, on="record", how="anti")

    steps = pl.concat([_steps_up(refers, defined), _steps_up(mute, placed)])
    climbing = pl.concat([refers, mute])
    dangling = pl.concat(
        [refers.join(defined, on=_KEY, how="anti"), mute.join(placed, on=_KEY, how="anti")]
    )
    members = _spread(members, steps)
    # First what is missing; whoever then still has no transaction refers to itself in a ring.
    for nameless in (dangling, climbing):
        lost = nameless.join(members, on="record", how="anti")
        if lost.height:
            members = pl.concat([members, _spread(_name_by_key(lost), steps)]).unique()
    return members.sort("transaction", "record")


def crowded_keys(uses: pl.DataFrame) -> pl.DataFrame:
    """The keys (`kind`, `value`) that too many records define for any of them to be meant."""
    definers = uses.filter(pl.col("role") == KeyRole.DEFINES.value).unique(["record", *_KEY])
    return definers.group_by(_KEY).len().filter(pl.col("len") > MOST_DEFINERS).select(_KEY)


def _steps_up(lower: pl.DataFrame, upper: pl.DataFrame) -> pl.DataFrame:
    """From each record (`record`) one step down to a record that points at it (`lower`)."""
    return upper.join(lower.rename({"record": "lower"}), on=_KEY).select("record", "lower").unique()


def _name_by_key(lost: pl.DataFrame) -> pl.DataFrame:
    named = pl.concat_str("kind", "value", separator=":").alias("transaction")
    return lost.select(named, "record").unique()


def _spread(members: pl.DataFrame, steps: pl.DataFrame) -> pl.DataFrame:
    """Hand membership down, step by step, until nobody new is reached."""
    reached = latest = members
    while latest.height and steps.height:
        latest = (
            latest.join(steps, on="record")
            .select("transaction", pl.col("lower").alias("record"))
            .unique()
            .join(reached, on=["transaction", "record"], how="anti")
        )
        reached = pl.concat([reached, latest])
    return reached
