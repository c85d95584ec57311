"""A database with a table of deals, and what a probe reads of it."""

from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, create_engine, text

from monitor.core.entities import ENTITIES
from monitor.core.model import Record, Window
from monitor.core.plugins import ProbeContext
from probes.sql import SqlProbe, SqlSystem, build

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
ALL = Window(None, NOON + timedelta(days=3650))


STREAM: Mapping[str, Any] = {
    "table": "deals",
    "entity": "opportunity",
    "id": "id",
    "map": {"name": "name", "amount": "amount"},
    "defines": {"deal": "no"},
    "cursor": {"field": "changed"},
    "page_size": 2,
}


class Source:
    """A database with a table of deals, to write to behind the probe's back."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine: Engine = create_engine(url)

    def run(self, *statements: str, **values: Any) -> None:
        with self._engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement), values)

    def create(self, stamp: str, native_id: str = "INTEGER") -> None:
        self.run(
            f"CREATE TABLE deals (id {native_id}, no VARCHAR(40), name VARCHAR(80),"
            f" amount NUMERIC(20, 4), changed {stamp}, note VARCHAR(80))"
        )

    def add(self, native_id: object, changed: object, **columns: Any) -> None:
        row = {"id": native_id, "no": f"opp-{native_id}", "changed": changed, **columns}
        names = ", ".join(row)
        self.run(f"INSERT INTO deals ({names}) VALUES (:{', :'.join(row)})", **row)

    def close(self) -> None:
        self._engine.dispose()


def probe_of(source: Source | str, **changed: Any) -> SqlProbe:
    url = source if isinstance(source, str) else source.url
    stream = {name: value for name, value in {**STREAM, **changed}.items() if value is not None}
    system = SqlSystem.model_validate({"probe": "sql", "url": url, "streams": {"deals": stream}})
    return build(system, ProbeContext("crm", ENTITIES, lambda: NOON, lambda _: None))


def stamp_type(source: Source) -> str:
    return "TIMESTAMP WITH TIME ZONE" if "postgresql" in source.url else "TIMESTAMP"


def stamp(source: Source, instant: datetime) -> object:
    return instant if "postgresql" in source.url else f"{instant:%Y-%m-%d %H:%M:%S.%f}"


def records(probe: SqlProbe, window: Window = ALL) -> list[Record]:
    with closing(probe):
        return [record for page in probe.changes("deals", window) for record in page.records]


def ids(found: list[Record] | tuple[Record, ...]) -> list[str]:
    return [record.native_id for record in found]
