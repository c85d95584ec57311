"""A deal's way as a picture in the terminal."""

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from monitor.core.breaks import LIVE_STATES
from monitor.core.circumstances import HopState
from monitor.core.showing import show_minute, show_value
from monitor.core.transactions import TransactionStatus
from monitor.reports.break_list import BreakList
from monitor.reports.deal import DealTrace, Hop, Stop

_MARKS = {
    HopState.DONE: ("●", "green"),
    HopState.AWAITED: ("○", "cyan"),
    HopState.LATE: ("◐", "yellow"),
    HopState.MISSING: ("✗", "red"),
    HopState.NOT_STARTED: ("·", "dim"),
    HopState.UNKNOWN: ("?", "yellow"),
}

_COLOURS = {
    TransactionStatus.MATCHED: "green",
    TransactionStatus.IN_FLIGHT: "cyan",
    TransactionStatus.BROKEN: "red",
    TransactionStatus.UNKNOWN: "yellow",
    TransactionStatus.EMPTY: "dim",
}


def show_trace(trace: DealTrace, console: Console) -> None:
    """Print the picture; record content is text, never markup."""
    colour = _COLOURS[trace.status]
    title = Text.assemble((trace.key, "bold"), "  ", (trace.status.value.replace("_", " "), colour))
    console.print(
        Panel(
            _body(trace),
            title=title,
            title_align="left",
            border_style=colour,
            expand=False,
            padding=0,
        )
    )


def _body(trace: DealTrace) -> RenderableType:
    parts: list[RenderableType] = [_way(trace.hops), Text(), _timeline(trace.stops)]
    for stream, why in trace.blind.items():
        parts.append(
            Text(f"{stream} is blind ({why.value.replace('_', ' ')}): unknown", style="yellow")
        )
    standing = [each for each in trace.breaks if each.state in LIVE_STATES]
    past = [each for each in trace.breaks if each.state not in LIVE_STATES]
    if standing:
        parts += [Text(), Text("Breaks that stand", style="bold red"), BreakList(standing)]
    if past:
        parts += [Text(), Text("Resolved", style="bold"), BreakList(past)]
    return Group(*parts)


def _way(hops: Sequence[Hop]) -> RenderableType:
    """The hand-offs, one line each: from, how far, to."""
    table = Table.grid(padding=(0, 1))
    for _ in range(5):
        table.add_column(overflow="fold")
    for hop in hops:
        mark, colour = _MARKS[hop.state]
        state = hop.state.value.replace("_", " ")
        table.add_row(
            Text(str(hop.source)),
            Text(f"─{mark}─▶", style=colour),
            Text(str(hop.to)),
            Text(state, style=colour),
            Text(hop.name, style="dim"),
        )
    return table


def _timeline(stops: Sequence[Stop]) -> RenderableType:
    """Records and messages in the order of time."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("when (UTC)", min_width=16)
    table.add_column("what", overflow="fold")
    table.add_column("record", overflow="fold", min_width=12)
    table.add_column("status", overflow="fold", min_width=10)
    table.add_column("amount", justify="right", overflow="fold", min_width=16)
    for stop in stops:
        style = "dim" if stop.is_message else ""
        if stop.deleted:
            style = "strike dim"
        mark = "✉ " if stop.is_message else ""
        what = f"{stop.stream.system} {mark}{stop.entity.replace('_', ' ')}"
        name = str(stop.fields.get("number") or stop.native_id)
        status = "deleted" if stop.deleted else str(stop.fields.get("status") or "")
        cells = (show_minute(stop.at), what, name, status, _money(stop))
        table.add_row(*(Text(cell, style=style) for cell in cells))
    return Padding(table, 0)


def _money(stop: Stop) -> str:
    amount = stop.fields.get("amount")
    if amount is None:
        return ""
    return f"{show_value(str(amount), 'amount')} {stop.fields.get('currency') or ''}".strip()
