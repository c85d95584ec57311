"""The XLSX of a report. Whatever a record says stays text: no formula, no link."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import xlsxwriter

from monitor.core.model import encode_value
from monitor.evidence_pack.findings import Report
from monitor.evidence_pack.population import MEANINGS

MOST_DEALS = 50_000
"""Of which the sheet Population has each; the tables of the pack have all."""

LONGEST = 32_000
"""Characters that a cell may have, somewhat below the format's 32,767."""

_EXACT_DIGITS = 15
"""Significant digits that a cell's number holds; what has more is written as text."""

_CREATED = datetime(1980, 1, 1)  # noqa: DTZ001 - the format's own first day, so that bytes repeat

_NOT_IN_XML = {0xFFFE: "\ufffd", 0xFFFF: "\ufffd"}

_WIDTH = 18


def write_workbook(
    report: Report, parameters: Sequence[tuple[str, str]], footer: str, path: Path
) -> None:
    """Write the workbook; the same report gives the same bytes.

    Raises:
        OSError: the file cannot be written.
    """
    book = xlsxwriter.Workbook(
        str(path),
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    book.set_properties({"created": _CREATED, "title": report.request.name, "author": "tieout"})
    sheets = _Sheets(book, footer)
    sheets.add("Summary", ("what", "deals", "money", "means"), _summary(report))
    sheets.add_frame("Exceptions", report.exceptions)
    sheets.add_frame("Population", report.population.head(MOST_DEALS))
    sheets.add("Parameters", ("parameter", "value"), parameters)
    for name, table in (("Sample", "sample"), ("Control", "control_runs")):
        if table in report.tables:
            sheets.add_frame(name, report.tables[table])
    sheets.add_frame("Corrections", report.tables["corrections"])
    signed = report.tables["sign_offs"]
    form = [("preparer", "", "", ""), ("reviewer", "", "", "")]
    earlier = signed.select("role", "who", "why", "at").iter_rows()
    sheets.add("Sign-off", ("role", "name", "remark", "date (UTC)"), [*earlier, *form])
    book.close()


class _Sheets:
    """Sheets of one look: a heading that stays, and a filter."""

    def __init__(self, book: Any, footer: str) -> None:
        self._book, self._footer = book, footer
        self._heading = book.add_format({"bold": True, "bottom": 1, "bg_color": "#DDE6F0"})
        self._money = book.add_format({"num_format": "#,##0.00####"})

    def add_frame(self, name: str, frame: pl.DataFrame) -> None:
        self.add(name, frame.columns, frame.iter_rows())

    def add(self, name: str, headings: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        sheet = self._book.add_worksheet(name)
        sheet.set_column(0, max(len(headings) - 1, 0), _WIDTH)
        sheet.freeze_panes(1, 0)
        sheet.set_landscape()
        sheet.set_footer(f"&L{self._footer}&R&P / &N")
        for column, heading in enumerate(headings):
            sheet.write_string(0, column, heading, self._heading)
        last = 0
        for last, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                self._write(sheet, last, column, value)
        if last:
            sheet.autofilter(0, 0, last, len(headings) - 1)

    def _write(self, sheet: Any, row: int, column: int, value: Any) -> None:
        match value:
            case None:
                return
            case bool():
                sheet.write_boolean(row, column, value)
            case int():
                sheet.write_number(row, column, value)
            case Decimal() if len(value.normalize().as_tuple().digits) <= _EXACT_DIGITS:
                sheet.write_number(row, column, value, self._money)
            case _:
                sheet.write_string(row, column, _text(value))


def _text(value: Any) -> str:
    """A value as a cell's text."""
    match value:
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
        case Decimal():
            return format(value, "f")
        case str():
            shown = value.translate(_NOT_IN_XML)
            return shown if len(shown) <= LONGEST else f"{shown[:LONGEST]}…"
        case _:
            return str(encode_value(value))


def _summary(report: Report) -> list[tuple[Any, ...]]:
    asked = report.request
    period = f"from {asked.since:%Y-%m-%d %H:%M} UTC to {asked.until:%Y-%m-%d %H:%M} UTC"
    rows: list[tuple[Any, ...]] = [
        (f"{asked.subject.value} {asked.name}", None, None, period),
        ("complete" if not report.reasons else "NOT COMPLETE", None, None, ""),
        *(("", None, None, reason) for reason in report.reasons),
        ("population", report.deals, None, "every deal of the flow at the end of the period"),
    ]
    rows += [
        (term.term.value, term.deals, _money(term.money), MEANINGS[term.term])
        for term in report.terms
    ]
    if report.deals > MOST_DEALS:
        rest = f"the sheet Population has {MOST_DEALS:,} rows, tables/population.csv has all"
        rows.append(("", None, None, rest))
    return rows


def _money(money: Mapping[str, Decimal]) -> str:
    return "; ".join(f"{total:f} {code}".strip() for code, total in sorted(money.items()))
