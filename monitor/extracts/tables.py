"""Extracts in a folder: which file is which stream, and how its columns become canonical ones."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
from polars.exceptions import PolarsError

from monitor.core.entities import EntityFields
from monitor.core.errors import Permanent, Reason
from monitor.core.model import StreamId
from monitor.core.streams import StreamSettings
from probes.engine.checks import paths_of_stream
from probes.engine.columns import RAW, ColumnMapper
from probes.engine.file_formats import SUFFIXES, CsvSettings, FileFormat, FileReading, read_lines
from probes.engine.selector import value_at


@dataclass(frozen=True, slots=True)
class Table:
    """One stream's extract.

    Attributes:
        stream: whose records it holds.
        rows: the columns as they are in the files, their names after `RAW`.
        columns: how they are read.
        fields: canonical fields of its entity.
        extracted_at: when the newest of its files was last changed.
    """

    stream: StreamId
    rows: pl.LazyFrame
    columns: ColumnMapper
    fields: EntityFields
    extracted_at: datetime


def open_table(
    stream: StreamId, settings: StreamSettings, fields: EntityFields, folder: Path
) -> Table | None:
    """The stream's extract in the folder; None where there is none.

    A stream of the probe `files` is found by its own path, taken from the folder on; any other
    by its name: `system.stream` or `system_stream` with a suffix that says the format.

    Raises:
        Permanent: a file cannot be read, or lacks a column that the mapping reads.
    """
    files = sorted(_files_of(stream, settings, folder))
    if not files:
        return None
    try:
        rows = pl.concat(
            [_scan(path, form, settings) for path, form in files], how="diagonal_relaxed"
        )
        schema = rows.collect_schema()
    except (PolarsError, OSError) as error:
        message = f"the extract of {stream} cannot be read: {str(error).splitlines()[0]}"
        raise Permanent(message, reason=Reason.MALFORMED) from error
    columns = ColumnMapper(settings, fields, schema)
    if missing := columns.missing_columns():
        message = f"the extract of {stream} has no column {', '.join(map(repr, missing))}"
        raise Permanent(message, reason=Reason.MALFORMED)
    newest = max(path.stat().st_mtime for path, _ in files)
    columns = ColumnMapper(settings, fields, schema, _trimmed(rows, columns.texts()))
    own = rows.rename({name: RAW + name for name in schema})
    return Table(stream, own, columns, fields, datetime.fromtimestamp(newest, UTC))


def _trimmed(rows: pl.LazyFrame, names: Sequence[str]) -> list[str]:
    """The columns in which no text has blanks around it or is empty."""
    untidy = [
        rows.filter((pl.col(name).str.strip_chars() != pl.col(name)) | (pl.col(name) == ""))
        .select(pl.len())
        .limit(1)
        for name in names
    ]
    counts = pl.collect_all(untidy, engine="streaming")
    return [name for name, count in zip(names, counts, strict=True) if not count.item()]


def open_tables(
    streams: Mapping[StreamId, tuple[StreamSettings, EntityFields]], folder: Path
) -> dict[StreamId, Table]:
    """The extracts that the folder has."""
    found = (
        open_table(stream, settings, fields, folder)
        for stream, (settings, fields) in streams.items()
    )
    return {table.stream: table for table in found if table is not None}


def _files_of(
    stream: StreamId, settings: StreamSettings, folder: Path
) -> Iterator[tuple[Path, FileFormat]]:
    own_path = getattr(settings, "path", None)
    own_format = getattr(settings, "format", None)
    patterns = [own_path] if own_path else [f"{stream}.*", f"{stream.system}_{stream.stream}.*"]
    for pattern in patterns:
        here = folder / pattern
        paths = here.iterdir() if here.is_dir() else folder.glob(str(pattern).lstrip("/"))
        for path in paths:
            form = own_format or SUFFIXES.get(path.suffix.lower())
            if form is not None and path.is_file():
                yield path, form


def _scan(path: Path, form: FileFormat, settings: StreamSettings) -> pl.LazyFrame:
    csv = getattr(settings, "csv", CsvSettings())
    match form:
        case FileFormat.PARQUET:
            return pl.scan_parquet(path, glob=False)
        case _:
            return _read_texts(path, form, settings, csv).lazy()


def _read_texts(
    path: Path, form: FileFormat, settings: StreamSettings, csv: CsvSettings
) -> pl.DataFrame:
    """Every value as the text that stands in the file, under the path by which it is mapped."""
    paths = sorted(paths_of_stream(settings))
    reading = FileReading(tuple(paths), csv, getattr(settings, "sheet", None))
    columns: dict[str, list[object]] = {name: [] for name in paths}
    for line in read_lines(path, form, reading):
        for name in paths:
            columns[name].append(None if line.trouble else value_at(line.row, name))
    return pl.DataFrame(
        {
            name: pl.Series(
                [None if each is None else str(each) for each in values], dtype=pl.String
            )
            for name, values in columns.items()
        }
    )
