"""Breaks on a terminal: one line each where there is room for it, else two."""

from collections.abc import Sequence

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from monitor.core.breaks import Break, Finding, Severity
from monitor.core.showing import show_minute, show_money, show_value

_LONGEST_VALUE = 40
"""Columns; longer values go on below."""

_ENDLESS = 10_000

_STYLES = {Severity.CRITICAL: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


class BreakList:
    """A renderable over breaks; record content is text, never markup."""

    def __init__(self, breaks: Sequence[Break]) -> None:
        self._breaks = breaks

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._fitting(console, options)

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement.get(console, options, self._fitting(console, options))

    def _fitting(self, console: Console, options: ConsoleOptions) -> RenderableType:
        table = _table(self._breaks)
        unbounded = options.update(max_width=_ENDLESS)
        if Measurement.get(console, unbounded, table).maximum <= options.max_width:
            return table
        lines: list[RenderableType] = []
        for each in self._breaks:
            lines += [_headline(each), Padding(Text(_sentence(each.finding)), (0, 0, 0, 4))]
        return Group(*lines)


def _table(breaks: Sequence[Break]) -> Table:
    table = Table(header_style="bold", box=None, pad_edge=False)
    for heading in ("break", "deal", "kind", "where"):
        table.add_column(heading, no_wrap=True)
    for heading in ("expected", "actual"):
        table.add_column(heading, overflow="fold", max_width=_LONGEST_VALUE)
    table.add_column("at risk", justify="right", no_wrap=True)
    table.add_column("since (UTC)", no_wrap=True)
    for each in breaks:
        found = each.finding
        kind = Text(_kind(found), style=_STYLES[found.severity])
        values = (show_value(found.expected, found.field), show_value(found.actual, found.field))
        table.add_row(
            Text(each.id),
            Text(found.transaction),
            kind,
            Text(_where(found)),
            *(Text(value) for value in values),
            Text(_risk(found)),
            Text(show_minute(found.since)),
        )
    return table


def _headline(each: Break) -> Text:
    found = each.finding
    return Text.assemble(
        (each.id, "dim"),
        "  ",
        (found.transaction, "bold"),
        "  ",
        (_kind(found), _STYLES[found.severity]),
        "  ",
        _where(found),
    )


def _sentence(found: Finding) -> str:
    parts = []
    if found.expected is not None:
        parts.append(f"expected {show_value(found.expected, found.field)}")
    if found.actual is not None:
        parts.append(f"found {show_value(found.actual, found.field)}")
    if risk := _risk(found):
        parts.append(f"at risk {risk}")
    if found.since is not None:
        parts.append(f"since {show_minute(found.since)}")
    return "; ".join(parts)


def _kind(found: Finding) -> str:
    return found.kind.value.replace("_", " ")


def _where(found: Finding) -> str:
    return ".".join(part for part in (found.system, found.stream, found.field) if part)


def _risk(found: Finding) -> str:
    return "" if found.value_at_risk is None else show_money(found.value_at_risk, found.currency)
