"""A reconciliation of extracts, for a terminal and for machines."""

from typing import Any

import polars as pl
from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitor.core.model import encode_value
from monitor.core.showing import show_count, show_instant, show_money
from monitor.extracts.outcome import Reconciliation


def reconciliation_as_json(done: Reconciliation, breaks: pl.DataFrame) -> dict[str, Any]:
    """For machines: money as text, instants in UTC."""
    return {
        "as_of": encode_value(done.as_of),
        "known": encode_value(done.known),
        "rows": {str(stream): count for stream, count in done.rows.items()},
        "absent": [str(stream) for stream in done.absent],
        "not_asked": {flow: list(rules) for flow, rules in done.not_asked.items()},
        "unreadable": done.result.unreadable.to_dicts(),
        "breaks": [
            {name: encode_value(value) for name, value in row.items()}
            for row in breaks.iter_rows(named=True)
        ],
    }


def show_reconciliation(done: Reconciliation, breaks: pl.DataFrame, console: Console) -> None:
    """What was looked at, what could not be, and what was found by kind and system."""
    places = "extracts" if done.known is None else "streams"
    looked = f"{show_count(sum(done.rows.values()), 'record')} of {len(done.rows)} {places}"
    known = "" if done.known is None else f", as known at {show_instant(done.known)}"
    console.print(Text(f"{looked}, as of {done.as_of:%Y-%m-%d %H:%M:%S}{known} UTC"))
    for stream in done.absent:
        why = f"no extract of {stream}" if done.known is None else f"not looked at then: {stream}"
        console.print(Text(why, style="yellow"))
    for flow, rules in done.not_asked.items():
        if rules:
            console.print(Text(f"{flow}: not asked: {', '.join(rules)}", style="yellow"))
    for row in _unreadable(done.result.unreadable).iter_rows():
        stream, fields, records = row
        told = f"{stream}: {show_count(records, 'record')} with unreadable {fields}: unknown"
        console.print(Text(told, style="yellow"))
    if breaks.is_empty():
        console.print(Text("everything ties out", style="green"))
        return
    console.print(_by_rule(breaks))
    if money := _value_at_risk(breaks):
        console.print(Text(f"at risk: {', '.join(money)}"))


def _unreadable(records: pl.DataFrame) -> pl.DataFrame:
    return records.group_by("stream", "fields").len("records").sort("stream", "fields")


def _by_rule(breaks: pl.DataFrame) -> Table:
    table = Table(title=show_count(breaks.height, "break"), title_justify="left")
    for name in ("kind", "system", "rule"):
        table.add_column(name)
    table.add_column("breaks", justify="right")
    groups = breaks.group_by("kind", "system", "rule").len().sort("kind", "system", "rule")
    for *names, count in groups.iter_rows():
        table.add_row(*names, f"{count:,}")
    return table


def _value_at_risk(breaks: pl.DataFrame) -> list[str]:
    """Money by currency, each deal once with its dearest break."""
    dearest = (
        breaks.filter(pl.col("currency") != "")
        .group_by("flow", "key", "currency")
        .agg(pl.col("value_at_risk").max())
    )
    sums = dearest.group_by("currency").agg(pl.col("value_at_risk").sum()).sort("currency")
    return [show_money(value, currency) for currency, value in sums.iter_rows()]
