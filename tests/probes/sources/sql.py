"""A SQLite file with a table of projects."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.probes.sources.source import CANARY, Row


class SqlSource:
    """Holds what was written last."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / f"{CANARY}.db"
        self._run("CREATE TABLE projects (id INTEGER, deal TEXT, name TEXT, modified TIMESTAMP)")
        self.settings: dict[str, Any] = {
            "probe": "sql",
            "url": f"sqlite:///{self._path}",
            "streams": {
                "project": {
                    "table": "projects",
                    "entity": "project",
                    "id": "id",
                    "map": {"name": "name"},
                    "refers": {"deal": "deal"},
                    "cursor": {"field": "modified", "format": "%Y-%m-%d %H:%M:%S"},
                    "deletes": {"kind": "sweep"},
                    "page_size": 7,
                }
            },
        }

    def write(self, rows: Sequence[Row]) -> None:
        self._run("DELETE FROM projects")
        for row in rows:
            stamp = f"{row.modified_at:%Y-%m-%d %H:%M:%S}"
            values = (int(row.id), row.deal, row.name, stamp)
            self._run("INSERT INTO projects VALUES (?, ?, ?, ?)", values)

    def spoil(self) -> None:
        self._run("INSERT INTO projects VALUES (99, 'd', 'n', NULL)")

    def fail(self) -> None:
        self._path.unlink()

    def close(self) -> None:
        """Nothing is held open."""

    def _run(self, statement: str, values: tuple[Any, ...] = ()) -> None:
        with closing(sqlite3.connect(self._path)) as connection, connection:
            connection.execute(statement, values)
