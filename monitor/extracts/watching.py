"""Watch: the checks that need whole streams and no past, over extracts."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import polars as pl
import structlog

from monitor.core.errors import Permanent
from monitor.core.model import StreamId
from monitor.core.ports import FINDINGS
from monitor.core.watches import Survey, Timeless, Watch
from monitor.extracts.canonical import MISFITS, misfits_of
from monitor.extracts.reconciling import UNREADABLE, Reconciled
from monitor.extracts.tables import Table

log = structlog.get_logger(__name__)


def timeless(watches: Iterable[Watch]) -> list[Timeless]:
    """The watches that can look at extracts."""
    return [watch for watch in watches if isinstance(watch, Timeless)]


def askable_watches(
    watches: Iterable[Timeless], tables: Mapping[StreamId, Table]
) -> list[Timeless]:
    """The watches of which every stream is there."""
    return [watch for watch in watches if watch.needs <= tables.keys()]


def look(
    watches: Iterable[Timeless], tables: Mapping[StreamId, Table], as_of: datetime
) -> Reconciled:
    """What the watches find; those that need a table which is not there are not asked.

    A record that cannot be read is compared with none, and said to be unreadable.
    """
    found = [pl.DataFrame(schema=FINDINGS)]
    unreadable = [pl.DataFrame(schema=UNREADABLE)]
    failed = set()
    for watch in askable_watches(watches, tables):
        read = {stream: _load(tables[stream], names) for stream, names in watch.reads.items()}
        unreadable += [_unreadable(stream, frame) for stream, frame in read.items()]
        frames = {
            stream: frame.filter(pl.col(MISFITS) == "").drop(MISFITS)
            for stream, frame in read.items()
        }
        try:
            found.append(watch.evaluate(Survey(frames, dict.fromkeys(tables, as_of), as_of)).found)
        except Permanent as error:
            log.error("a watch failed", watch=watch.name)
            # What it choked on may be a name.
            log.debug("why a watch failed", watch=watch.name, error=str(error))
            failed.add(watch.name)
    return Reconciled(pl.concat(found), pl.concat(unreadable), frozenset(failed))


def _load(table: Table, names: Iterable[str]) -> pl.DataFrame:
    """Every row with an identifier, under the canonical names of the fields."""
    names = sorted(names)
    rows = table.rows.select(
        misfits_of(table, names).alias(MISFITS),
        table.columns.native_id().alias("_record"),
        *(table.columns.field(name).alias(name) for name in names),
    )
    known = rows.filter(pl.col("_record").is_not_null())
    # The store keeps one row of each record, too.
    return known.unique("_record", keep="last", maintain_order=True).collect(engine="streaming")


def _unreadable(stream: StreamId, frame: pl.DataFrame) -> pl.DataFrame:
    return frame.filter(pl.col(MISFITS) != "").select(
        pl.lit(str(stream)).alias("stream"),
        pl.lit("").alias("transaction"),
        pl.col("_record").alias("record_id"),
        pl.col(MISFITS).alias("fields"),
    )
