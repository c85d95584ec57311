"""The command that makes evidence packs: tieout report."""

import getpass
import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from monitor.audit_sampling.design import Method
from monitor.cli import workbench
from monitor.cli.exits import Exit
from monitor.cli.moments import read_beginning, read_instant
from monitor.cli.options import AsJson, LandscapeOption
from monitor.cli.sample import read_number
from monitor.config import Landscape
from monitor.config.effective import effective
from monitor.core.clock import system_clock
from monitor.core.errors import Permanent, Reason
from monitor.core.signing import EvidenceSettings
from monitor.estate import Estate
from monitor.evidence_pack.making import Made
from monitor.evidence_pack.provenance import select_configuration
from monitor.evidence_pack.reporting import find_changes, make_report, replay_report
from monitor.evidence_pack.request import Request, SampleAsked, Subject


class Again(NamedTuple):
    """How a report that was made again compares with the first one."""

    same_bytes: bool
    changed_since: list[str]


def report(
    landscape: LandscapeOption,
    name: Annotated[
        str, typer.Argument(help="A flow; the only one if not given, or that of --deal.")
    ] = "",
    deal: Annotated[str, typer.Option(help="Only this deal, by its key.")] = "",
    control: Annotated[
        str, typer.Option(help="Only this control: its rules over the deals of its flow.")
    ] = "",
    since: Annotated[
        str, typer.Option("--from", metavar="INSTANT", help="When the period begins.")
    ] = "",
    until: Annotated[
        str, typer.Option("--to", metavar="INSTANT", help="When it ends; now if not given.")
    ] = "",
    sample: Annotated[
        Method | None, typer.Option(help="Also draw deals for an auditor to test, from --seed.")
    ] = None,
    seed: Annotated[str, typer.Option(help="What the drawing follows from.")] = "",
    tolerable: Annotated[
        str, typer.Option(help="Rate (attribute) or money (monetary) no longer borne.")
    ] = "5%",
    expected: Annotated[str, typer.Option(help="Rate or money expected to be wrong.")] = "0",
    currency: Annotated[str, typer.Option(help="Of the money that is drawn from.")] = "",
    replay: Annotated[
        int | None, typer.Option(metavar="NUMBER", help="Make this report once more.")
    ] = None,
    out: Annotated[Path, typer.Option(dir_okay=False, help="Where the pack goes.")] = Path(
        "report.zip"
    ),
    who: Annotated[str, typer.Option(help="Who asks; else who is logged in.")] = "",
    as_json: AsJson = False,
) -> None:
    """Make an evidence pack: every deal judged at the end of a period, and all that proves it.

    The pack is signed, and verifies without tieout: see the command verify. A report is kept by its
    number; --replay makes it again from the store, and says whether the bytes are the same.

    Exit status, as bit flags: 1 there are exceptions, or a report made again differs; 4 the report
    does not call itself complete.
    """
    settings = workbench.load(landscape)
    evidence = _evidence(settings)
    configuration = select_configuration(effective(settings))
    with workbench.opened_store(settings) as database:
        estate = workbench.build(settings, database)
        try:
            with _Shown() as shown:
                if replay is not None:
                    first, made = replay_report(
                        replay, estate, configuration, evidence, database, out, shown.count
                    )
                    number, is_same = first.id, made.packed.pack_hash == first.pack_hash
                    changes = find_changes(first, made)
                else:
                    now = system_clock()
                    period = _period(since, until, now)
                    asked = (
                        _about_control(estate, control, period, now)
                        if control
                        else _about_flow(estate, name, deal, period, now)
                    )
                    if sample is not None:
                        drawing = _sampled(sample, seed, tolerable, expected, currency)
                        asked = replace(asked, sample=drawing)
                    number, made = make_report(
                        asked, estate, configuration, evidence, database, out,
                        who=who.strip() or getpass.getuser(), now=now, progress=shown.count,
                    )  # fmt: skip
                    is_same, changes = True, []
        except OSError as error:
            raise Permanent(
                f"the report cannot be written: {error.strerror}", reason=Reason.REFUSED
            ) from None
        finally:
            estate.close()
    again = None if replay is None else Again(is_same, changes)
    _tell(number, made, out, again, as_json=as_json)
    status = Exit.BREAKS if made.report.exceptions.height or not is_same else Exit.IN_ORDER
    raise typer.Exit(status | Exit.BLIND if made.report.reasons else status)


