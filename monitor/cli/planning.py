"""Commands about plans: plan, plans, approve, reject, halt, resume."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from monitor.cli import workbench
from monitor.cli.exits import Exit
from monitor.cli.options import AsJson, LandscapeOption, LandscapePath, new_console
from monitor.core.approvals import POLICY
from monitor.core.clock import system_clock
from monitor.core.corrections import PlanState
from monitor.core.errors import Permanent, Reason
from monitor.core.showing import show_minute
from monitor.core.streams import NAME
from monitor.correcting import approving, halting
from monitor.correcting.approving import Answer
from monitor.correcting.keeping import Kept, keep_draft
from monitor.correcting.planning import Draft, Request, draft_plan
from monitor.correcting.recalling import recall_plan
from monitor.estate import Estate
from monitor.reports.planned import (
    Planned,
    entry_as_json,
    refusal_as_json,
    tell_planned,
    tell_refusal,
)
from monitor.store.breaks import find_break
from monitor.store.database import Database
from monitor.store.plans import PlanEntry, list_plans

PlanName = Annotated[
    str, typer.Argument(metavar="PLAN", help="The plan's hash, or its first 12 digits at least.")
]
As = Annotated[str, typer.Option("--as", metavar="NAME", help="Who you are, as approvers name it.")]
Why = Annotated[str, typer.Option("--reason", help="Why, in one sentence.")]

_REFUSALS = frozenset({Reason.REFUSED, Reason.NOT_FOUND, Reason.CONFLICT, Reason.SCHEMA})
"""Reasons for which somebody has to ask otherwise."""

_RESERVED = frozenset({POLICY, "tieout"})


def plan(
    landscape: LandscapePath,
    flow: Annotated[str, typer.Option(help="Business process whose breaks are to be repaired.")],
    breaks: Annotated[
        list[str] | None,
        typer.Argument(metavar="[BREAK]...", help="Identifiers of breaks, or their starts."),
    ] = None,
    rule: Annotated[
        list[str] | None, typer.Option(help="Only breaks of this rule; may be given repeatedly.")
    ] = None,
    propose: Annotated[
        bool, typer.Option("--propose", help="Keep the plan, for somebody else to approve.")
    ] = False,
    who: Annotated[
        str, typer.Option("--as", metavar="NAME", help="Who asks for it; with --propose.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Say what would be written to repair breaks, in which system, and what speaks against it.

    Every record is read again for it. Nothing is written to any system, and nothing is kept unless
    it is proposed. Exit status 2 if the plan is refused.
    """
    requester = read_name(who) if propose else "nobody"
    if who and not propose:
        raise typer.BadParameter("--as goes with --propose")
    with workbench.opened_estate(landscape) as (estate, database), told_refusals():
        request = Request(
            flow,
            requester=requester,
            rules=frozenset(rule or ()),
            fingerprints=_fingerprints(database, breaks or []),
        )
        if propose:
            approving.expire_overdue(database, system_clock)
        draft = draft_plan(estate, request, database, system_clock)
        kept = keep_draft(draft, database, system_clock) if propose else None
        entry = entry_of(database, kept)
    told = planned_of(draft, estate, entry)
    if as_json:
        typer.echo(json.dumps(told.as_json(), indent=2))
    else:
        print_lines([*tell_planned(told), *next_step(draft, kept)])
    raise typer.Exit(Exit.REFUSED if draft.refusals and not _is_open(entry) else Exit.IN_ORDER)


