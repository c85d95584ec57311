"""The table of commands, and the edge where errors become messages and exit codes."""

import sys

import typer

from monitor.cli import ask, explain, ignoring, reconcile, rehearse, run, sample, setup
from monitor.cli.exits import Exit
from monitor.cli.logs import configure_logs
from monitor.config.issues import ConfigurationError
from monitor.core.errors import TieoutError

application = typer.Typer(
    name="tieout",
    help="Proves that every deal ties out across the systems that carry it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@application.callback()
def configure(
    verbose: bool = typer.Option(False, "--verbose", "-v", help="Log what is done."),
) -> None:
    """Options of every command."""
    configure_logs(verbose=verbose)


application.command("init")(setup.init)
application.command("check")(setup.check)
application.command("doctor")(setup.doctor)
application.command("run")(run.run)
application.command("once")(run.once)
application.command("demo")(run.demo)
application.command("breaks")(ask.breaks)
application.command("quarantine")(ask.quarantine)
application.command("trace")(ask.trace)
application.command("transactions")(ask.transactions)
application.command("reconcile")(reconcile.reconcile)
application.command("explain")(explain.explain)
application.command("baseline")(ignoring.baseline)
application.command("ignore")(ignoring.ignore)
application.command("ignores")(ignoring.ignores)
application.command("rehearse")(rehearse.rehearse)
application.command("sample")(sample.sample)


def main() -> None:
    """Entry point of the command `tieout`."""
    try:
        application()
    except ConfigurationError as error:
        for issue in error.issues:
            print(issue, file=sys.stderr)
        sys.exit(Exit.REFUSED)
    except TieoutError as error:
        print(f"tieout: {error}", file=sys.stderr)
        sys.exit(Exit.FAILED)
