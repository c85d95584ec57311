"""Reports asked for, noted, and made again."""

from datetime import datetime
from pathlib import Path
from typing import Any

from monitor.core.errors import Permanent, Reason
from monitor.core.signing import EvidenceSettings
from monitor.estate import Estate
from monitor.evidence_pack.findings import Progress
from monitor.evidence_pack.heads import sign_head
from monitor.evidence_pack.keys import load_key, open_signer
from monitor.evidence_pack.making import Made, end_of_audit, make_pack
from monitor.evidence_pack.request import Request, Subject
from monitor.evidence_pack.signing import keepers_of
from monitor.store.audit import append_audit
from monitor.store.database import Database
from monitor.store.reports import ReportEntry, add_report, load_report


def make_report(
    request: Request,
    estate: Estate,
    configuration: dict[str, Any],
    settings: EvidenceSettings,
    database: Database,
    out: Path,
    *,
    who: str,
    now: datetime,
    progress: Progress = lambda _: None,
) -> tuple[int, Made]:
    """Make a report, sign the audit log up to it, and note in the log what was handed over.

    Returns:
        The report's number, and what was written.

    Raises:
        OSError: the pack cannot be written.
        Transient, Permanent: there is no key, or the store failed.
    """
    signer = open_signer(Path(settings.keys), database)
    sign_head(database, signer, now, keepers_of(settings))
    asked = end_of_audit(request, database)
    made = make_pack(asked, estate, configuration, database, signer, out, progress)
    kept = made.report.request.as_json()
    with database.write() as connection:
        number = add_report(
            connection,
            made_at=now,
            who=who,
            request=kept,
            made_with=made.made_with,
            manifest_hash=made.packed.manifest_hash,
            pack_hash=made.packed.pack_hash,
            key=signer.key,
            signature=made.packed.signature,
            is_complete=not made.report.reasons,
        )
        append_audit(
            connection,
            at=now,
            who=who,
            action="make report",
            subject=f"report {number}",
            detail={"pack": made.packed.pack_hash, "request": kept},
        )
    return number, made


def find_changes(first: ReportEntry, made: Made) -> list[str]:
    """What a report follows from that is not as it was when it was first made."""
    then, now = first.made_with, made.made_with
    return sorted(name for name in then.keys() | now.keys() if then.get(name) != now.get(name))


def replay_report(
    number: int,
    estate: Estate,
    configuration: dict[str, Any],
    settings: EvidenceSettings,
    database: Database,
    out: Path,
    progress: Progress = lambda _: None,
) -> tuple[ReportEntry, Made]:
    """Make a report again, from what the store has, by the rules and with the key of then.

    Returns:
        What was noted of the first one, and what was written now: their hashes say whether both
        are the same.

    Raises:
        OSError: the pack cannot be written.
        Permanent: there is no such report, its flow is gone, or its key is not there any more.
        Transient: the store failed.
    """
    with database.read() as connection:
        first = load_report(connection, number)
    if first is None:
        raise Permanent(f"there is no report {number}", reason=Reason.NOT_FOUND)
    request = Request.read(first.request)
    if request.flow not in {flow.name for flow in estate.flows}:
        raise Permanent(
            f"the landscape has no flow '{request.flow}' any more", reason=Reason.CONFIGURATION
        )
    if request.subject is Subject.CONTROL and request.name not in estate.controls:
        raise Permanent(
            f"the landscape has no control '{request.name}' any more", reason=Reason.CONFIGURATION
        )
    signer = load_key(Path(settings.keys), first.key)
    return first, make_pack(request, estate, configuration, database, signer, out, progress)
