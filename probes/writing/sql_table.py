"""One table that is written: rows found, locked, written under a guard, and read again.

Values are always bound; names of tables and columns come from the landscape and are those that
the database itself names.
"""

from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any, Self

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    MetaData,
    RowMapping,
    Table,
    and_,
    delete,
    func,
    insert,
    inspect,
    or_,
    select,
    update,
)

from monitor.core.errors import Permanent, Reason
from monitor.core.model import KeyUse, Page, Record
from monitor.core.writing import Write
from probes.engine.keys import kinds_of
from probes.engine.mapping import RowMapper, carrying
from probes.engine.requests import Style, fill_body
from probes.engine.sql_source import Source, SqlStream, is_findable, spellings, table_source
from probes.engine.values import Misfit
from probes.writing.form import Form, Places, placeholders, steps_of
from probes.writing.sql_settings import SqlWriting
from probes.writing.sql_values import fit, is_comparable, spelled_ids
from probes.writing.target import conflict, meant_by_keys, require_absent, require_same

_PARTIAL = ("postgresql_where", "sqlite_where", "mssql_where")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SqlTarget:
    """What the landscape says of a table that can be written.

    Attributes:
        stream: how it is read.
        writing: how it is written.
        form: the form of what is written.
        mapper: how rows become records.
    """

    stream: SqlStream
    writing: SqlWriting
    form: Form
    mapper: RowMapper


@dataclass(frozen=True, slots=True)
class WrittenTable:
    """A table as the database describes it. Every method works in the caller's transaction.

    Attributes:
        target: what the landscape says of it.
        table: all of its columns.
        source: those that the stream reads.
        dialect: of the database.
    """

    target: SqlTarget
    table: Table
    source: Source
    dialect: str

    @classmethod
    def open(cls, connection: Connection, target: SqlTarget) -> Self:
        """The table, which must have every column that is written.

        Raises:
            Permanent: it lacks one, or does not hold unique what should be.
        """
        settings, dialect = target.stream, connection.dialect.name
        table = Table(
            settings.table or "",
            MetaData(),
            schema=settings.db_schema,
            autoload_with=connection,
            resolve_fks=False,
        )
        source = table_source(settings, table, is_dynamic=dialect == "sqlite")
        for name in _columns_written(target):
            if name not in table.c:
                raise Permanent(
                    f"table '{table.name}' has no column '{name}'", reason=Reason.SCHEMA
                )
        unique = target.writing.create.unique if target.writing.create else ()
        if unique and not any(held <= set(unique) for held in _held_unique(connection, table)):
            raise Permanent(
                f"table '{table.name}' does not hold {', '.join(unique)} unique",
                reason=Reason.CONFIGURATION,
            )
        return cls(target, table, source, dialect)

    def find(self, connection: Connection, write: Write) -> Record | None:
        """The record with the write's keys; raises as `meant_by_keys`."""
        stream = self.target.stream
        able = [kind for kind in kinds_of(stream) if is_findable(stream, kind)]

        def lookup(use: KeyUse) -> Page:
            columns = spellings(self.source, stream, use.kind)
            fitting = or_(*(column.in_([use.value]) for column in columns))
            rows = connection.execute(select(self.source.rows).where(fitting)).mappings()
            page = self.target.mapper.read_page(dict(row) for row in rows)
            return carrying(page, use.kind, [use.value])

        return meant_by_keys(write, able, lookup)

    def row(self, connection: Connection, native_id: str, *, lock: bool = False) -> Row | None:
        """The row with this id; None where there is none.

        Raises:
            Permanent: there are several.
        """
        spelled = spelled_ids(native_id, self._id, self.dialect)
        statement = select(*self._columns()).where(self._id.in_(spelled))
        found = connection.execute(statement.with_for_update() if lock else statement).mappings()
        # What reads as another id (`08`, digits of other scripts) is another record's.
        match [dict(row) for row in found if self._id_of(row) == native_id]:
            case []:
                return None
            case [row]:
                return row
            case several:
                raise conflict(f"{len(several)} rows have one id")

    def record(self, row: Row) -> Record:
        """The row in canonical form.

        Raises:
            Permanent: it has none.
        """
        record = self.target.mapper.read_row(row)
        if not isinstance(record, Record):
            raise Permanent(f"the row cannot be read: {record.detail}", reason=Reason.SCHEMA)
        return record

    def token(self, row: Row) -> str:
        """The version that the row shows; empty where it has no column for that."""
        version = self.target.writing.version
        return "" if version is None else str(row[version])

    def insert(self, connection: Connection, write: Write, key: str) -> str:
        """The id of a new row, which is found by its keys and reads as it was meant.

        Raises:
            Permanent: there is one with these keys, or it would not be so.
        """
        require_absent(self.find(connection, write))
        create, form = self.target.writing.create, self.target.form
        constants = create.constants if create else {}
        values = fill_body(constants, placeholders(write, key), Style())
        places = {**form.key_places(write), **form.places(write), **values}
        connection.execute(insert(self.table).values(self._values(places)))
        record = self.find(connection, write)
        if record is None:
            raise Permanent("the new row would not be found by its keys", reason=Reason.UNSUPPORTED)
        _require_meant(record, write)
        return record.native_id

    def update(self, connection: Connection, write: Write, seen: Record, token: str) -> None:
        """Change a row that is as it was seen, and see that it reads as it was meant.

        Raises:
            Permanent: it is not as it was seen, or would not read so.
        """
        row = self._locked(connection, seen, token)
        writing = self.target.writing
        constants = writing.update.constants if writing.update else {}
        values = self._values({**self.target.form.places(write), **constants})
        if writing.version is not None:
            values[writing.version] = self.table.c[writing.version] + 1
        statement = update(self.table).where(self._as_it_was(row)).values(values)
        if connection.execute(statement).rowcount != 1:
            raise conflict("the row is no longer as it was read")
        after = self.row(connection, seen.native_id)
        if after is None:
            raise Permanent("the row would lose its id", reason=Reason.UNSUPPORTED)
        _require_meant(self.record(after), write)

    def delete(self, connection: Connection, seen: Record, token: str) -> None:
        """Delete a row that is as it was seen.

        Raises:
            Permanent: it is not.
        """
        row = self._locked(connection, seen, token)
        statement = delete(self.table).where(self._as_it_was(row))
        if connection.execute(statement).rowcount != 1:
            raise conflict("the row is no longer as it was read")

    @property
    def _id(self) -> ColumnElement[Any]:
        column: ColumnElement[Any] = self.table.c[self.source.id.name]
        return column

    def _id_of(self, row: RowMapping) -> str | None:
        try:
            return self.target.mapper.native_id(row)
        except Misfit:
            return None

    def _columns(self) -> list[Column[Any]]:
        version = self.target.writing.version
        names = [each.name for each in self.source.rows.c]
        more = [] if version is None or version in names else [version]
        return [self.table.c[name] for name in (*names, *more)]

    def _locked(self, connection: Connection, seen: Record, token: str) -> Row:
        """The row, which nobody can change any more and nobody has changed since it was seen."""
        row = self.row(connection, seen.native_id, lock=True)
        require_same(seen, None if row is None else self.record(row))
        if row is None or self.token(row) != token:
            raise conflict("the row has another version than was observed")
        return row

    def _as_it_was(self, row: Row) -> ColumnElement[bool]:
        """For databases that cannot lock a row: the condition that it is still the same."""
        columns = (each for each in self._columns() if is_comparable(each, self.dialect))
        return and_(
            self._id == row[self.source.id.name],
            *(each.is_not_distinct_from(row[each.name]) for each in columns),
        )

    def _values(self, places: Places) -> dict[str, Any]:
        """What is written, by column, as the columns take it."""
        zones = {form.path: form.mapping.zone for form in self.target.form.fields.values()}
        values: dict[str, Any] = {}
        for path, value in places.items():
            (name,) = steps_of(path)
            values[name] = fit(value, self.table.c[name], zones.get(path, "UTC"), self.dialect)
        return values | {name: func.current_timestamp() for name in self.target.writing.touch}