def _evidence(settings: Landscape) -> EvidenceSettings:
    if settings.evidence is None:
        raise Permanent(
            "the landscape does not say where signing keys are: it has no section 'evidence'",
            reason=Reason.CONFIGURATION,
        )
    return settings.evidence


Period = tuple[datetime, datetime]


def _about_control(estate: Estate, name: str, period: Period, now: datetime) -> Request:
    control = estate.controls.get(name)
    if control is None:
        known = ", ".join(estate.controls) or "none"
        raise typer.BadParameter(f"name one of the controls: {known}")
    return Request(Subject.CONTROL, name, control.flow, control.rules, *period, now)


def _about_flow(estate: Estate, name: str, deal: str, period: Period, now: datetime) -> Request:
    flows = [flow.name for flow in estate.flows]
    flow = name or (flows[0] if len(flows) == 1 else "")
    if flow not in flows:
        raise typer.BadParameter(f"name one of the flows: {', '.join(flows)}")
    subject = Subject.DEAL if deal else Subject.FLOW
    return Request(subject, deal or flow, flow, (), *period, now)


def _sampled(
    method: Method, seed: str, tolerable: str, expected: str, currency: str
) -> SampleAsked:
    if not seed:
        raise typer.BadParameter("--seed says what the drawing follows from")
    if method is Method.MONETARY and ("%" in tolerable + expected or not currency):
        raise typer.BadParameter(
            "a monetary sample needs --tolerable as an amount of money, and --currency"
        )
    return SampleAsked(
        method.value,
        seed,
        tolerable=str(read_number(tolerable)),
        expected=str(read_number(expected)),
        currency=currency.upper(),
    )


def _period(since: str, until: str, now: datetime) -> Period:
    if not since:
        raise typer.BadParameter("--from says when the period begins")
    begin, end = read_beginning(since), read_instant(until) if until else now
    if not begin < end <= now:
        raise typer.BadParameter("a period begins before it ends, and does not lie ahead")
    return begin, end


class _Shown:
    """How far it is, on stderr; nothing where that is no terminal."""

    def __enter__(self) -> "_Shown":
        columns = (SpinnerColumn(), TextColumn("{task.completed:,} deals"), TimeElapsedColumn())
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._progress.add_task("deals", total=None)
        if self._progress.console.is_terminal:
            self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def count(self, deals: int) -> None:
        self._progress.update(self._task, completed=deals)


def _tell(number: int, made: Made, out: Path, again: Again | None, *, as_json: bool) -> None:
    equation, packed = made.report.equation(), made.packed
    if as_json:
        facts = {"report": number, "pack": str(out), "sha256": packed.pack_hash, "key": packed.key}
        replayed = {} if again is None else again._asdict()
        typer.echo(json.dumps({**facts, **replayed, "population": equation}, indent=2))
        return
    typer.echo(f"report {number} is in {out}")
    typer.echo(f"  SHA-256     {packed.pack_hash}")
    typer.echo(f"  signed by   {packed.key}")
    for term in equation["terms"]:
        money = "  ".join(f"{total} {code}".strip() for code, total in term["money"].items())
        typer.echo(f"  {term['term']:<11} {term['deals']:>9,}  {money}".rstrip())
    typer.echo(f"  {'population':<11} {equation['deals']:>9,}")
    for reason in equation["reasons"]:
        typer.echo(f"  not complete: {reason}")
    if again is not None:
        same = "the same bytes as then" if again.same_bytes else "NOT the same bytes as then"
        typer.echo(f"  made again: {same}")
        for name in again.changed_since:
            typer.echo(f"  not as it was then: {name}")
