"""Extracts in files: CSV, XLSX, Parquet and JSON lines, one file, a folder, or a glob pattern.

Where several files show the same id, the newest file is right. A file that is missing, still
being written or cut off ends the look: it is never an empty source.
"""

import glob
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final, Literal

from pydantic import Field

from monitor.core.clock import TimeLimit
from monitor.core.errors import Permanent, Reason, Transient
from monitor.core.model import Page, Record, Reject, RejectReason, StreamId, Window
from monitor.core.plugins import ProbeContext
from monitor.core.ports import Capabilities
from monitor.core.streams import Duration, Name, StreamSettings, SystemSettings
from probes.engine.budget import Budget
from probes.engine.checks import paths_of_stream
from probes.engine.file_formats import (
    SUFFIXES,
    CsvSettings,
    FileFormat,
    FileReading,
    Line,
    read_lines,
)
from probes.engine.keys import kinds_of
from probes.engine.mapping import RowMapper, carrying
from probes.engine.values import Misfit

PAGE_SIZE: Final = 1000
_UNFINISHED: Final = (".part", ".tmp", ".crdownload", ".filepart")


class FileStream(StreamSettings):
    """One kind of file."""

    path: str
    """A file, a folder, or a glob pattern (`extracts/**/deals-*.csv`)."""
    format: FileFormat | None = None
    """None: as each file's suffix says."""
    csv: CsvSettings = CsvSettings()
    """How CSV is written."""
    sheet: str | None = None
    """Name of an XLSX sheet; None: the first."""


class FileSystem(SystemSettings):
    """A place where another system's extracts arrive."""

    probe: Literal["files"]
    streams: dict[Name, FileStream] = Field(min_length=1)
    """What is read, by name."""
    settle: Duration = timedelta(seconds=2)
    """A file changed less than this ago is watched for as long, whether it still grows."""
    as_of: Literal["modified", "now"] = "modified"
    """How recent is what the files show: as old as the oldest stream's newest file, so that
    nothing is called missing that happened after the extract; or `now`, where another program
    keeps them up to date."""


def build(settings: FileSystem, context: ProbeContext) -> "FileProbe":
    """The probe that the settings describe.

    Raises:
        ValueError: a stream's mapping does not fit its entity.
    """
    mappers = {
        name: RowMapper(StreamId(context.system, name), stream, context.entities[stream.entity])
        for name, stream in settings.streams.items()
    }
    return FileProbe(settings, context, mappers)


@dataclass(frozen=True, slots=True)
class Extract:
    """A file as it was when it was found.

    Attributes:
        path: where it is.
        form: what is in it.
        modified: when its content was last changed.
        arrived: when it last changed in any way; renaming it into the folder counts.
        size: in bytes.
    """

    path: Path
    form: FileFormat
    modified: datetime
    arrived: datetime
    size: int


