"""Values that a driver refuses to hand over, so that they cost one row and not the whole page."""

import sqlite3
from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Engine, event


def accept_odd_values(engine: Engine) -> Engine:
    """The engine, handing over as text what its driver would raise for.

    SQLite holds any bytes as text; PostgreSQL's dates reach from 4713 BC to `infinity`, Python's
    from 1 to 9999 (PostgreSQL manual, date/time types).
    """
    prepare = _PREPARATIONS.get(engine.dialect.name + "+" + engine.dialect.driver)
    if prepare is not None:
        event.listen(engine, "connect", lambda driver, _: prepare(driver))
    return engine


def _prepare_sqlite(driver: Any) -> None:
    connection: sqlite3.Connection = driver
    connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")


def _prepare_psycopg(driver: Any) -> None:
    from psycopg import DataError  # noqa: PLC0415 - an extra that not everyone has
    from psycopg.types import datetime as loaders  # noqa: PLC0415 - the same extra

    def tolerant(loader: Any) -> Any:
        class Tolerant(loader):  # type: ignore[misc]  # known only while running
            def load(self, data: Any) -> Any:
                try:
                    return super().load(data)
                except DataError:
                    return bytes(data).decode()

        return Tolerant

    for name, loader in (
        ("date", loaders.DateLoader),
        ("timestamp", loaders.TimestampLoader),
        ("timestamptz", loaders.TimestamptzLoader),
    ):
        driver.adapters.register_loader(name, tolerant(loader))


_PREPARATIONS: Final[Mapping[str, Any]] = {
    "sqlite+pysqlite": _prepare_sqlite,
    "postgresql+psycopg": _prepare_psycopg,
}
