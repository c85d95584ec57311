"""Export: the event log of a store into a file of its own, whole or not at all."""

import os
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from monitor.estate import Estate
from monitor.mining.json_file import write_json
from monitor.mining.log import event_log
from monitor.mining.model import EventLog
from monitor.mining.sqlite_file import write_sqlite
from monitor.mining.xml_file import write_xml
from monitor.store.database import Database


class LogFormat(StrEnum):
    """The forms that OCEL 2.0 has."""

    JSON = "json"
    XML = "xml"
    SQLITE = "sqlite"


WRITERS: Mapping[LogFormat, Callable[[EventLog, Path], None]] = {
    LogFormat.JSON: write_json,
    LogFormat.XML: write_xml,
    LogFormat.SQLITE: write_sqlite,
}


def export_log(
    estate: Estate, database: Database, form: LogFormat, path: Path, now: datetime
) -> None:
    """Write the event log, read from one snapshot of the store.

    Raises:
        OSError: the file cannot be written; what was there before stays.
        Transient, Permanent: the store failed, likewise.
    """
    partial = path.with_name(f"{path.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        with database.read() as connection:
            WRITERS[form](event_log(estate, connection, now), partial)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
