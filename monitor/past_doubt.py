"""What rows that nobody could read leave unknown of a past instant.

Such a row may be the very record that a rule lacks, or a later state of one that it accuses. So a
rule that needs its stream says nothing of the transactions that the row is of, or names.
"""

from collections.abc import Mapping, Sequence

import polars as pl

from monitor.core.model import StreamId
from monitor.core.ports import Scope
from monitor.estate import Flow
from monitor.store.quarantine import SetAside

DOUBTS = pl.Schema(
    {
        "stream": pl.String(),
        "transaction": pl.String(),
        "record_id": pl.String(),
        "fields": pl.String(),
    }
)
"""Transactions with a row that could not be read; `fields` says what was wrong with it."""


def find_doubts(scope: Scope, set_aside: Mapping[StreamId, Sequence[SetAside]]) -> pl.DataFrame:
    """The transactions of a scope that rows set aside are of, or name a key of, as `DOUBTS`.

    Args:
        scope: what the rules look at.
        set_aside: rows by stream.
    """
    found = [pl.DataFrame(schema=DOUBTS)]
    parts = _parts_of_keys(scope) if set_aside else pl.DataFrame()
    for stream, rows in set_aside.items():
        own = scope.frames.get(stream)
        for row in rows:
            deals = _naming(parts, row.reject.payload)
            if own is not None and row.reject.native_id is not None:
                of_record = own.filter(pl.col("_record") == row.reject.native_id)
                deals = pl.concat([deals, of_record.select("_transaction")])
            found.append(
                deals.unique(maintain_order=True).select(
                    stream=pl.lit(str(stream)),
                    transaction="_transaction",
                    record_id=pl.lit(row.reject.native_id or ""),
                    fields=pl.lit(row.reject.reason.value),
                )
            )
    return pl.concat(found)


def without_doubtful(found: pl.DataFrame, doubts: pl.DataFrame, flow: Flow) -> pl.DataFrame:
    """The findings that no unreadable row puts in doubt."""
    needs = pl.DataFrame(
        [(rule.name, str(stream)) for rule in flow.rules for stream in rule.needs],
        schema={"rule": pl.String, "stream": pl.String},
        orient="row",
    )
    doubtful = doubts.join(needs, on="stream").select("rule", "transaction").unique()
    return found.join(doubtful, on=["rule", "transaction"], how="anti", maintain_order="left")


def _parts_of_keys(scope: Scope) -> pl.DataFrame:
    """Columns `_transaction`, `key` and `part` (in small letters): composite keys have several."""
    carried = [
        frame.select("_transaction", key="_keys").explode("key").drop_nulls()
        for frame in scope.frames.values()
    ]
    names = [
        frame.select("_transaction", key=pl.lit(":") + pl.col("_transaction"))
        for frame in scope.frames.values()
    ]
    value = pl.col("key").str.replace("^[^:]*:", "").str.to_lowercase()
    return (
        pl.concat([*carried, *names])
        .unique()
        .with_columns(part=value.str.split("|"))
        .explode("part")
    )


def _naming(parts: pl.DataFrame, payload: str) -> pl.DataFrame:
    """Transactions (`_transaction`) one of whose keys stands in a payload, all parts of it."""
    stands = pl.lit(payload.lower()).str.contains(pl.col("part"), literal=True)
    return (
        parts.group_by("_transaction", "key")
        .agg(stands.all().alias("stands"))
        .filter("stands")
        .select("_transaction")
    )
