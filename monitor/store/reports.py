"""Reports that were made: what was asked, and the hashes of what was handed over."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection, Row, insert, select

from monitor.store.evidence_tables import report, sign_off


@dataclass(frozen=True, slots=True)
class ReportEntry:
    """A report.

    Attributes:
        id: what people type.
        made_at: when.
        who: who asked for it.
        request: what was asked, as `Request.as_json`.
        made_with: versions and hashes of what it follows from beside records.
        manifest_hash: SHA-256 of its manifest.
        pack_hash: SHA-256 of the whole pack.
        key: fingerprint of the key that signed it.
        is_complete: it calls itself complete.
    """

    id: int
    made_at: datetime
    who: str
    request: Mapping[str, Any]
    made_with: Mapping[str, Any]
    manifest_hash: str
    pack_hash: str
    key: str
    is_complete: bool


class SignOff(NamedTuple):
    """What somebody signed.

    Attributes:
        control: name of what the report is about.
        report: its number.
        role: as what.
        who: the person.
        why: a remark.
        at: when.
    """

    control: str
    report: int
    role: str
    who: str
    why: str
    at: datetime


def add_report(
    connection: Connection,
    *,
    made_at: datetime,
    who: str,
    request: Mapping[str, Any],
    made_with: Mapping[str, Any],
    manifest_hash: str,
    pack_hash: str,
    key: str,
    signature: bytes,
    is_complete: bool,
) -> int:
    """Note a report; returns its number."""
    added = connection.execute(
        insert(report)
        .values(
            made_at=made_at,
            who=who,
            request=msgspec.json.encode(request, order="sorted").decode(),
            made_with=msgspec.json.encode(made_with, order="sorted").decode(),
            manifest_hash=manifest_hash,
            pack_hash=pack_hash,
            key=key,
            signature=signature.hex(),
            is_complete=is_complete,
        )
        .returning(report.c.id)
    )
    return int(added.scalar_one())


def load_report(connection: Connection, number: int) -> ReportEntry | None:
    """A report; None where there is none of this number."""
    row = connection.execute(select(report).where(report.c.id == number)).one_or_none()
    return None if row is None else _entry(row)


def list_reports(connection: Connection) -> list[ReportEntry]:
    """Every report, the newest first."""
    query = select(report).order_by(report.c.id.desc())
    return [_entry(row) for row in connection.execute(query)]


def add_sign_off(connection: Connection, signed: SignOff) -> None:
    """Note a sign-off; belongs into the transaction that checked it."""
    row = signed._asdict()
    connection.execute(insert(sign_off).values(report_id=row.pop("report"), **row))


def list_sign_offs(connection: Connection, number: int) -> list[SignOff]:
    """Who signed a report off, the oldest first."""
    said = sign_off.c
    query = (
        select(said.control, said.report_id, said.role, said.who, said.why, said.at)
        .where(said.report_id == number)
        .order_by(said.id)
    )
    return [SignOff(*row) for row in connection.execute(query)]


def _entry(row: Row[Any]) -> ReportEntry:
    return ReportEntry(
        row.id,
        row.made_at,
        row.who,
        msgspec.json.decode(row.request),
        msgspec.json.decode(row.made_with),
        row.manifest_hash,
        row.pack_hash,
        row.key,
        row.is_complete,
    )
