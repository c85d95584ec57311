"""Writes to tables: each in one transaction that looks, writes under a guard, and looks again.

What does not come to stand as it was meant (rounded, cut, changed by a trigger) is rolled back.
"""

from collections.abc import Mapping
from datetime import timedelta
from threading import Lock
from typing import Final

from sqlalchemy import Connection, Engine

from monitor.core.clock import Clock, TimeLimit
from monitor.core.writing import Abilities, Observation, Operation, Receipt, Write
from probes.engine.budget import Budget
from probes.engine.database import changing
from probes.writing.sql_table import SqlTarget, WrittenTable
from probes.writing.target import require_absent, require_seen, target_of, unable

STATEMENTS_OF_A_LOOK: Final = 1
STATEMENTS_OF_A_WRITE: Final = 3
"""What the budget is asked for beforehand: nobody waits for their turn inside a transaction."""


class SqlWriter:
    """Writes to one database. May be used by several threads at a time."""

    def __init__(
        self,
        targets: Mapping[str, SqlTarget],
        engine: Engine,
        budget: Budget,
        *,
        deadline: timedelta,
        clock: Clock,
    ) -> None:
        """Get ready to write.

        Args:
            targets: by stream.
            engine: with the credential for writing, from `open_writing_engine`.
            budget: the probe's.
            deadline: for one observation, or one write.
            clock: the present.
        """
        self._targets = targets
        self._engine = engine
        self._budget = budget
        self._deadline = deadline
        self._clock = clock
        self._tables: dict[str, WrittenTable] = {}
        self._lock = Lock()

    def abilities(self, stream: str) -> Abilities:
        """What the stream's settings declare."""
        if stream not in self._targets:
            return Abilities()
        writing = self._targets[stream].writing
        keys = writing.keys_of_new(writing.create.constants) if writing.create else frozenset()
        return Abilities(writing.operations(), frozenset(writing.fields), keys)

    def observe(self, write: Write) -> Observation:
        """See `Writer.observe`."""
        target, at = target_of(self._targets, write), self._clock()
        limit = self._limit(STATEMENTS_OF_A_LOOK)
        with changing(self._engine, limit, keep=False) as connection:
            table = self._open(connection, write.stream.stream, target)
            native_id = write.native_id
            if not native_id:
                found = table.find(connection, write)
                if found is None or write.operation is Operation.CREATE:
                    return Observation(found, "", at)
                native_id = found.native_id
            row = table.row(connection, native_id)
            if row is None:
                return Observation(None, "", at)
            return Observation(table.record(row), table.token(row), at)

    def apply(self, write: Write, seen: Observation, idempotency_key: str) -> Receipt:
        """See `Writer.apply`."""
        target = target_of(self._targets, write)
        if write.operation not in target.writing.operations():
            raise unable(f"the landscape declares no {write.operation} of this stream")
        limit = self._limit(STATEMENTS_OF_A_WRITE)
        with changing(self._engine, limit, keep=True) as connection:
            table = self._open(connection, write.stream.stream, target)
            native_id = _carry_out(connection, table, write, seen, idempotency_key)
        return Receipt(native_id, "", f"{write.operation} of 1 row is committed")

    def close(self) -> None:
        """Let go of connections."""
        self._engine.dispose()

    def _limit(self, statements: int) -> TimeLimit:
        """The time for so many statements, which are spent."""
        limit = TimeLimit.of(self._deadline)
        for _ in range(statements):
            self._budget.spend(limit)
        return limit

    def _open(self, connection: Connection, stream: str, target: SqlTarget) -> WrittenTable:
        with self._lock:
            if stream not in self._tables:
                self._tables[stream] = WrittenTable.open(connection, target)
            return self._tables[stream]


def _carry_out(
    connection: Connection, table: WrittenTable, write: Write, seen: Observation, key: str
) -> str:
    if write.operation is Operation.CREATE:
        require_absent(seen.record)
        return table.insert(connection, write, key)
    record = require_seen(seen)
    if write.operation is Operation.UPDATE:
        table.update(connection, write, record, seen.token)
    else:
        table.delete(connection, record, seen.token)
    return record.native_id
