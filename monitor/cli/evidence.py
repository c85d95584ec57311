"""Commands about evidence: the audit log, the keys that sign, and what verifies without us."""

import getpass
import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli import workbench
from monitor.cli.exits import Exit
from monitor.cli.options import AsJson, LandscapeOption
from monitor.core.clock import system_clock
from monitor.core.errors import Permanent, Reason
from monitor.core.signing import EvidenceSettings
from monitor.evidence_pack import verify as verifier
from monitor.evidence_pack.auditing import Standing, check_log, export_log
from monitor.evidence_pack.heads import HeadFile
from monitor.evidence_pack.keys import make_key
from monitor.evidence_pack.signing import sign_new_head
from monitor.store.attestations import load_keys

Key = Annotated[str, typer.Option(help="Fingerprint of a key that you know from elsewhere.")]


class AuditAction(StrEnum):
    """What is done with the audit log."""

    VERIFY = "verify"
    EXPORT = "export"
    SIGN = "sign"


class KeyAction(StrEnum):
    """What is done with signing keys."""

    CREATE = "create"
    ROTATE = "rotate"
    LIST = "list"


def audit(
    action: Annotated[AuditAction, typer.Argument(help="What to do with the log.")],
    landscape: LandscapeOption,
    heads: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Signed heads that were kept elsewhere."),
    ] = None,
    key: Key = "",
    out: Annotated[
        Path | None, typer.Option(file_okay=False, help="Folder that the export goes into.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Verify the audit log, export it, or sign its newest entry now.

    Verifying follows every entry, and compares the log with every head that was signed: those of
    the store, those of the landscape's own file, and those of --heads. It names the first item
    that does not hold. An export is three files, which the standalone verifier reads.

    Exit status 1 where the log does not hold.
    """
    settings = workbench.load(landscape)
    with workbench.opened_store(settings) as database:
        match action:
            case AuditAction.VERIFY:
                kept = [*_kept(settings.evidence), *([HeadFile(heads)] if heads else [])]
                standing = check_log(database, kept, key.lower())
                _tell_standing(standing, as_json=as_json)
                raise typer.Exit(Exit.BREAKS if standing.problem else Exit.IN_ORDER)
            case AuditAction.EXPORT:
                if out is None:
                    raise typer.BadParameter("--out names the folder that the export goes into")
                out.mkdir(parents=True, exist_ok=True)
                names = ("log.jsonl", "heads.jsonl", "keys.jsonl")
                log_file, head_file, key_file = (out / name for name in names)
                with (
                    log_file.open("wb") as log,
                    head_file.open("wb") as signed,
                    key_file.open("wb") as introduced,
                ):
                    count = export_log(database, log, signed, introduced)
                typer.echo(f"{count} entries are in {log_file}")
            case AuditAction.SIGN:
                head = sign_new_head(_signing(settings.evidence), database, system_clock())
                typer.echo(
                    "nothing came since the last head"
                    if head is None
                    else verifier.canonical(head).decode()
                )


def _kept(settings: EvidenceSettings | None) -> list[HeadFile]:
    return [HeadFile(Path(settings.heads))] if settings and settings.heads else []


def _signing(settings: EvidenceSettings | None) -> EvidenceSettings:
    if settings is None:
        raise Permanent(
            "the landscape does not say where signing keys are: it has no section 'evidence'",
            reason=Reason.CONFIGURATION,
        )
    return settings


def _tell_standing(standing: Standing, *, as_json: bool) -> None:
    facts = {
        "entries": standing.end.sequence,
        "hash": standing.end.hash,
        "signed_heads": standing.heads,
        "heads_kept_elsewhere": standing.kept,
        "first_bad_item": standing.problem and standing.problem.item,
        "why": standing.problem and standing.problem.why,
    }
    if as_json:
        typer.echo(json.dumps(facts, indent=2))
        return
    if standing.problem is not None:
        typer.echo(f"the audit log DOES NOT HOLD. {standing.problem}")
        return
    typer.echo(f"the audit log holds: {standing.end.sequence} entries")
    typer.echo(f"  last entry   {standing.end.hash}")
    typer.echo(f"  signed heads that agree: {standing.heads}, kept elsewhere: {standing.kept}")
    if not standing.kept:
        typer.echo("  without a head kept elsewhere, entries cut off the end cannot be noticed")


def keys(
    action: Annotated[KeyAction, typer.Argument(help="What to do with the keys.")],
    landscape: LandscapeOption,
    who: Annotated[str, typer.Option(help="Who does it; else who is logged in.")] = "",
    as_json: AsJson = False,
) -> None:
    """Create the key that signs evidence, put a new one in its place, or list them all.

    The private key stays in the landscape's folder for keys. Write the fingerprint down where
    whoever runs tieout cannot change it: it is what a verifier has to be told.
    """
    settings = workbench.load(landscape)
    with workbench.opened_store(settings) as database:
        with database.read() as connection:
            known = load_keys(connection)
        if action is KeyAction.LIST:
            if as_json:
                typer.echo(json.dumps(known, indent=2))
            for each in () if as_json else known:
                typer.echo(f"{each['at'][:16]}  {each['key']}")
            return
        if bool(known) is (action is KeyAction.CREATE):
            other = "there is a key already: use 'rotate'" if known else "there is no key yet"
            raise typer.BadParameter(other)
        folder = Path(_signing(settings.evidence).keys)
        made = make_key(folder, database, system_clock(), who.strip() or getpass.getuser())
    typer.echo(made)


def verify(
    evidence: Annotated[
        Path | None,
        typer.Argument(dir_okay=False, help="A pack (.zip), or an exported audit log (.jsonl)."),
    ] = None,
    key: Key = "",
    heads: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Signed heads that were kept elsewhere.")
    ] = None,
    introduced: Annotated[
        Path | None, typer.Option("--keys", dir_okay=False, help="The keys of an audit log.")
    ] = None,
    print_script: Annotated[
        bool, typer.Option("--print-script", help="Print the verifier itself, to be run alone.")
    ] = False,
) -> None:
    """Verify an evidence pack or an exported audit log; names the first item that does not hold.

    Needs neither landscape nor store. The same file runs without tieout: see --print-script.
    Exit status 1 where something does not hold.
    """
    if print_script:
        sys.stdout.write(Path(verifier.__file__).read_text(encoding="utf-8"))
        return
    if evidence is None:
        raise typer.BadParameter("name a pack or an audit log")
    words = [str(evidence), "--key", key]
    words += ["--heads", str(heads)] if heads else []
    words += ["--keys", str(introduced)] if introduced else []
    raise typer.Exit(verifier.main(words))
