"""Indicators for a terminal, a page and for machines."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from monitor.core.indicators import Dimension
from monitor.core.model import encode_value
from monitor.core.showing import show_count, show_minute, show_money
from monitor.indicators.figures import (
    ALL,
    Amounts,
    Cut,
    Figure,
    FlowIndicators,
    Quantiles,
    Saving,
    Share,
    Times,
)
from monitor.indicators.table import INDICATORS

NOTHING = "nothing to compare"


class Line(NamedTuple):
    """A figure as people read it."""

    title: str
    part: str
    value: str
    of: str


def lines_of(told: FlowIndicators, cut: Cut = ALL) -> Iterator[Line]:
    """Every figure of a part of the firm, a line each; the title stands at the first one."""
    before = ""
    for figure in told.cuts[cut]:
        title = INDICATORS[figure.indicator].title
        shown = "" if title == before else title
        before = title
        yield Line(shown, _part(figure), *_words(figure))


def show_indicators(told: FlowIndicators, console: Console, by: Dimension | None = None) -> None:
    """A flow's figures, for all of it and, if asked for, for each part of a dimension."""
    since, until = told.period
    console.print(Text(f"{told.flow}, {show_minute(since)} to {show_minute(until)} UTC"))
    if told.blind:
        streams = ", ".join(map(str, told.blind))
        console.print(Text(f"blind, so that part of this is unknown: {streams}", style="yellow"))
    for cut in told.cuts:
        if cut == ALL or cut.dimension is by:
            console.print(_table(told, cut))


def _table(told: FlowIndicators, cut: Cut) -> Table:
    name = None if cut.dimension is None else cut.dimension.value.replace("_", " ")
    title = None if name is None else Text(f"{name}: {cut.value}")
    table = Table(box=None, header_style="bold", title=title, title_justify="left")
    for heading in ("indicator", "of", "value", "counted"):
        table.add_column(heading, justify="right" if heading == "value" else "left")
    for line in lines_of(told, cut):
        table.add_row(*map(Text, line))
    return table


def indicators_as_json(told: Sequence[FlowIndicators]) -> list[dict[str, Any]]:
    """For machines: money and ratios as exact text, times in seconds, instants in UTC."""
    return [
        {
            "flow": each.flow,
            "since": encode_value(each.period.since),
            "until": encode_value(each.period.until),
            "at": encode_value(each.at),
            "blind": [str(stream) for stream in each.blind],
            "figures": [
                {
                    "dimension": cut.dimension.value if cut.dimension else "all",
                    "slice": cut.value or "all",
                    "indicator": figure.indicator.value,
                    "part": figure.part,
                    **_document(figure),
                }
                for cut, figures in each.cuts.items()
                for figure in figures
            ],
        }
        for each in told
    ]


def _document(figure: Figure) -> dict[str, Any]:
    match figure.value:
        case Share(part, whole, unknown) as share:
            ratio = None if share.ratio is None else str(share.ratio)
            return {"part_count": part, "count": whole, "unknown": unknown, "ratio": ratio}
        case Times(count, plain, working):
            return {"count": count, "plain": _seconds(plain), "working": _seconds(working)}
        case Amounts(count, sums, unknown):
            money = {currency: f"{amount:f}" for currency, amount in sums.items()}
            return {"count": count, "unknown": unknown, "money": money}
        case Saving(time, checks, investigations):
            return {
                "seconds": time.total_seconds(),
                "checks": checks,
                "investigations": investigations,
                "is_assumption": True,
            }


def _seconds(quantiles: Quantiles | None) -> dict[str, float] | None:
    if quantiles is None:
        return None
    times = {"p50": quantiles.p50, "p90": quantiles.p90, "p99": quantiles.p99}
    return {
        name: time.total_seconds() for name, time in {**times, "max": quantiles.longest}.items()
    }


def _part(figure: Figure) -> str:
    return figure.part.replace("_", " ") if isinstance(figure.value, Amounts) else figure.part


def _words(figure: Figure) -> tuple[str, str]:
    match figure.value:
        case Share(part, whole, unknown) as share:
            beside = f", {unknown:,} unknown" if unknown else ""
            ratio = NOTHING if share.ratio is None else f"{float(share.ratio):.1%}"
            return ratio, f"{part:,} of {whole:,}{beside}"
        case Times(count, plain, working):
            return _middle(plain), f"{count:,}{_spread(plain)}{_worked(working)}"
        case Amounts(count, sums, unknown):
            beside = f", {unknown:,} unknown" if unknown else ""
            money = ", ".join(show_money(amount, currency) for currency, amount in sums.items())
            return money or "none", f"{count:,}{beside}"
        case Saving(time, checks, investigations):
            counted = f"{show_count(checks, 'check')}, {show_count(investigations, 'break')}"
            return f"{time / timedelta(hours=1):,.1f} h", f"{counted}, by the firm's assumption"


def _middle(quantiles: Quantiles | None) -> str:
    return NOTHING if quantiles is None else show_length(quantiles.p50)


def _spread(quantiles: Quantiles | None) -> str:
    if quantiles is None:
        return ""
    return f", 90 % within {show_length(quantiles.p90)}, longest {show_length(quantiles.longest)}"


def _worked(quantiles: Quantiles | None) -> str:
    if quantiles is None:
        return ""
    return (
        f"; in working time {show_length(quantiles.p50)}, 90 % within {show_length(quantiles.p90)}"
    )


def show_length(time: timedelta) -> str:
    """The two greatest units, cut: `3d 4h`, `12m 5s`."""
    seconds = int(time.total_seconds())
    days, seconds = divmod(seconds, 86_400)
    hours, seconds = divmod(seconds, 3_600)
    minutes, seconds = divmod(seconds, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s")]
    first = next((place for place, (count, _) in enumerate(parts) if count), 3)
    shown = [f"{count}{unit}" for count, unit in parts[first : first + 2] if count]
    return " ".join(shown) or "0s"
