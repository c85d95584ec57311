"""Rows in quarantine: what a system sent that could not become a record, and why."""

from collections.abc import Sequence
from typing import Any

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from monitor.core.model import encode_value
from monitor.core.showing import show_minute
from monitor.store.quarantine import SetAside

NAMELESS = "(no id)"
"""Stands for the record of a row whose id cannot be read."""


def set_aside_as_json(each: SetAside, *, with_payload: bool) -> dict[str, Any]:
    """One row for machines; what the source sent only where it is asked for."""
    payload = {"payload": each.reject.payload} if with_payload else {}
    return {
        "stream": str(each.stream),
        "record": each.reject.native_id,
        "reason": each.reject.reason.value,
        "detail": each.reject.detail,
        "first_seen_at": encode_value(each.first_seen_at),
        "last_seen_at": encode_value(each.last_seen_at),
        **payload,
    }


def set_aside_table(rows: Sequence[SetAside], *, with_payload: bool) -> RenderableType:
    """For people, on a terminal."""
    table = Table(header_style="bold", box=None, pad_edge=False)
    for heading in ("stream", "record", "reason", "detail"):
        table.add_column(heading, overflow="fold")
    for heading in ("first seen (UTC)", "last seen (UTC)"):
        table.add_column(heading, no_wrap=True)
    if with_payload:
        table.add_column("payload", overflow="fold")
    for each in rows:
        cells = [
            str(each.stream),
            each.reject.native_id or NAMELESS,
            each.reject.reason.value.replace("_", " "),
            each.reject.detail,
            show_minute(each.first_seen_at),
            show_minute(each.last_seen_at),
            *([each.reject.payload] if with_payload else []),
        ]
        table.add_row(*(Text(cell) for cell in cells))
    return table
