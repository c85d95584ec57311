"""How much room the store takes, and how much there is."""

import shutil
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, text


class StoreSize(NamedTuple):
    """In bytes; `free` is None where nobody can tell: a database server keeps it to itself."""

    taken: int
    free: int | None


def size_of_store(connection: Connection) -> StoreSize:
    """What the database takes, and what its disk has left.

    Raises:
        Transient, Permanent: as any read.
    """
    if connection.dialect.name != "sqlite":
        taken = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
        return StoreSize(int(taken), None)
    pages = connection.execute(text("PRAGMA page_count")).scalar_one()
    page_size = connection.execute(text("PRAGMA page_size")).scalar_one()
    folder = Path(connection.engine.url.database or ".").absolute().parent
    return StoreSize(int(pages) * int(page_size), _free(folder))


def _free(folder: Path) -> int | None:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None
