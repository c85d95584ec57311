"""The command that draws and examines audit samples: sample."""

import json
import os
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.app import read_landscape
from monitor.audit_sampling.design import Method, Request, Sample
from monitor.audit_sampling.examination import Examination, examine_sample, take_sample
from monitor.audit_sampling.telling import (
    examination_as_json,
    examination_summary,
    sample_as_json,
    sample_summary,
)
from monitor.cli import workbench
from monitor.cli.exits import Exit
from monitor.cli.options import AsJson, LandscapePath, new_console
from monitor.core.clock import system_clock
from monitor.core.errors import Reason, TieoutError
from monitor.core.model import StreamId
from monitor.estate import Estate
from monitor.store.database import Database


def sample(
    landscape: LandscapePath,
    stream: Annotated[str, typer.Option(help="Whose records are drawn, `system.stream`.")],
    tolerable: Annotated[
        str, typer.Option(help="Rate (attribute) or money (monetary) no longer borne.")
    ],
    seed: Annotated[str, typer.Option(help="What the drawing follows from.")],
    method: Annotated[
        Method, typer.Option(help="How often something is wrong, or how much is overstated.")
    ] = Method.ATTRIBUTE,
    confidence: Annotated[str, typer.Option(help="Of the conclusion.")] = "0.95",
    expected: Annotated[str, typer.Option(help="Rate or money expected to be wrong.")] = "0",
    amount: Annotated[str, typer.Option(help="Field with the money.")] = "amount",
    currency: Annotated[str, typer.Option(help="Only money in this currency.")] = "",
    rule: Annotated[
        list[str] | None, typer.Option(help="Only this rule counts; may be given again.")
    ] = None,
    draw_only: Annotated[
        bool, typer.Option("--draw-only", help="Draw, and leave the examination to people.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="Also write the whole of it to a file, as JSON.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Draw records of a stream, read them again, ask the rules, and conclude on all of them.

    The same seed draws the same records of the same population. A drawn record deviates where the
    system holds it otherwise than the store, or a rule finds a break in its deal. Exit status, as
    bit flags: 1 more may be wrong than is tolerable, 2 refused, 4 the source could not be asked,
    or a rule not for a blind stream.
    """
    if method is Method.MONETARY and "%" in tolerable + expected:
        raise typer.BadParameter("a monetary sample needs amounts of money, not rates")
    request = Request(
        stream=_stream(stream),
        method=method,
        confidence=Fraction(read_number(confidence)),
        tolerable=read_number(tolerable),
        expected=read_number(expected),
        seed=seed,
        amount=amount,
        currency=currency.upper(),
        rules=frozenset(rule or ()),
    )
    settings = read_landscape(landscape, os.environ)
    with workbench.opened_store(settings) as database:
        estate = workbench.build(settings, database)
        try:
            drawn = _draw(request, estate, database)
            if draw_only:
                _tell(sample_as_json(drawn), sample_summary(drawn), out, as_json=as_json)
                return
            done = examine_sample(drawn, estate, database, system_clock)
        except TieoutError as error:
            if error.reason is Reason.STORE:
                raise
            typer.echo(f"{stream} could not be examined: {error}", err=True)
            raise typer.Exit(Exit.BLIND) from None
        finally:
            estate.close()
    _tell(examination_as_json(done), examination_summary(done), out, as_json=as_json)
    raise typer.Exit(_exit_of(done))


def _draw(request: Request, estate: Estate, database: Database) -> Sample:
    try:
        return take_sample(request, estate, database)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def _stream(text: str) -> StreamId:
    try:
        return StreamId.parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


def read_number(text: str) -> Decimal:
    """A number, or a share such as `5%`.

    Raises:
        typer.BadParameter: it is neither.
    """
    try:
        number = Decimal(text.removesuffix("%"))
    except InvalidOperation:
        raise typer.BadParameter(f"'{text}' is not a number") from None
    if not number.is_finite():
        raise typer.BadParameter(f"'{text}' is not a number")
    return number / 100 if text.endswith("%") else number


def _tell(facts: dict[str, Any], shown: Any, out: Path | None, *, as_json: bool) -> None:
    text = json.dumps(facts, indent=2)
    if out is not None:
        half = out.with_name(out.name + ".part")
        half.write_text(text + "\n", encoding="utf-8")
        half.replace(out)
    if as_json:
        typer.echo(text)
    else:
        new_console().print(shown)


def _exit_of(done: Examination) -> Exit:
    status = Exit.IN_ORDER if done.conclusion.is_accepted else Exit.BREAKS
    return status | Exit.BLIND if done.unasked else status
