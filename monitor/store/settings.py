"""Small facts to remember over restarts, such as the hash of the rules last applied."""

from sqlalchemy import Connection, delete, select

from monitor.store.bulk import upsert
from monitor.store.schema import setting


def load_setting(connection: Connection, name: str) -> str | None:
    """The value kept under a name; None where there is none."""
    return connection.execute(select(setting.c.value).where(setting.c.name == name)).scalar()


def save_setting(connection: Connection, name: str, value: str) -> None:
    """Keep a value under a name."""
    connection.execute(
        upsert(connection, setting)
        .values(name=name, value=value)
        .on_conflict_do_update(index_elements=["name"], set_={"value": value})
    )


def forget_setting(connection: Connection, name: str) -> None:
    """Keep nothing under a name."""
    connection.execute(delete(setting).where(setting.c.name == name))
