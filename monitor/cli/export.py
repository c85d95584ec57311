"""The command that writes what is stored for other programs: tieout export."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli import workbench
from monitor.cli.options import LandscapeOption
from monitor.core.clock import system_clock
from monitor.core.errors import Permanent, Reason
from monitor.mining.exporting import LogFormat, export_log


class Export(StrEnum):
    """What can be written."""

    OCEL = "ocel"


def export(
    what: Annotated[Export, typer.Argument(help="What to write.")],
    landscape: LandscapeOption,
    out: Annotated[Path, typer.Option(dir_okay=False, help="Where it goes.")],
    form: Annotated[LogFormat, typer.Option("--format", help="In which form.")] = LogFormat.JSON,
) -> None:
    """Write all transactions as an object-centric event log, OCEL 2.0, for process mining.

    The file has the records' own values: keep it as confidential as the systems themselves.
    """
    with workbench.opened_estate(landscape) as (estate, database):
        try:
            export_log(estate, database, form, out, system_clock())
        except OSError as error:
            raise Permanent(
                f"{what} cannot be written: {error.strerror}", reason=Reason.REFUSED
            ) from None
