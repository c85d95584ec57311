"""The kill switch, kept where every process sees it."""

import msgspec
from sqlalchemy import Connection

from monitor.core.corrections import Halt
from monitor.store.settings import forget_setting, load_setting, save_setting

_NAME = "halt"


def load_halt(connection: Connection) -> Halt | None:
    """Who stopped all corrections, and why; None where nobody did."""
    text = load_setting(connection, _NAME)
    return None if text is None else msgspec.json.decode(text, type=Halt)


def save_halt(connection: Connection, halt: Halt) -> None:
    """Stop all corrections."""
    save_setting(connection, _NAME, msgspec.json.encode(halt).decode())


def forget_halt(connection: Connection) -> None:
    """Let corrections go on."""
    forget_setting(connection, _NAME)
