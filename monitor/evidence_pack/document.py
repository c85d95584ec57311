"""The short PDF of a report: figures and plots; long lists are in the tables."""

import json
import math
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import polars as pl

from monitor.core.errors import Permanent, Reason
from monitor.core.ports import FINDINGS
from monitor.core.showing import show_instant, show_minute, show_money, show_value
from monitor.evidence_pack.findings import Report
from monitor.evidence_pack.population import MEANINGS, Term

MOST_EXCEPTIONS = 40
"""Of which the PDF shows each; the dearest first."""

LONGEST = 60
"""Characters of a record's value that the PDF shows."""

MOST_DAYS = 31

_AGES = ((1, "up to 1 day"), (7, "up to 7 days"), (30, "up to 30 days"), (90, "up to 90 days"))


def write_document(report: Report, provenance: list[str], footer: str, path: Path) -> None:
    """Write the PDF; the same report gives the same bytes.

    Raises:
        OSError: the file cannot be written.
        Permanent: it cannot be set, or what it needs is not installed.
    """
    try:
        import typst  # noqa: PLC0415 - an extra: large, and needed here alone
    except ModuleNotFoundError as error:
        raise Permanent(
            "the PDF of a report needs the module typst: install tieout[reports]",
            reason=Reason.CONFIGURATION,
        ) from error
    source = files("monitor.evidence_pack") / "report.typ"
    facts = json.dumps(document_facts(report, provenance, footer), ensure_ascii=False)
    try:
        pdf = typst.compile(
            source.read_bytes(), format="pdf", ignore_system_fonts=True, sys_inputs={"facts": facts}
        )
    except typst.TypstError as error:
        raise Permanent(f"the PDF cannot be set: {error}", reason=Reason.INTERNAL) from None
    path.write_bytes(pdf)


def document_facts(report: Report, provenance: list[str], footer: str) -> dict[str, Any]:
    """What the PDF says, as texts: none of it is ever read as markup."""
    asked = report.request
    begin, end, known = map(show_instant, (asked.since, asked.until, asked.known))
    return {
        "title": f"{asked.subject.value} {asked.name}",
        "period": f"From {begin} to {end} UTC, by what was known on {known}.",
        "footer": footer,
        "complete": not report.reasons,
        "reasons": report.reasons,
        "deals": report.deals,
        "terms": [
            [each.term.value, f"{each.deals:,}", _money(each.money), MEANINGS[each.term]]
            for each in report.terms
        ],
        "waterfall": _waterfall(report),
        "ageing": _ageing(report.exceptions, asked.until),
        "by_rule": _by_rule(report.exceptions),
        "by_day": _by_day(report.tables["break_steps"]),
        "latency": _latency(report.tables.get("latency")),
        "match_rate": _match_rate(report.tables.get("match_rate")),
        "streams": [
            [str(stream), f"{total.present:,}", f"{total.linked:,}", f"{total.deleted:,}",
             _seen(asked.sight.get(str(stream), ""))]
            for stream, total in sorted(report.totals.items())
        ],
        "exceptions": _dearest(report.exceptions),
        "shown": f"{min(MOST_EXCEPTIONS, report.exceptions.height)} of {report.exceptions.height},"
        " those with most money at risk first.",
        "provenance": provenance,
    }  # fmt: skip


def _money(money: Any) -> str:
    return "; ".join(show_money(total, code) for code, total in sorted(money.items()))


def _seen(text: str) -> str:
    try:
        return show_minute(datetime.fromisoformat(text))
    except ValueError:
        return text.replace("_", " ")


def _waterfall(report: Report) -> list[list[Any]]:
    """Name, how far in it begins, how long it is, what is written beside it, whether it is bad."""
    rows: list[list[Any]] = [["population", 0, report.deals, f"{report.deals:,}", False]]
    done = 0
    last = [term for term in report.terms if term.term is Term.EXCEPTION]
    for term in [*(term for term in report.terms if term not in last), *last]:
        if term.deals:
            is_bad = term.term is Term.EXCEPTION
            rows.append([term.term.value, done, term.deals, f"{term.deals:,}", is_bad])
            done += term.deals
    return rows


