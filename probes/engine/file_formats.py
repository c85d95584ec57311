"""Files of rows, line by line: a line that cannot be read stands for itself, not for the file."""

import csv
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import polars as pl
from polars.exceptions import PolarsError
from pydantic import Field

from monitor.core.errors import Permanent, Reason, Transient
from monitor.core.streams import Settings
from monitor.core.strict_json import parse_rows
from probes.engine.selector import parse_path


class FileFormat(StrEnum):
    """What is in a file."""

    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"
    JSON_LINES = "jsonl"


SUFFIXES: Final[Mapping[str, FileFormat]] = {
    ".csv": FileFormat.CSV,
    ".xlsx": FileFormat.XLSX,
    ".parquet": FileFormat.PARQUET,
    ".jsonl": FileFormat.JSON_LINES,
    ".ndjson": FileFormat.JSON_LINES,
}


class CsvSettings(Settings):
    """How a CSV file is written (RFC 4180 unless told otherwise)."""

    delimiter: str = Field(default=",", min_length=1, max_length=1)
    quote: str = Field(default='"', min_length=1, max_length=1)
    encoding: str = "utf-8-sig"
    """Python's name for it; this one reads UTF-8 with and without a byte order mark."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a file, or what stands where one should be.

    Attributes:
        number: line or row in the file, counted from 1, the header included.
        row: what was read; the raw text where that is no row.
        trouble: why it is no row; empty where it is one.
    """

    number: int
    row: Any
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class FileReading:
    """How a file is read.

    Attributes:
        needed: paths that the mapping reads; each must start with a column of the file.
        csv: how CSV is written.
        sheet: name of an XLSX sheet; None: the first.
    """

    needed: tuple[str, ...]
    csv: CsvSettings
    sheet: str | None


def read_lines(path: Path, form: FileFormat, reading: FileReading) -> Iterator[Line]:
    """Every line of a file.

    Raises:
        Transient: the file is cut off or damaged, or cannot be opened now.
        Permanent: the file lacks a column that the mapping needs, or must not be read.
    """
    try:
        yield from _READERS[form](path, reading)
    except PermissionError:
        raise Permanent(f"{path.name} must not be read", reason=Reason.CREDENTIALS) from None
    except OSError:
        raise Transient(f"{path.name} cannot be opened", reason=Reason.UNREACHABLE) from None


def _read_csv(path: Path, reading: FileReading) -> Iterator[Line]:
    """All values are text: nothing is guessed, so `007` and `1E5` stay what they are."""
    try:
        # Bytes that are no text pass as half surrogates, and the mapper refuses only those rows.
        with path.open(encoding=reading.csv.encoding, errors="surrogateescape", newline="") as file:
            yield from _parse_csv(file, path.name, reading)
    except (LookupError, UnicodeError):
        failure = f"{path.name} is not written in {reading.csv.encoding}"
    else:
        return
    raise Permanent(failure, reason=Reason.MALFORMED)


def _parse_csv(lines: Iterable[str], name: str, reading: FileReading) -> Iterator[Line]:
    source = _Lines(lines)
    header: list[str] | None = None
    parser = _csv_parser(source, reading.csv)
    while True:
        source.begin()
        try:
            row = next(parser, None)
            trouble = ""
        except csv.Error as error:
            row, trouble = [], f"is not CSV: {error}"
        if row is None:
            break
        if header is None:
            header = _check_header(row, name, reading)
            continue
        if not trouble and len(row) not in (0, len(header)):
            trouble = f"has {len(row)} values for {len(header)} columns"
        if trouble:
            # A lost quote swallows what follows: only its first line is given up.
            yield Line(source.first, source.give_back(), trouble)
            parser = _csv_parser(source, reading.csv)
        elif row:
            yield Line(source.first, dict(zip(header, row, strict=True)))
    if header is None:
        raise Transient(f"{name} has no header line", reason=Reason.MALFORMED)


