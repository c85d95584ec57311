"""Commands about corrections: apply, undo, corrections."""

import json
from collections.abc import Collection
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from monitor.cli import workbench
from monitor.cli.exits import Exit
from monitor.cli.options import AsJson, LandscapeOption, new_console
from monitor.cli.planning import (
    PlanName,
    entry_of,
    next_step,
    planned_of,
    print_lines,
    read_name,
    told_refusals,
)
from monitor.core.clock import system_clock
from monitor.core.corrections import CorrectionState, PlanState
from monitor.correcting import approving
from monitor.correcting.applying import Applied, apply_plan, why_refused
from monitor.correcting.approving import load_named
from monitor.correcting.keeping import keep_draft
from monitor.correcting.recalling import recall_plan
from monitor.correcting.undoing import draft_undo
from monitor.estate import Estate
from monitor.reports.corrected import (
    COLUMNS,
    correction_as_json,
    tell_correction,
    tell_done,
    tell_life,
)
from monitor.reports.planned import refusal_as_json, tell_planned, tell_refusal
from monitor.store.corrections import (
    CorrectionEntry,
    corrections_of,
    list_corrections,
    load_correction,
    steps_of,
)
from monitor.store.database import Database
from monitor.store.plans import KeptPlan

Number = Annotated[int, typer.Argument(metavar="CORRECTION", min=1, help="Its number.")]

_IN_ORDER = frozenset(
    {CorrectionState.VERIFIED, CorrectionState.NEEDLESS, CorrectionState.HANDED_OVER}
)


def apply(
    name: PlanName,
    landscape: LandscapeOption,
    write: Annotated[
        bool, typer.Option("--write", help="Write it; else only say what would be written.")
    ] = False,
    who: Annotated[
        str, typer.Option("--as", metavar="NAME", help="Who you are; with --write.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Apply an approved plan: write each correction once, and read it back.

    Without --write it shows the plan and all that speaks against it now. Exit status 2 if the plan
    is refused, 1 if a correction failed or its outcome is not known yet.
    """
    if write != bool(who):
        raise typer.BadParameter("--write and --as go together")
    person = read_name(who) if write else ""
    with workbench.opened_estate(landscape) as (estate, database), told_refusals():
        kept = load_named(estate, database, name)
        done = _apply(kept, estate, database, person) if write else _try(kept, estate, database)
        told = recall_plan(estate, database, kept.plan.hash, system_clock)
        with database.read() as connection:
            entries = corrections_of(connection, kept.plan.hash)
    if as_json:
        _echo_applied(done, entries)
    else:
        written = ["", *tell_done(entries)] if write and not done.refusals else []
        print_lines([*tell_planned(told), *written, *_tell_refused(done, is_dry=not write)])
    raise typer.Exit(_exit_of(done, entries if write else ()))


def undo(
    number: Number,
    landscape: LandscapeOption,
    propose: Annotated[
        bool, typer.Option("--propose", help="Keep the plan, for somebody else to approve.")
    ] = False,
    who: Annotated[
        str, typer.Option("--as", metavar="NAME", help="Who asks for it; with --propose.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Plan to take a correction back: what it wrote, as far as it is still as it was written.

    The plan is guarded, approved and applied as any other. Exit status 2 if the correction cannot
    be taken back, or the plan is refused.
    """
    if propose != bool(who):
        raise typer.BadParameter("--propose and --as go together")
    requester = read_name(who) if propose else "nobody"
    with workbench.opened_estate(landscape) as (estate, database):
        with told_refusals():
            draft = draft_undo(estate, database, number, requester, system_clock)
        kept = keep_draft(draft, database, system_clock) if propose else None
        told = planned_of(draft, estate, entry_of(database, kept))
    if as_json:
        typer.echo(json.dumps(told.as_json(), indent=2))
    else:
        print_lines([*tell_planned(told), *next_step(draft, kept)])
    is_refused = bool(draft.refusals or draft.left_out)
    raise typer.Exit(Exit.REFUSED if is_refused else Exit.IN_ORDER)


def corrections(
    landscape: LandscapeOption,
    number: Annotated[
        int | None, typer.Argument(metavar="[CORRECTION]", help="One, with all its steps.")
    ] = None,
    state: Annotated[CorrectionState | None, typer.Option(help="Only those in this state.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List corrections, the newest first; or show one with every step and what came back."""
    with workbench.opened_store(workbench.load(landscape)) as database:
        if number is not None:
            _show_one(database, number, as_json=as_json)
            return
        with database.read() as connection:
            states = () if state is None else (state,)
            found = list_corrections(connection, states=states, limit=limit)
    if as_json:
        typer.echo(json.dumps([correction_as_json(each) for each in found], indent=2))
    elif found:
        table = Table(*COLUMNS, box=None, header_style="bold")
        for each in found:
            table.add_row(*(Text(cell) for cell in tell_correction(each)))
        new_console().print(table)
    else:
        typer.echo("there are no such corrections")


def _apply(kept: KeptPlan, estate: Estate, database: Database, who: str) -> Applied:
    approving.expire_overdue(database, system_clock)
    return apply_plan(estate, database, kept.plan.hash, system_clock, who)


def _try(kept: KeptPlan, estate: Estate, database: Database) -> Applied:
    """What applying the plan would come to."""
    if kept.state not in (PlanState.PROPOSED, PlanState.APPROVED):
        return Applied(kept.plan.hash, ())
    return Applied(kept.plan.hash, why_refused(kept, estate, database, system_clock))


def _tell_refused(done: Applied, *, is_dry: bool) -> list[str]:
    lines = [tell_refusal(each) for each in done.refusals]
    if is_dry:
        lines.append("nothing was written; --write --as NAME writes an approved plan")
    elif lines:
        lines.append("nothing was written")
    return ["", *lines] if lines else []


def _echo_applied(done: Applied, entries: Collection[CorrectionEntry]) -> None:
    document = {
        "hash": done.plan,
        "refusals": [refusal_as_json(each) for each in done.refusals],
        "corrections": [correction_as_json(each) for each in entries],
    }
    typer.echo(json.dumps(document, indent=2))


def _exit_of(done: Applied, entries: Collection[CorrectionEntry]) -> Exit:
    if done.refusals:
        return Exit.REFUSED
    return Exit.IN_ORDER if all(each.state in _IN_ORDER for each in entries) else Exit.BREAKS


def _show_one(database: Database, number: int, *, as_json: bool) -> None:
    with database.read() as connection:
        entry = load_correction(connection, number)
        steps = steps_of(connection, number)
    if entry is None:
        typer.echo(f"there is no correction {number}", err=True)
        raise typer.Exit(Exit.REFUSED)
    if as_json:
        typer.echo(json.dumps(correction_as_json(entry, steps), indent=2))
    else:
        print_lines(tell_life(entry, steps))