def _ageing(exceptions: pl.DataFrame, until: datetime) -> list[list[Any]]:
    counts = dict.fromkeys([*(name for _, name in _AGES), "older", "not known"], 0)
    for (since,) in exceptions.select("since").iter_rows():
        counts[_age(since, until)] += 1
    return [[name, count, f"{count:,}"] for name, count in counts.items() if count]


def _age(since: datetime | None, until: datetime) -> str:
    if since is None:
        return "not known"
    age = until - since
    return next((name for days, name in _AGES if age <= timedelta(days=days)), "older")


def _by_rule(exceptions: pl.DataFrame) -> list[list[Any]]:
    counts = exceptions.group_by("rule").len().sort("len", "rule", descending=[True, False])
    return [[rule, count, f"{count:,}"] for rule, count in counts.head(20).iter_rows()]


def _by_day(steps: pl.DataFrame) -> list[list[Any]]:
    """Of the last days on which anything opened or was resolved."""
    began, ended = ["opened", "reopened"], ["resolved"]
    days = (
        steps.filter(pl.col("kind").is_in(began + ended))
        .group_by(day=pl.col("at").dt.date())
        .agg(opened=pl.col("kind").is_in(began).sum(), resolved=pl.col("kind").is_in(ended).sum())
        .sort("day")
        .tail(MOST_DAYS)
    )
    return [
        [str(day), opened, f"{opened:,} opened, {resolved:,} resolved"]
        for day, opened, resolved in days.iter_rows()
    ]


def _latency(table: pl.DataFrame | None) -> list[list[Any]]:
    """Name, how far to the right each percentile lies (of 1, logarithmic), and what it is."""
    if table is None or not table.height:
        return []
    longest = math.log1p(max(1, *table["p99_seconds"].to_list()))
    return [
        [
            f"{hop} ({count:,})",
            *(math.log1p(each) / longest for each in seconds),
            " · ".join(show_length(each) for each in seconds),
        ]
        for hop, count, *seconds in table.iter_rows()
    ]


def _match_rate(table: pl.DataFrame | None) -> dict[str, Any]:
    """Where each day lies (of 1, from the left and from the top), and what the axis says."""
    if table is None or not table.height:
        return {}
    rates = [1 - broken / deals for _, deals, broken in table.iter_rows()]
    lowest = min(math.floor(min(rates) * 10) / 10, 0.9)
    steps = max(len(rates) - 1, 1)
    return {
        "points": [[at / steps, (1 - rate) / (1 - lowest)] for at, rate in enumerate(rates)],
        "top": "100 %",
        "bottom": f"{lowest:.0%}".replace("%", " %"),
        "first": str(table["at"][0].date()),
        "last": f"{table['at'][-1].date()}: {rates[-1]:.1%}".replace("%", " %"),
    }


def show_length(seconds: int) -> str:
    """A length of time to two digits or so, in the unit that people would choose."""
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds} s"


def _dearest(exceptions: pl.DataFrame) -> list[list[str]]:
    order = pl.struct("transaction", "rule", "stream", "field", "record_id")
    shown = exceptions.sort(
        pl.col("value_at_risk"), order, descending=[True, False], nulls_last=True
    ).head(MOST_EXCEPTIONS)
    rows = []
    for row in shown.select(*FINDINGS).iter_rows(named=True):
        risk = row["value_at_risk"]
        texts = [
            row["transaction"],
            row["rule"],
            ".".join(part for part in (row["system"], row["stream"], row["field"]) if part),
            show_value(row["expected"], row["field"]),
            show_value(row["actual"], row["field"]),
            "" if risk is None else show_money(risk, row["currency"]),
        ]
        rows.append([_cut(text) for text in texts])
    return rows


def _cut(text: str) -> str:
    """One line without control characters, not too long."""
    shown = "".join(each if each.isprintable() else "\ufffd" for each in text)
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"
