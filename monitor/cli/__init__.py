"""The command line: data on stdout, logs on stderr, documented exit codes."""

import atexit
import gc

# Nearly all that is made while a command starts stays to its end, and at the end everything goes
# with the process: looking through it for garbage took a fifth of the time of a short command.
gc.set_threshold(50_000, 20, 50)
atexit.register(gc.freeze)

from monitor.cli.main import main  # noqa: E402 - what it imports is what stays

__all__ = ["main"]
