"""Commands around the landscape: init, check, doctor."""

import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from monitor.app import build_estate, load_plugins
from monitor.cli import workbench
from monitor.cli.composing import UNKNOWN, Part, compose, unfinished
from monitor.cli.exits import Exit
from monitor.cli.options import AsJson, LandscapePath, new_console
from monitor.config import Landscape
from monitor.config.check_controls import rules_without_control
from monitor.config.effective import effective
from monitor.config.schema import landscape_schema
from monitor.core.clock import system_clock
from monitor.examination import Remark, examine, preview
from probes.definitions.definition import read_definition


def init(
    target: Annotated[
        Path, typer.Argument(help="Where to write it.")
    ] = workbench.DEFAULT_LANDSCAPE,
    crm: Annotated[str, typer.Option(help="Ready definition where deals are sold.")] = "",
    cpq: Annotated[str, typer.Option(help="Where they are priced.")] = "",
    contracts: Annotated[str, typer.Option(help="Where they are signed.")] = "",
    psa: Annotated[str, typer.Option(help="Where they are delivered.")] = "",
    erp: Annotated[str, typer.Option(help="Where they are billed.")] = "",
    bus: Annotated[str, typer.Option(help="What carries records between them.")] = "",
    currency: Annotated[str, typer.Option(help="Of the firm, where a system names none.")] = "EUR",
) -> None:
    """Write a commented landscape to start from, and its JSON Schema for editors beside it.

    With --crm and others it is composed of ready definitions (tieout connectors lists them), and
    lacks nothing but addresses, credentials, and fields that only the firm can know.
    """
    if target.exists():
        typer.echo(f"{target} exists already; nothing was written", err=True)
        raise typer.Exit(Exit.REFUSED)
    named = (crm, cpq, contracts, psa, erp, bus)
    chosen = {part: name for part, name in zip(Part, named, strict=True) if name}
    target.write_text(_composed(chosen, currency) if chosen else _template(), encoding="utf-8")
    schema = target.with_name("landscape.schema.json")
    schema.write_text(json.dumps(landscape_schema(load_plugins()), indent=2) + "\n", "utf-8")
    typer.echo(f"wrote {target} and {schema}; next: tieout check {target}")


def _template() -> str:
    return files("monitor.cli").joinpath("landscape.template.yaml").read_text(encoding="utf-8")


def _composed(chosen: Mapping[Part, str], currency: str) -> str:
    try:
        definitions = {part: (name, read_definition(name, Path())) for part, name in chosen.items()}
        return compose(definitions, currency)
    except LookupError as error:
        typer.echo(f"there is no definition {error}; tieout connectors lists them", err=True)
    except ValueError as error:
        typer.echo(str(error), err=True)
    raise typer.Exit(Exit.REFUSED)


def check(
    landscape: LandscapePath,
    sample: Annotated[
        bool, typer.Option("--sample", help="Also read one page of each stream; stores nothing.")
    ] = False,
    show_effective: Annotated[
        bool,
        typer.Option(
            "--effective",
            help="Print it as JSON, defaults filled in, with references in place of secrets.",
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Read a landscape strictly and say all that is wrong with it. Exit status 2 if anything is.

    With --sample, status 4 where a source could not be read or set rows aside.
    """
    settings = workbench.load(landscape)
    if show_effective:
        typer.echo(json.dumps(effective(settings), indent=2, ensure_ascii=False))
        return
    if not sample:
        _say_in_order(settings, landscape, as_json=as_json)
        return
    estate = build_estate(settings, system_clock, calls_today={})
    try:
        previews = [preview(source) for source in estate.sources.values()]
    finally:
        estate.close()
    if as_json:
        typer.echo(json.dumps([each.as_json() for each in previews], indent=2))
    else:
        table = Table("stream", "read", "set aside", "first record or failure", box=None)
        for each in previews:
            cells = (str(each.stream), str(each.records), str(each.rejects), each.remark)
            table.add_row(*(Text(cell) for cell in cells))
        new_console().print(table)
    if any(each.failure or each.rejects for each in previews):
        raise typer.Exit(Exit.BLIND)


def _say_in_order(settings: Landscape, landscape: Path, *, as_json: bool) -> None:
    alone = rules_without_control(settings) if settings.controls else []
    if as_json:
        told = {"issues": [], "unfinished": unfinished(settings), "without_control": alone}
        typer.echo(json.dumps(told))
        return
    typer.echo(f"{landscape} is in order")
    for stream in unfinished(settings):
        typer.echo(f"  {stream}: name the field that holds the deal, in place of '{UNKNOWN}'")
    for rule in alone:
        typer.echo(f"  no control stands on {rule}")


def doctor(landscape: LandscapePath, as_json: AsJson = False) -> None:
    """Examine the landscape, the store and every source; say what is wrong and what to do.

    Exit status, as bit flags: 2 the landscape was refused, 4 a source cannot be looked at,
    8 the store is ill.
    """
    settings = workbench.load(landscape)
    remarks = examine(settings, system_clock)
    if as_json:
        typer.echo(json.dumps([each.as_json() for each in remarks], indent=2))
    else:
        table = Table("", "what", "finding", "what to do", box=None)
        for each in remarks:
            mark = ("✓", "green") if each.is_fine else ("✗", "red")
            table.add_row(
                Text(*mark), *(Text(cell) for cell in (each.what, each.says, each.advice))
            )
        new_console().print(table)
    raise typer.Exit(_exit_of(remarks))


def _exit_of(remarks: list[Remark]) -> Exit:
    status = Exit.IN_ORDER
    for each in remarks:
        if not each.is_fine:
            status |= Exit.FAILED if each.is_store else Exit.BLIND
    return status
