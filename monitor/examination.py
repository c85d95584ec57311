"""Examine: whether the store and every source can do what a landscape asks of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.app import build_estate
from monitor.config import Landscape
from monitor.core.clock import Clock
from monitor.core.errors import Reason, TieoutError
from monitor.core.model import StreamId
from monitor.core.showing import show_count
from monitor.core.window import next_window
from monitor.correcting.fitting import Inability, find_inabilities
from monitor.estate import Source
from monitor.reports.set_aside import NAMELESS
from monitor.store.audit import verify_audit
from monitor.store.database import open_database
from monitor.store.streams import load_stream_state

ADVICE = {
    Reason.CREDENTIALS: "check the secret behind the reference, and what it may read",
    Reason.BUDGET_SPENT: "raise the system's budget, or sample less often",
    Reason.THROTTLED: "lower calls_per_minute for the system",
    Reason.UNREACHABLE: "check the address and that the system is up",
    Reason.DEADLINE: "raise the system's deadline, or make its pages smaller",
    Reason.NOT_FOUND: "check the path or the name of the object",
    Reason.MALFORMED: "look at what the system answers with tieout check --sample",
    Reason.STORE: "check store.url, free space and rights of the folder",
}


@dataclass(frozen=True, slots=True)
class Preview:
    """The first page of a stream.

    Attributes:
        stream: which.
        records: rows that became records.
        rejects: rows set aside.
        remark: the first record's id and fields, the first reject's id and reason, or the failure.
        failure: why nothing could be read.
    """

    stream: StreamId
    records: int
    rejects: int
    remark: str
    failure: Reason | None = None

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "stream": str(self.stream),
            "records": self.records,
            "rejects": self.rejects,
            "remark": self.remark,
            "failure": self.failure,
        }


def preview(source: Source) -> Preview:
    """Read one page of a stream and store nothing."""
    try:
        upcoming = next_window(source.settings.cursor, None, source.probe.source_time())
        page = next(iter(source.probe.changes(source.id.stream, upcoming.window)), None)
    except TieoutError as error:
        return Preview(source.id, 0, 0, str(error), error.reason)
    if page is None or not (page.records or page.rejects):
        return Preview(source.id, 0, 0, "the stream is empty")
    if page.rejects:
        first = page.rejects[0]
        remark = f"{first.native_id or NAMELESS}: {first.detail} ({first.reason.value})"
    else:
        example = page.records[0]
        filled = sorted(name for name, value in example.fields.items() if value is not None)
        remark = f"{example.native_id}: {', '.join(filled) or 'no field has a value'}"
    return Preview(source.id, len(page.records), len(page.rejects), remark)


@dataclass(frozen=True, slots=True)
class Remark:
    """What one look at one part said.

    Attributes:
        what: the part.
        is_fine: whether it can do what is asked of it.
        says: one sentence.
        advice: what to do; empty where it is fine.
        is_store: it is the store's, not a source's.
    """

    what: str
    is_fine: bool
    says: str
    advice: str = ""
    is_store: bool = False

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "what": self.what,
            "fine": self.is_fine,
            "says": self.says,
            "advice": self.advice,
        }


def examine(landscape: Landscape, clock: Clock) -> list[Remark]:
    """Try the store and one page of every stream, and say what to do about each fault."""
    remarks, states = _examine_store(landscape)
    estate = build_estate(landscape, clock, calls_today={})
    try:
        for source in estate.sources.values():
            remarks.append(_examine_source(source, states.get(source.id)))
        remarks += [_examine_policy(each) for each in find_inabilities(estate)]
    finally:
        estate.close()
    return remarks


def _examine_store(landscape: Landscape) -> tuple[list[Remark], dict[StreamId, datetime]]:
    """The store's remarks, and when each stream was last seen completely."""
    try:
        database = open_database(landscape.store.url)
    except TieoutError as error:
        return [Remark("store", False, str(error), ADVICE[Reason.STORE], is_store=True)], {}
    try:
        database.migrate()
        problems = database.problems()
        with database.read() as connection:
            broken = verify_audit(connection)
            states = {
                StreamId(system, stream): load_stream_state(connection, StreamId(system, stream))
                for system, settings in landscape.systems.items()
                for stream in settings.streams
            }
    except TieoutError as error:
        return [Remark("store", False, str(error), ADVICE[Reason.STORE], is_store=True)], {}
    finally:
        database.close()
    remarks = [
        Remark("store", False, line, "restore from a backup", is_store=True) for line in problems
    ]
    if broken is not None:
        says = f"the audit log does not verify from row {broken}"
        remarks.append(Remark("audit log", False, says, "find out who changed it", is_store=True))
    seen = {
        stream: state.last_success_at
        for stream, state in states.items()
        if state.last_success_at is not None
    }
    return remarks or [Remark("store", True, "sound and up to date")], seen


def _examine_policy(inability: Inability) -> Remark:
    what = f"policy {inability.flow}.{inability.rule}"
    return Remark(what, False, inability.why, "declare it under write of the stream")


def _examine_source(source: Source, last_success_at: datetime | None) -> Remark:
    shown = preview(source)
    seen = (
        f"last complete look {last_success_at:%Y-%m-%d %H:%M} UTC"
        if last_success_at
        else ("never looked at completely yet")
    )
    if shown.failure is not None:
        advice = ADVICE.get(shown.failure, "see the reason")
        return Remark(str(source.id), False, f"{shown.remark}; {seen}", advice)
    if shown.rejects:
        advice = "correct the mapping, or the rows at the source"
        return Remark(
            str(source.id),
            False,
            f"{show_count(shown.rejects, 'row')} set aside: {shown.remark}",
            advice,
        )
    return Remark(
        str(source.id), True, f"{show_count(shown.records, 'record')} on the first page; {seen}"
    )
