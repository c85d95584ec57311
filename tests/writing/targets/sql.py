"""A table in SQLite and one in PostgreSQL, which hold the deal's key unique."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from monitor.core.model import Value
from monitor.core.writing import Writer
from probes.writing.sql import SqlWriter
from tests.writing.fake_target import Mishap
from tests.writing.targets.target import CANARY, FIELDS

_COLUMNS = "deal, number, status, amount, currency, issued_on, issued_at"
_SQLITE = """CREATE TABLE invoices (id INTEGER PRIMARY KEY, deal TEXT NOT NULL UNIQUE,
    number TEXT CHECK (number <> 'refused'), status TEXT, amount TEXT, currency TEXT,
    issued_on DATE, issued_at TIMESTAMP, modified TIMESTAMP DEFAULT CURRENT_TIMESTAMP,
    secret TEXT DEFAULT 'untouched')"""
_POSTGRESQL = """CREATE TABLE invoices (id BIGSERIAL PRIMARY KEY, deal TEXT NOT NULL UNIQUE,
    number TEXT CHECK (number <> 'refused'), status TEXT, amount NUMERIC(38, 6), currency TEXT,
    issued_on DATE, issued_at TIMESTAMPTZ, modified TIMESTAMPTZ DEFAULT clock_timestamp(),
    secret TEXT DEFAULT 'untouched')"""


class SqlTarget:
    """One table."""

    mishaps = frozenset({Mishap.LOST, Mishap.REFUSED})

    def __init__(self, url: str, table: str) -> None:
        self._engine = create_engine(url)
        with self._engine.begin() as connection:
            connection.execute(text(table))
        columns = {name: name for name in FIELDS}
        self.settings: dict[str, Any] = {
            "probe": "sql",
            "url": url,
            "write": {"url": url},
            "streams": {
                "invoice": {
                    "table": "invoices",
                    "entity": "invoice",
                    "id": "id",
                    "map": columns,
                    "refers": {"deal": "deal"},
                    "cursor": {"field": "modified"},
                    "deletes": {"kind": "sweep"},
                    "write": {
                        "fields": columns,
                        "keys": {"deal": "deal"},
                        "create": {"unique": ["deal"]},
                        "update": {},
                        "delete": {},
                        "touch": ["modified"],
                    },
                }
            },
        }

    def put(self, native_id: str, deal: str, **fields: Value) -> None:
        with self._engine.begin() as connection:
            known = {"id": int(native_id), "deal": deal, **dict.fromkeys(FIELDS)}
            connection.execute(
                text(f"INSERT INTO invoices (id, {_COLUMNS}) VALUES (:id, :deal, :number, :status,"
                     " :amount, :currency, :issued_on, :issued_at) ON CONFLICT DO NOTHING"), known
            )  # fmt: skip
            for name, value in fields.items():
                statement = text(f"UPDATE invoices SET {name} = :value WHERE id = :id")
                connection.execute(statement, {"value": self._native(value), "id": int(native_id)})

    def rows(self) -> Mapping[str, Mapping[str, Any]]:
        with self._engine.connect() as connection:
            found = connection.execute(text("SELECT * FROM invoices ORDER BY id")).mappings()
            return {str(row["id"]): dict(row) for row in found}

    def misbehave(self, mishap: Mishap, writer: Writer) -> None:
        if mishap is Mishap.REFUSED:
            return
        assert isinstance(writer, SqlWriter)
        dialect: Any = writer._engine.dialect
        commit = dialect.do_commit

        def commit_and_break(connection: Any) -> None:
            dialect.__dict__.pop("do_commit", None)
            commit(connection)
            raise dialect.dbapi.OperationalError("the connection is lost")

        dialect.do_commit = commit_and_break

    def close(self) -> None:
        with self._engine.begin() as connection:
            connection.execute(text("DROP TABLE invoices"))
        self._engine.dispose()

    def _native(self, value: Value) -> Any:
        if self._engine.dialect.name == "postgresql":
            return value
        match value:
            case Decimal():
                return str(value)
            case datetime():
                return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ")
            case date():
                return value.isoformat()
        return value


def sqlite_table(request: pytest.FixtureRequest) -> SqlTarget:
    folder: Path = request.getfixturevalue("tmp_path")
    path = folder / f"{CANARY}.db"
    path.touch()
    return SqlTarget(f"sqlite:///{path}", _SQLITE)


def postgresql_table(request: pytest.FixtureRequest) -> SqlTarget:
    return SqlTarget(request.getfixturevalue("postgresql_url"), _POSTGRESQL)