class FileProbe:
    """Reads files. May be used by several threads at a time."""

    def __init__(
        self, settings: FileSystem, context: ProbeContext, mappers: Mapping[str, RowMapper]
    ) -> None:
        self._settings = settings
        self._mappers = mappers
        self._clock = context.clock
        self._sleep = context.sleep
        self._budget = Budget(settings.budget, context.clock, context.sleep, context.calls_today)

    def capabilities(self, stream: str) -> Capabilities:
        """Everything: the files are read whole in any case."""
        return Capabilities(
            fetch=True,
            lookup=kinds_of(self._settings.streams[stream]),
            sweep=True,
            tells_time=False,
        )

    def source_time(self) -> datetime:
        """See `FileSystem.as_of`; never after our own present."""
        if self._settings.as_of == "now":
            return self._clock()
        newest = [
            max(extract.modified for extract in self._extracts(stream))
            for stream in self._settings.streams
        ]
        return min(self._clock(), *newest)

    def changes(self, stream: str, window: Window) -> Iterator[Page]:
        """Every row of the files that may hold changes of the window.

        A file that last changed before the window was read whole in an earlier one. Rows are
        not compared with the window's start: an extract that arrives late has older stamps.
        """
        has_cursor = self._settings.streams[stream].cursor is not None
        since = window.since if has_cursor else None
        rows = (
            row
            for row in self._read(stream, since)
            if isinstance(row, Reject) or row.modified_at is None or row.modified_at < window.until
        )
        while some := list(islice(rows, PAGE_SIZE)):
            yield _page_of(some)

    def fetch(self, stream: str, native_ids: Sequence[str]) -> Page:
        """The records with these ids."""
        wanted = set(native_ids)
        return _page_of(row for row in self._read(stream) if row.native_id in wanted)

    def lookup(self, stream: str, kind: str, values: Sequence[str]) -> Page:
        """The records that carry one of these keys."""
        if kind not in kinds_of(self._settings.streams[stream]):
            raise Permanent("records cannot be found by this key", reason=Reason.UNSUPPORTED)
        records = (row for row in self._read(stream) if isinstance(row, Record))
        return carrying(_page_of(records), kind, values)

    def native_ids(self, stream: str) -> Iterator[Sequence[str]]:
        """Every id, page by page; rows that cannot become records keep theirs."""
        ids = (row.native_id for row in self._read(stream) if row.native_id is not None)
        while some := list(islice(ids, PAGE_SIZE)):
            yield some

    def calls_remaining(self) -> Mapping[str, float]:
        """What is left of the budget; a call opens a file."""
        return self._budget.remaining()

    def calls_made(self) -> int:
        """Files opened since the probe was built."""
        return self._budget.made

    def close(self) -> None:
        """Nothing is held open between calls."""

    def _read(self, stream: str, since: datetime | None = None) -> Iterator[Record | Reject]:
        """What the files show, each id once: from the newest file, and there the last line."""
        limit = TimeLimit.of(self._settings.deadline)
        seen: set[str] = set()
        for extract in self._extracts(stream):
            if since is not None and extract.arrived < since:
                continue
            self._await_rest(extract)
            last = self._last_lines(stream, extract, limit)
            for line in self._lines(stream, extract, limit):
                row = self._map(stream, extract, line)
                native_id = row.native_id
                if native_id is None or (native_id not in seen and last[native_id] == line.number):
                    yield row
            _require_same(extract)
            seen.update(last)

    def _last_lines(self, stream: str, extract: Extract, limit: TimeLimit) -> dict[str, int]:
        mapper, last = self._mappers[stream], dict[str, int]()
        for line in self._lines(stream, extract, limit):
            with suppress(Misfit):
                last[mapper.native_id(line.row)] = line.number
        return last

    def _lines(self, stream: str, extract: Extract, limit: TimeLimit) -> Iterator[Line]:
        settings = self._settings.streams[stream]
        reading = FileReading(tuple(paths_of_stream(settings)), settings.csv, settings.sheet)
        self._budget.spend(limit)
        for line in read_lines(extract.path, extract.form, reading):
            if limit.left() <= 0:
                raise Transient("the look took longer than allowed", reason=Reason.DEADLINE)
            yield line

    def _map(self, stream: str, extract: Extract, line: Line) -> Record | Reject:
        mapper = self._mappers[stream]
        if line.trouble:
            row: Record | Reject = mapper.set_aside(
                line.row, RejectReason.NOT_AN_OBJECT, f"the line {line.trouble}"
            )
        else:
            row = mapper.read_row(line.row)
        if isinstance(row, Record):
            return row
        return replace(row, detail=f"{extract.path.name} line {line.number}: {row.detail}")

    def _extracts(self, stream: str) -> list[Extract]:
        """The stream's files, the newest first.

        Raises:
            Transient: there is none, which may be so before the first one arrives.
        """
        settings = self._settings.streams[stream]
        found = [
            extract
            for path in _find(settings.path)
            if (form := settings.format or SUFFIXES.get(path.suffix.lower())) is not None
            and (extract := _look_at(path, form)) is not None
        ]
        if not found:
            raise Transient(f"no file for '{stream}' is there", reason=Reason.NOT_FOUND)
        return sorted(found, key=lambda each: (each.modified, each.path.name), reverse=True)

    def _await_rest(self, extract: Extract) -> None:
        """Watch a fresh file, whether it still grows.

        Raises:
            Transient: it does.
        """
        settle = self._settings.settle
        if self._clock() - extract.modified < settle:
            self._sleep(settle.total_seconds())
            _require_same(extract)


def _find(pattern: str) -> list[Path]:
    """The files that a path means; those that their writer calls unfinished do not count."""
    path = Path(pattern)
    if path.is_file():
        return [] if _is_unfinished(path) else [path]
    found = glob.glob(pattern, recursive=True)
    paths = list(path.iterdir()) if path.is_dir() else [Path(each) for each in found]
    return [each for each in paths if not _is_unfinished(each)]


def _is_unfinished(path: Path) -> bool:
    return path.name.startswith((".", "~$")) or path.suffix.lower() in _UNFINISHED


def _look_at(path: Path, form: FileFormat) -> Extract | None:
    """None where it is no file, or is gone by now."""
    try:
        status = path.stat()
    except OSError:
        return None
    if not path.is_file():
        return None
    return Extract(
        path,
        form,
        modified=datetime.fromtimestamp(status.st_mtime, UTC),
        arrived=datetime.fromtimestamp(max(status.st_mtime, status.st_ctime), UTC),
        size=status.st_size,
    )


def _require_same(extract: Extract) -> None:
    if _look_at(extract.path, extract.form) != extract:
        raise Transient(f"{extract.path.name} is still being written", reason=Reason.MALFORMED)


def _page_of(rows: Iterable[Record | Reject]) -> Page:
    read = list(rows)
    return Page(
        tuple(each for each in read if isinstance(each, Record)),
        tuple(each for each in read if isinstance(each, Reject)),
    )
