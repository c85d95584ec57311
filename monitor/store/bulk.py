"""Many rows at once: the one place where SQLite and PostgreSQL are told apart.

Rows given to `insert_rows` and `update_rows` are as the database holds them (instants are
integers), because column types do not see what goes to the driver in bulk.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec
import polars as pl
from sqlalchemy import (
    CompoundSelect,
    Connection,
    Select,
    Table,
    Text,
    cast,
    func,
    literal,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeEngine

Row = tuple[Any, ...]

PORTION = 2_000
"""Rows that are taken out of the driver at a time: while they are this few, they become columns
before they leave the processor's cache."""


def _is_postgresql(connection: Connection) -> bool:
    return connection.dialect.name == "postgresql"


def listed_ids(connection: Connection, values: Collection[int]) -> Select[Any]:
    """A subquery with these numbers, bound as one parameter however many they are."""
    if _is_postgresql(connection):
        return _unnested(map(str, values), postgresql.BIGINT)
    return _each(values)


def listed_texts(connection: Connection, values: Collection[str]) -> Select[Any]:
    """A subquery with these texts, bound as one parameter however many they are."""
    if _is_postgresql(connection):
        return _unnested(map(_quoted, values), postgresql.TEXT)
    return _each(values)


def _unnested(items: Iterable[str], kind: type[TypeEngine[Any]]) -> Select[Any]:
    """Items of an array that is written here: the driver looks at each of them several times.

    Source: PostgreSQL documentation, "Arrays", section "Array Input and Output Syntax".
    """
    array = cast(literal("{" + ",".join(items) + "}", Text), postgresql.ARRAY(kind))
    return select(func.unnest(array).label("value"))


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _each(values: Collection[int] | Collection[str]) -> Select[Any]:
    encoded = msgspec.json.encode(list(values)).decode()
    return select(func.json_each(encoded).table_valued("value").c.value)


def fetch_frame(
    connection: Connection,
    query: Select[Any] | CompoundSelect[Any],
    schema: Mapping[str, type[pl.DataType]],
) -> pl.DataFrame:
    """The rows of a query as columns.

    No column type sees them: instants are integers, as the database holds them.

    Args:
        connection: a transaction.
        query: its columns are those of the schema, in order.
        schema: names and types of the frame.
    """
    cursor = connection.execute(query).cursor
    if cursor is None:
        raise ValueError("the statement returns no rows")
    parts = [pl.DataFrame(schema=schema)]
    while rows := cursor.fetchmany(PORTION):
        columns = zip(schema.items(), zip(*rows, strict=True), strict=True)
        parts.append(
            pl.DataFrame(
                [pl.Series(name, values, kind, strict=False) for (name, kind), values in columns]
            )
        )
    return pl.concat(parts, rechunk=True)


def fetch_rows(connection: Connection, query: Select[Any]) -> list[Row]:
    """The rows of a query as the database holds them: no column type sees them."""
    cursor = connection.execute(query).cursor
    if cursor is None:
        raise ValueError("the statement returns no rows")
    return list(cursor.fetchall())


def insert_rows(
    connection: Connection, into: Table, columns: Sequence[str], rows: Sequence[Row]
) -> None:
    """Insert rows by the driver's fastest way: COPY, or one prepared statement."""
    if not rows:
        return
    names = ", ".join(f'"{name}"' for name in columns)
    if _is_postgresql(connection):
        cursor = connection.connection.cursor()
        try:
            with cursor.copy(f"COPY {into.name} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        finally:
            cursor.close()
    else:
        marks = ", ".join("?" * len(columns))
        connection.exec_driver_sql(
            f"INSERT INTO {into.name} ({names}) VALUES ({marks})", list(rows)
        )


def upsert_rows(
    connection: Connection, into: Table, columns: Sequence[str], rows: Sequence[Row]
) -> None:
    """Insert rows, or replace those with the same value in the first column, which is the key."""
    if not rows:
        return
    mark = "%s" if _is_postgresql(connection) else "?"
    names, marks = ", ".join(f'"{name}"' for name in columns), ", ".join([mark] * len(columns))
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in columns[1:])
    connection.exec_driver_sql(
        f'INSERT INTO "{into.name}" ({names}) VALUES ({marks})'
        f' ON CONFLICT ("{columns[0]}") DO UPDATE SET {changes}',
        list(rows),
    )


def update_rows(
    connection: Connection, of: Table, columns: Sequence[str], rows: Sequence[Row]
) -> None:
    """Update rows by `id`: each row is its id, then the new values of the columns."""
    if not rows:
        return
    if _is_postgresql(connection):
        kinds = [of.c[name].type.compile(connection.dialect) for name in ("id", *columns)]
        arrays = ", ".join(f"CAST(%s AS {kind.split()[0]}[])" for kind in kinds)
        changes = ", ".join(f"{name} = given.{name}" for name in columns)
        connection.exec_driver_sql(
            f"UPDATE {of.name} SET {changes} FROM unnest({arrays})"
            f" AS given(id, {', '.join(columns)}) WHERE {of.name}.id = given.id",
            tuple(list(values) for values in zip(*rows, strict=True)),
        )
    else:
        changes = ", ".join(f"{name} = ?" for name in columns)
        connection.exec_driver_sql(
            f"UPDATE {of.name} SET {changes} WHERE id = ?", [(*row[1:], row[0]) for row in rows]
        )


def delete_rows(
    connection: Connection, of: Table, columns: Sequence[str], rows: Sequence[Row]
) -> None:
    """Delete the rows that have these values in these columns."""
    if not rows:
        return
    mark = "%s" if _is_postgresql(connection) else "?"
    condition = " AND ".join(f"{name} = {mark}" for name in columns)
    connection.exec_driver_sql(f"DELETE FROM {of.name} WHERE {condition}", list(rows))


def new_ids(connection: Connection, of: Table, count: int) -> Sequence[int]:
    """Ids for rows that are about to be inserted by this transaction."""
    if _is_postgresql(connection):
        drawn = text(f"SELECT nextval('{of.name}_id_seq') FROM generate_series(1, :count)")
        return connection.execute(drawn, {"count": count}).scalars().all()
    last = connection.execute(select(func.coalesce(func.max(of.c.id), 0))).scalar_one()
    return range(last + 1, last + 1 + count)


def upsert(connection: Connection, into: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that knows ON CONFLICT."""
    return postgresql.insert(into) if _is_postgresql(connection) else sqlite.insert(into)


def hold(connection: Connection, name: str) -> None:
    """Let one transaction at a time go on with what the name stands for, until it ends.

    A write transaction on SQLite is alone anyway.
    """
    if _is_postgresql(connection):
        connection.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