def _csv_parser(lines: Iterator[str], settings: CsvSettings) -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=settings.delimiter, quotechar=settings.quote, strict=True)


class _Lines:
    """Lines that can be given back, and the number of the first since `begin`."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._returned: deque[str] = deque()
        self._taken: list[str] = []
        self.first = 1

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._returned.popleft() if self._returned else next(self._lines)
        self._taken.append(line)
        return line

    def begin(self) -> None:
        """A new row starts here."""
        self.first += len(self._taken)
        self._taken.clear()

    def give_back(self) -> str:
        """Give back everything that was taken, but for the first line, which is returned."""
        first, *rest = self._taken or [""]
        self._returned.extendleft(reversed(rest))
        del self._taken[1:]
        return first.rstrip("\r\n")


def _check_header(names: list[str], file: str, reading: FileReading) -> list[str]:
    header = [name.strip() for name in names]
    if len(set(header)) < len(header):
        raise Permanent(f"{file} has two columns of the same name", reason=Reason.SCHEMA)
    for path in reading.needed:
        first = str(parse_path(path)[0]) if parse_path(path) else path
        if path not in header and first not in header:
            close = get_close_matches(first, header, n=1)
            hint = f"; did you mean '{close[0]}'?" if close else ""
            raise Permanent(f"{file} has no column '{first}'{hint}", reason=Reason.SCHEMA)
    return header


def _read_json_lines(path: Path, reading: FileReading) -> Iterator[Line]:
    with path.open("rb") as file:
        for number, text in enumerate(file, start=1):
            if not text.strip():
                continue
            try:
                yield Line(number, parse_rows(text))
            except ValueError as error:
                raw = text.decode("utf-8", "replace").rstrip("\r\n")
                yield Line(number, raw, f"is not JSON: {_explain(error)}")


def _explain(error: ValueError) -> str:
    """What is wrong, without the text itself."""
    return str(getattr(error, "msg", "")) or (
        "it is not UTF-8" if isinstance(error, UnicodeError) else str(error)
    )


def _read_parquet(path: Path, reading: FileReading) -> Iterator[Line]:
    try:
        frame = pl.read_parquet(path)
    except (PolarsError, pl.exceptions.PanicException):
        failure = f"{path.name} is cut off or no Parquet file"
    else:
        _check_header(frame.columns, path.name, reading)
        yield from _number(frame, first=1)
        return
    raise Transient(failure, reason=Reason.MALFORMED)


def _read_xlsx(path: Path, reading: FileReading) -> Iterator[Line]:
    try:
        import fastexcel  # noqa: PLC0415 - an extra that not everyone has
    except ImportError:
        raise Permanent(
            "to read XLSX files install the extra: pip install 'tieout[xlsx]'",
            reason=Reason.CONFIGURATION,
        ) from None
    try:
        book = fastexcel.read_excel(path)
        sheet = reading.sheet if reading.sheet is not None else book.sheet_names[0]
        if sheet not in book.sheet_names:
            raise Permanent(f"{path.name} has no sheet '{sheet}'", reason=Reason.SCHEMA)
        frame = book.load_sheet(sheet, dtypes="string").to_polars()
    except (fastexcel.FastExcelError, PolarsError):
        failure = f"{path.name} is cut off or no XLSX file"
    else:
        _check_header(frame.columns, path.name, reading)
        yield from _number(frame, first=2)
        return
    raise Transient(failure, reason=Reason.MALFORMED)


def _number(frame: pl.DataFrame, first: int) -> Iterator[Line]:
    for number, row in enumerate(frame.iter_rows(named=True), start=first):
        yield Line(number, row)


_READERS: Final[Mapping[FileFormat, Callable[[Path, FileReading], Iterator[Line]]]] = {
    FileFormat.CSV: _read_csv,
    FileFormat.XLSX: _read_xlsx,
    FileFormat.PARQUET: _read_parquet,
    FileFormat.JSON_LINES: _read_json_lines,
}
