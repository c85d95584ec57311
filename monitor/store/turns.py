"""Turns at settling a flow: who read the store before somebody else settled must read again."""

from sqlalchemy import Connection

from monitor.store.bulk import hold
from monitor.store.settings import load_setting, save_setting


def turn_of(connection: Connection, flow: str) -> int:
    """How often the flow was settled so far, as this snapshot sees it."""
    return int(load_setting(connection, _name(flow)) or 0)


def take_turn(connection: Connection, flow: str, turn: int) -> bool:
    """Settle the flow as it was at that turn; False where another settled it meanwhile.

    Nobody else can take a turn at the flow until this transaction ends.
    """
    hold(connection, f"flow {flow}")
    if turn_of(connection, flow) != turn:
        return False
    save_setting(connection, _name(flow), str(turn + 1))
    return True


def pass_turn(connection: Connection, flow: str) -> None:
    """Change what a cycle may be settling: one that read the flow before must read it again."""
    hold(connection, f"flow {flow}")
    save_setting(connection, _name(flow), str(turn_of(connection, flow) + 1))


def _name(flow: str) -> str:
    return f"turn:{flow}"