def plans(
    landscape: LandscapeOption,
    name: Annotated[
        str, typer.Argument(metavar="[PLAN]", help="One plan in full, by its hash or its start.")
    ] = "",
    flow: Annotated[str | None, typer.Option(help="Only those of this business process.")] = None,
    state: Annotated[PlanState | None, typer.Option(help="Only those in this state.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List plans, the newest first; or show one with every write, and what people said of it."""
    with workbench.opened_estate(landscape) as (estate, database), told_refusals():
        if name:
            told = recall_plan(estate, database, name, system_clock)
            if as_json:
                typer.echo(json.dumps(told.as_json(), indent=2))
            else:
                print_lines(tell_planned(told))
            return
        with database.read() as connection:
            states = () if state is None else (state,)
            found = list_plans(connection, flow=flow, states=states, limit=limit)
    if as_json:
        typer.echo(json.dumps([entry_as_json(each) for each in found], indent=2))
    elif found:
        new_console().print(_table(found))
    else:
        typer.echo("there are no such plans")


def approve(
    name: PlanName,
    landscape: LandscapeOption,
    who: As,
    why: Why,
    as_json: AsJson = False,
) -> None:
    """Approve a plan that somebody else asked for: exactly what its hash stands for.

    Its records are read again first. A plan that would not be made so now is withdrawn. Exit status
    2 if the approval is refused.
    """
    _answer(name, landscape, who, why, approving.approve, as_json=as_json)


def reject(
    name: PlanName,
    landscape: LandscapeOption,
    who: As,
    why: Why,
    as_json: AsJson = False,
) -> None:
    """Reject a plan; whoever asked for it withdraws it so. Exit status 2 if you may not."""
    _answer(name, landscape, who, why, approving.reject, as_json=as_json)


def halt(landscape: LandscapeOption, who: As, why: Why) -> None:
    """Stop every correction at once, in all processes, until somebody resumes them."""
    with workbench.opened_store(workbench.load(landscape)) as database:
        made = halting.halt(database, read_name(who), _said(why), system_clock)
    typer.echo(f"all corrections are stopped since {show_minute(made.at)} UTC by {made.who}")


def resume(landscape: LandscapeOption, who: As, why: Why) -> None:
    """Let corrections go on after a halt."""
    with workbench.opened_store(workbench.load(landscape)) as database:
        ended = halting.resume(database, read_name(who), _said(why), system_clock)
    if ended is None:
        typer.echo("nothing was stopped")
    else:
        typer.echo(f"corrections go on; {ended.who} had stopped them: {ended.why}")


@contextmanager
def told_refusals() -> Iterator[None]:
    """What cannot be done as it was asked for is the asker's to change, and no failure of ours."""
    try:
        yield
    except Permanent as error:
        if error.reason not in _REFUSALS:
            raise
        typer.echo(str(error), err=True)
        raise typer.Exit(Exit.REFUSED) from None


def read_name(text: str) -> str:
    """A person's name as the landscape's approvers have it.

    Raises:
        typer.BadParameter: it is none.
    """
    if not re.fullmatch(NAME, text) or text in _RESERVED:
        raise typer.BadParameter(
            "--as takes a person's name of lower case letters, digits, '_' and '-'"
        )
    return text


def _said(text: str) -> str:
    if not text.strip():
        raise typer.BadParameter("--reason must not be empty")
    return text.strip()


def _answer(
    name: str,
    landscape: LandscapeOption,
    who: str,
    why: str,
    say: approving.Saying,
    *,
    as_json: bool,
) -> None:
    person, reason = read_name(who), _said(why)
    with workbench.opened_estate(landscape) as (estate, database), told_refusals():
        approving.expire_overdue(database, system_clock)
        answer = say(estate, database, name, person, reason, system_clock)
        told = recall_plan(estate, database, answer.plan, system_clock)
    if as_json:
        typer.echo(json.dumps(_answer_as_json(answer), indent=2))
    else:
        print_lines([*tell_planned(told), "", *_tell_answer(answer)])
    raise typer.Exit(Exit.REFUSED if answer.refusals else Exit.IN_ORDER)


def _tell_answer(answer: Answer) -> Iterator[str]:
    for each in answer.refusals:
        yield tell_refusal(each)
    if answer.refusals:
        yield f"nothing was noted; the plan is {answer.state.value}"
    elif answer.lacking:
        yield f"noted; the plan still needs {', and '.join(answer.lacking)}"
    else:
        yield f"the plan is {answer.state.value}"


def _answer_as_json(answer: Answer) -> dict[str, object]:
    return {
        "hash": answer.plan,
        "state": answer.state.value,
        "refusals": [refusal_as_json(each) for each in answer.refusals],
        "lacking": list(answer.lacking),
    }


def _fingerprints(database: Database, prefixes: list[str]) -> frozenset[str]:
    found = set()
    with database.read() as connection:
        for prefix in prefixes:
            each = find_break(connection, prefix) if prefix else None
            if each is None:
                typer.echo(f"no break is called '{prefix}'", err=True)
                raise typer.Exit(Exit.REFUSED)
            found.add(each.fingerprint)
    return frozenset(found)


def entry_of(database: Database, kept: Kept | None) -> PlanEntry | None:
    """The row of a draft that was kept; None where nothing was."""
    if kept is None or kept.state is None:
        return None
    with database.read() as connection:
        entries = list_plans(connection, flow=kept.plan.flow)
    return next((each for each in entries if each.hash == kept.plan.hash), None)


def _is_open(entry: PlanEntry | None) -> bool:
    return entry is not None and entry.state is PlanState.PROPOSED


def planned_of(draft: Draft, estate: Estate, entry: PlanEntry | None) -> Planned:
    """A draft as it is told."""
    return Planned(
        draft.plan,
        draft.money,
        estate.currency,
        draft.refusals,
        draft.left_out,
        () if draft.refusals and not _is_open(entry) else draft.lacking,
        entry,
    )


def next_step(draft: Draft, kept: Kept | None) -> Iterator[str]:
    """What can be done with a draft, or was."""
    if not draft.plan.corrections:
        return
    yield ""
    if kept is None:
        yield "nothing was kept or written; --propose --as NAME proposes it"
    elif kept.state is PlanState.PROPOSED:
        yield f"proposed; somebody else approves it: tieout approve {draft.plan.id}"
    else:
        yield "not proposed: it is refused as it is"


def _table(entries: list[PlanEntry]) -> Table:
    columns = (
        "plan",
        "flow",
        "state",
        "corrections",
        "asked by",
        "made (UTC)",
        "until (UTC)",
        "why",
    )
    table = Table(*columns, box=None, header_style="bold")
    for each in entries:
        cells = (
            each.id,
            each.flow,
            each.state.value,
            str(each.corrections),
            each.requester,
            show_minute(each.made_at),
            show_minute(each.expires_at),
            each.ended_why,
        )
        table.add_row(*(Text(cell) for cell in cells))
    return table


def print_lines(lines: Iterator[str] | list[str]) -> None:
    """On stdout, as they stand."""
    console = new_console()
    for line in lines:
        console.print(Text(line))