def _columns_written(target: SqlTarget) -> Iterator[str]:
    writing = target.writing
    paths = (*(form.path for form in target.form.fields.values()), *writing.keys.values())
    for path in paths:
        yield from steps_of(path)
    yield from writing.touch
    yield from () if writing.version is None else (writing.version,)
    for operation in (writing.create, writing.update):
        yield from () if operation is None else operation.constants


def _held_unique(connection: Connection, table: Table) -> Iterator[Set[str | None]]:
    """Columns that the database holds unique together, whatever the rows."""
    asked, name, schema = inspect(connection), table.name, table.schema
    if primary := asked.get_pk_constraint(name, schema)["constrained_columns"]:
        yield frozenset[str | None](primary)
    for constraint in asked.get_unique_constraints(name, schema):
        yield frozenset[str | None](constraint["column_names"])
    for each in asked.get_indexes(name, schema):
        options = each.get("dialect_options", {})
        is_partial = any(options.get(option) is not None for option in _PARTIAL)
        if each["unique"] and not is_partial:
            yield frozenset(each["column_names"])


def _require_meant(record: Record, write: Write) -> None:
    """See that nothing was rounded, cut or changed on the way into the row.

    Raises:
        Permanent: something was; the transaction is rolled back.
    """
    for name, value in write.after.items():
        if record.fields.get(name) != value:
            raise Permanent(
                f"field '{name}' would come to stand as something else", reason=Reason.REFUSED
            )
