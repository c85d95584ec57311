"""A report made: findings, their files, one pack."""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl

from monitor.core.model import StreamId
from monitor.core.ports import INSTANT, MONEY
from monitor.estate import Estate
from monitor.evidence_pack import verify
from monitor.evidence_pack.document import write_document
from monitor.evidence_pack.findings import Progress, Report, make_findings
from monitor.evidence_pack.keys import Signer
from monitor.evidence_pack.packing import Packed, write_pack
from monitor.evidence_pack.provenance import parameters_of, provenance_of
from monitor.evidence_pack.request import Request
from monitor.evidence_pack.tables import write_table
from monitor.evidence_pack.workbook import write_workbook
from monitor.store.attestations import entry_at, last_entry, load_heads, load_keys, read_entries
from monitor.store.database import Database

README = """\
This is an evidence pack of tieout {version}: {title}.

Verify it before you use it. Take verify.py from somewhere else than this pack, and the fingerprint
of the key from somebody else than whoever gave you the pack:

    python3 verify.py PACK.zip --key FINGERPRINT

By hand: unpack it, compare every file with its SHA-256 in manifest.json (sha256sum), and check the
signature of the manifest:

    openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in manifest.json -sigfile manifest.sig

report.pdf and report.xlsx are for reading; tables/ has everything they say, and more. In CSV files
an apostrophe stands before texts that a spreadsheet would calculate with; Parquet files have the
texts as they are. audit/log.jsonl is the part of the audit log that belongs to the period.
"""


@dataclass(frozen=True, slots=True)
class Made:
    """A pack that was written.

    Attributes:
        report: what it states.
        packed: its hashes.
        made_with: versions and hashes of what it follows from beside records.
    """

    report: Report
    packed: Packed
    made_with: Mapping[str, Any]


def make_pack(
    request: Request,
    estate: Estate,
    configuration: Mapping[str, Any],
    database: Database,
    signer: Signer,
    out: Path,
    progress: Progress = lambda _: None,
) -> Made:
    """Make a report and write its pack; of the store nothing is changed.

    Args:
        request: what is asked; with its sight and the end of its audit log where it is made again.
        estate: whose rules are asked.
        configuration: what the report follows from, of `select_configuration`.
        database: the store.
        signer: signs the manifest.
        out: where the pack goes; what stands there is replaced when the new one is whole.
        progress: is told how many deals have been judged.

    Raises:
        OSError: a file cannot be written.
        Transient, Permanent: the store failed, or the PDF could not be made.
    """
    report = make_findings(request, estate, database, progress)
    asked = report.request
    flow = next(each for each in estate.flows if each.name == asked.flow)
    rules = asked.rules or tuple(rule.name for rule in flow.rules)
    made_with = provenance_of(flow, rules, estate, configuration)
    with tempfile.TemporaryDirectory(prefix="tieout-report-", dir=out.parent) as name:
        folder = Path(name)
        audit = _write_audit(asked, database, folder)
        _write_files(report, configuration, made_with, _tell_head(audit["last"]), folder)
        facts = {
            "request": asked.as_json(),
            "made_with": made_with,
            "population": report.equation(),
            "audit": audit,
        }
        return Made(report, write_pack(folder, facts, signer, out), made_with)


def end_of_audit(request: Request, database: Database) -> Request:
    """The request with the end that the audit log has now."""
    with database.read() as connection:
        return replace(request, audit_end=last_entry(connection, request.known).sequence)


def _write_audit(asked: Request, database: Database, folder: Path) -> dict[str, Any]:
    """The audit log of the period, what was signed of it, and the keys."""
    (folder / "audit").mkdir()
    known = asked.as_json()["known"]
    with database.read() as connection:
        before = last_entry(connection, asked.since - timedelta(microseconds=1))
        first = min(before, entry_at(connection, asked.audit_end))
        last = entry_at(connection, asked.audit_end)
        statements: dict[str, Sequence[dict[str, Any]]] = {
            verify.HEADS: [
                head for head in load_heads(connection, asked.audit_end) if head["at"] <= known
            ],
            verify.KEYS: [key for key in load_keys(connection) if key["at"] <= known],
        }
        with (folder / verify.LOG).open("wb") as file:
            for entry in read_entries(connection, after=first.sequence):
                if entry["sequence"] > last.sequence:
                    break
                file.write(verify.canonical(entry) + b"\n")
    for name, each in statements.items():
        (folder / name).write_bytes(b"".join(verify.canonical(one) + b"\n" for one in each))
    return {"first": first._asdict(), "last": last._asdict()}


def _write_files(
    report: Report,
    configuration: Mapping[str, Any],
    made_with: Mapping[str, Any],
    footer: str,
    folder: Path,
) -> None:
    asked = report.request
    parameters = parameters_of(asked.as_json(), made_with)
    title = f"{asked.subject.value} {asked.name}"
    (folder / "tables").mkdir()
    for name, frame in _tables(report, configuration).items():
        write_table(frame, folder / "tables" / name)
    (folder / "configuration.json").write_bytes(verify.canonical(dict(configuration)))
    readme = README.format(version=made_with["tool"]["version"], title=title)
    (folder / "readme.txt").write_text(readme, encoding="utf-8")
    (folder / "verify.py").write_bytes(Path(verify.__file__).read_bytes())
    write_workbook(report, parameters, footer, folder / "report.xlsx")
    lines = [f"{name}: {value}" for name, value in parameters if not name.startswith("sight")]
    write_document(report, lines, footer, folder / "report.pdf")


def _tell_head(head: Mapping[str, Any]) -> str:
    """The head of the audit log, on every page: a print of the report holds it elsewhere."""
    return f"audit log: {head['sequence']} entries, {head['hash']}"


def _tables(report: Report, configuration: Mapping[str, Any]) -> dict[str, pl.DataFrame]:
    asked = report.request
    streams = [
        {
            "stream": str(stream),
            "query": _query(configuration, stream),
            "seen_until": asked.sight.get(str(stream), ""),
            "present": total.present,
            "linked": total.linked,
            "shared": total.shared,
            "deleted": total.deleted,
            "hash": total.hash,
        }
        for stream, total in sorted(report.totals.items())
    ]
    money = [
        (str(stream), currency, amount, total.unlinked.get(currency))
        for stream, total in sorted(report.totals.items())
        for currency, amount in sorted(total.money.items())
    ]
    text = pl.String()
    gaps = pl.Schema({"stream": text, "from": INSTANT, "until": INSTANT})
    sums = pl.Schema({"stream": text, "currency": text, "amount": MONEY, "unlinked": MONEY})
    return {
        "population": report.population,
        "exceptions": report.exceptions.rename({"transaction": "deal"}),
        "streams": pl.DataFrame(streams),
        "stream_money": pl.DataFrame(money, schema=sums, orient="row"),
        "gaps": pl.DataFrame(
            [(str(gap.stream), gap.since, gap.until) for gap in report.gaps],
            schema=gaps,
            orient="row",
        ),
        **report.tables,
    }


def _query(configuration: Mapping[str, Any], stream: StreamId) -> str:
    """How a stream is read: what its system was asked, as the landscape says it."""
    system = configuration.get("systems", {}).get(stream.system, {})
    own = system.get("streams", {}).get(stream.stream, {})
    how = {name: each for name, each in system.items() if name != "streams"}
    return verify.canonical({**how, "stream": own}).decode()
