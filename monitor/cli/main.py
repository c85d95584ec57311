"""The table of commands, and the edge where errors become messages and exit codes."""

import sys
from collections.abc import Collection, Mapping
from importlib import import_module

import typer

from monitor.cli.exits import Exit
from monitor.cli.logs import configure_logs
from monitor.config.issues import ConfigurationError
from monitor.core.errors import TieoutError

COMMANDS: Mapping[str, str] = {
    "init": "monitor.cli.setup:init",
    "check": "monitor.cli.setup:check",
    "doctor": "monitor.cli.setup:doctor",
    "connectors": "monitor.cli.connectors:connectors",
    "run": "monitor.cli.run:run",
    "once": "monitor.cli.run:once",
    "demo": "monitor.cli.run:demo",
    "breaks": "monitor.cli.ask:breaks",
    "quarantine": "monitor.cli.ask:quarantine",
    "trace": "monitor.cli.ask:trace",
    "transactions": "monitor.cli.ask:transactions",
    "reconcile": "monitor.cli.reconcile:reconcile",
    "candidates": "monitor.cli.matching:candidates",
    "decide": "monitor.cli.matching:decide",
    "explain": "monitor.cli.explain:explain",
    "baseline": "monitor.cli.ignoring:baseline",
    "ignore": "monitor.cli.ignoring:ignore",
    "ignores": "monitor.cli.ignoring:ignores",
    "incidents": "monitor.cli.incidents:incidents",
    "acknowledge": "monitor.cli.incidents:acknowledge",
    "assign": "monitor.cli.incidents:assign",
    "snooze": "monitor.cli.incidents:snooze",
    "silence": "monitor.cli.silencing:silence",
    "notify": "monitor.cli.notifying:notify",
    "plan": "monitor.cli.planning:plan",
    "plans": "monitor.cli.planning:plans",
    "approve": "monitor.cli.planning:approve",
    "reject": "monitor.cli.planning:reject",
    "apply": "monitor.cli.applying:apply",
    "undo": "monitor.cli.applying:undo",
    "corrections": "monitor.cli.applying:corrections",
    "halt": "monitor.cli.planning:halt",
    "resume": "monitor.cli.planning:resume",
    "rehearse": "monitor.cli.rehearse:rehearse",
    "sample": "monitor.cli.sample:sample",
    "indicators": "monitor.cli.indicators:indicators",
    "export": "monitor.cli.export:export",
    "report": "monitor.cli.report:report",
    "control": "monitor.cli.control:control",
    "signoff": "monitor.cli.sign_off:sign_off",
    "user": "monitor.cli.user:user",
    "token": "monitor.cli.token:token",
    "access": "monitor.cli.access:access",
    "audit": "monitor.cli.evidence:audit",
    "keys": "monitor.cli.evidence:keys",
    "verify": "monitor.cli.evidence:verify",
}
"""By name, in the order of the help: `module:function`, or `module:group` of commands."""


def assemble(names: Collection[str] = tuple(COMMANDS)) -> typer.Typer:
    """The command line with some of its commands: what nobody asks for is not loaded."""
    application = typer.Typer(
        name="tieout",
        help="Proves that every deal ties out across the systems that carry it.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    application.callback()(configure)
    for name in names:
        module, _, function = COMMANDS[name].partition(":")
        part = getattr(import_module(module), function)
        if isinstance(part, typer.Typer):
            application.add_typer(part, name=name)
        else:
            application.command(name)(part)
    return application


def configure(
    verbose: bool = typer.Option(False, "--verbose", "-v", help="Log what is done."),
) -> None:
    """Options of every command."""
    configure_logs(verbose=verbose)


def main() -> None:
    """Entry point of the command `tieout`."""
    asked = [word for word in sys.argv[1:] if word in COMMANDS]
    try:
        assemble(asked[:1] or tuple(COMMANDS))()
    except ConfigurationError as error:
        for issue in error.issues:
            print(issue, file=sys.stderr)
        sys.exit(Exit.REFUSED)
    except TieoutError as error:
        print(f"tieout: {error}", file=sys.stderr)
        sys.exit(Exit.FAILED)
