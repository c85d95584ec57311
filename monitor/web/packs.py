"""Packs: evidence packs made for people who ask on the page, one after another, and kept a while.

A pack is not stored: it is made again from the store whenever somebody wants it, and handed over
only if its bytes are those that were signed then.
"""

import atexit
import hashlib
import shutil
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import structlog

from monitor.core.errors import Permanent, Reason, TieoutError
from monitor.core.signing import EvidenceSettings
from monitor.estate import Estate
from monitor.evidence_pack.provenance import select_configuration
from monitor.evidence_pack.reporting import find_changes, make_report, replay_report
from monitor.evidence_pack.request import Request
from monitor.store.reports import ReportEntry
from monitor.web.desk import Desk

log = structlog.get_logger(__name__)

KEPT: Final = 8
"""Packs that are kept to be handed over again."""
WAITING: Final = 4
"""Packs that may wait to be made."""


class Packs:
    """Makes packs in a thread of its own; safe to use from several threads."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._maker = ThreadPoolExecutor(1, thread_name_prefix="packs")
        self._lock = threading.Lock()
        self._folder: Path | None = None
        self._made: OrderedDict[int, Path] = OrderedDict()
        self._working: set[str] = set()
        self._failures: OrderedDict[str, str] = OrderedDict()

    @property
    def working(self) -> list[str]:
        """What is being made, in words."""
        with self._lock:
            return sorted(self._working)

    @property
    def failures(self) -> dict[str, str]:
        """What could not be made lately, and why."""
        with self._lock:
            return dict(self._failures)

    def ask(self, request: Request, who: str) -> None:
        """Have a new report made.

        Raises:
            Permanent: it cannot be signed, or too many wait already.
        """
        desk, estate = self._desk, self._desk.estate
        settings, configuration = _evidence(estate), select_configuration(estate.configuration)

        def make(out: Path) -> int:
            return make_report(
                request, estate, configuration, settings, desk.database, out,
                who=who, now=request.known,
            )[0]  # fmt: skip

        self._have_made(f"{request.subject.value} {request.name}, asked for by {who}", make)

    def fetch(self, entry: ReportEntry) -> Path | None:
        """The pack of a report; None while it is being made again.

        Raises:
            Permanent: it cannot be made again, or too many wait already.
        """
        name = f"report {entry.id}"
        with self._lock:
            if entry.id in self._made:
                self._made.move_to_end(entry.id)
                return self._made[entry.id]
            if failure := self._failures.pop(name, ""):
                raise Permanent(failure, reason=Reason.REFUSED)
            if name in self._working:
                return None
        desk, estate = self._desk, self._desk.estate
        settings, configuration = _evidence(estate), select_configuration(estate.configuration)

        def again(out: Path) -> int:
            first, made = replay_report(
                entry.id, estate, configuration, settings, desk.database, out
            )
            if made.packed.pack_hash != first.pack_hash or _digest(out) != first.pack_hash:
                changed = ", ".join(find_changes(first, made)) or "the store"
                raise Permanent(
                    f"made again it is not the same: what changed is {changed}",
                    reason=Reason.CONFLICT,
                )
            return entry.id

        self._have_made(name, again)
        return None

    def _have_made(self, name: str, make: Callable[[Path], int]) -> None:
        with self._lock:
            if len(self._working) >= WAITING:
                raise Permanent("too many reports wait already", reason=Reason.REFUSED)
            self._working.add(name)
            folder = self._folder = self._folder or _new_folder()
        self._maker.submit(self._make, name, make, folder)

    def _make(self, name: str, make: Callable[[Path], int], folder: Path) -> None:
        out = Path(tempfile.mkdtemp(dir=folder)) / "report.zip"
        try:
            number = make(out)
        except (TieoutError, OSError) as error:
            log.error("report cannot be made", error=type(error).__name__)
            shutil.rmtree(out.parent, ignore_errors=True)
            with self._lock:
                self._failures[name] = str(error)
                while len(self._failures) > KEPT:
                    self._failures.popitem(last=False)
                self._working.discard(name)
            return
        with self._lock:
            self._made[number] = out
            self._working.discard(name)
            gone = [self._made.popitem(last=False)[1] for _ in range(len(self._made) - KEPT)]
        for each in gone:
            shutil.rmtree(each.parent, ignore_errors=True)


def _evidence(estate: Estate) -> EvidenceSettings:
    if estate.evidence is None:
        raise Permanent(
            "the landscape does not say where signing keys are: it has no section 'evidence'",
            reason=Reason.CONFIGURATION,
        )
    return estate.evidence


def _new_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="tieout-packs-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _digest(file: Path) -> str:
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
