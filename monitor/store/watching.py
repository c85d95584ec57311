"""When each watch looked last, and when it shall look again; kept over restarts."""

from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import Connection

from monitor.store.settings import load_setting, save_setting


@dataclass(frozen=True, slots=True)
class Watching:
    """How far a watch has come.

    Attributes:
        digest: hash of the settings that it looked by.
        looked_at: when it last looked.
        due_at: when it shall look again.
    """

    digest: str
    looked_at: datetime
    due_at: datetime


def load_watching(connection: Connection, watch: str) -> Watching | None:
    """How far a watch has come; None before its first look."""
    stored = load_setting(connection, _name(watch))
    return None if stored is None else msgspec.json.decode(stored, type=Watching)


def save_watching(connection: Connection, watch: str, watching: Watching) -> None:
    """Note that a watch has looked."""
    save_setting(connection, _name(watch), msgspec.json.encode(watching).decode())


def _name(watch: str) -> str:
    return f"watching:{watch}"
