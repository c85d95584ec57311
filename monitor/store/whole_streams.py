"""Whole streams as frames, for checks that look at no single transaction."""

from collections.abc import Iterator, Mapping

import polars as pl
from sqlalchemy import Connection, select

from monitor.core.entities import EntityFields
from monitor.core.model import StreamId
from monitor.store.frames import load_frames
from monitor.store.schema import record


class WholeStreams(Mapping[StreamId, pl.DataFrame]):
    """Streams of one snapshot; each is read when it is first asked for, and kept until the end.

    A frame has the columns of `Scope.frames` without `_transaction`, one row a record.
    """

    def __init__(self, connection: Connection, fields: Mapping[StreamId, EntityFields]) -> None:
        """Nothing is read yet.

        Args:
            connection: the snapshot; must stay open.
            fields: the streams that can be had, with the canonical fields of each.
        """
        self._connection = connection
        self._fields = fields
        self._frames: dict[StreamId, pl.DataFrame] = {}

    def __getitem__(self, stream: StreamId) -> pl.DataFrame:
        if stream not in self._frames:
            self._frames[stream] = self._load(stream, self._fields[stream])
        return self._frames[stream]

    def __iter__(self) -> Iterator[StreamId]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def _load(self, stream: StreamId, fields: EntityFields) -> pl.DataFrame:
        query = select(record.c.id).where(
            record.c.stream == str(stream), record.c.deleted.is_(False)
        )
        numbers = list(self._connection.execute(query).scalars())
        everywhere = pl.DataFrame({"record": numbers}, schema={"record": pl.Int64}).select(
            pl.lit("").alias("transaction"), "record"
        )
        return load_frames(self._connection, everywhere, {stream: fields})[stream].drop(
            "_transaction"
        )
