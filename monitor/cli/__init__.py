"""The command line: data on stdout, logs on stderr, documented exit codes."""

from monitor.cli.main import main

__all__ = ["main"]
