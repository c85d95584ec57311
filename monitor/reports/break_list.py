"""Breaks on a terminal: one line each where there is room for it, else two."""

from collections.abc import Iterator, Sequence

from rich.console import Console, ConsoleOptions, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from monitor.core.breaks import Break, Finding, Severity
from monitor.reports.showing import show_minute, show_money, show_value

ROOMY = 130
"""Columns from which on a break has a line to itself."""

_STYLES = {Severity.CRITICAL: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


class BreakList:
    """A renderable over breaks; record content is text, never markup."""

    def __init__(self, breaks: Sequence[Break]) -> None:
        self._breaks = breaks

    def __rich_console__(
        self, _console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        if options.max_width >= ROOMY:
            yield _table(self._breaks)
        else:
            for each in self._breaks:
                yield _headline(each)
                yield Padding(Text(_sentence(each.finding)), (0, 0, 0, 4))


def _table(breaks: Sequence[Break]) -> Table:
    table = Table(header_style="bold", box=None, pad_edge=False)
    for heading in ("break", "deal", "kind", "where"):
        table.add_column(heading, no_wrap=True)
    for heading in ("expected", "actual"):
        table.add_column(heading, overflow="fold")
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
    return f"{found.system}.{found.stream}" + (f".{found.field}" if found.field else "")


def _risk(found: Finding) -> str:
    return "" if found.value_at_risk is None else show_money(found.value_at_risk, found.currency)
