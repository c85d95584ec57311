"""The command by which people answer for a report: tieout signoff."""

import getpass
from typing import Annotated

import typer

from monitor.cli import workbench
from monitor.cli.options import LandscapeOption
from monitor.core.clock import system_clock
from monitor.core.showing import show_minute
from monitor.evidence_pack.signing_off import SignOffRole, sign_report_off


def sign_off(
    landscape: LandscapeOption,
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="Which report.")],
    role: Annotated[SignOffRole, typer.Option("--as", help="As what.")],
    remark: Annotated[str, typer.Option(help="One sentence.")] = "",
    who: Annotated[str, typer.Option(help="Who signs; else who is logged in.")] = "",
) -> None:
    """Sign a report off: first its preparer, then its reviewer, who is somebody else.

    It is noted in the audit log, together with the hash of the pack.
    """
    person = who.strip() or getpass.getuser()
    with workbench.opened_store(workbench.load(landscape)) as database:
        signed = sign_report_off(database, number, role, person, remark, system_clock())
    typer.echo(
        f"report {number} ({signed.control}): signed off as {signed.role} by {signed.who}"
        f" on {show_minute(signed.at)} UTC"
    )
