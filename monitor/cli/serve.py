"""A daemon as a process: its port, its signals, its end."""

import os
import signal
import socket
import sys
import threading
from types import FrameType

import structlog
import typer
import uvicorn

from monitor.cli.exits import Exit
from monitor.config.landscape import ServerSettings
from monitor.core.errors import Permanent, Reason
from monitor.scheduler import Daemon
from monitor.web.application import create_application

log = structlog.get_logger(__name__)

LAST_ANSWERS = 3
"""Seconds that open requests are given at the end."""


def serve(daemon: Daemon, settings: ServerSettings) -> None:
    """Run a daemon and its page until SIGINT or SIGTERM; SIGHUP reloads.

    Raises:
        Permanent: the port cannot be listened on.
        Transient: the store failed at the start.
    """
    with _listen(settings) as listener:
        server = uvicorn.Server(
            uvicorn.Config(
                create_application(daemon),
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=LAST_ANSWERS,
            )
        )
        _heed_signals(daemon, server)
        daemon.start()
        typer.echo(f"page and metrics on {_address(listener)}", err=True)
        try:
            server.run(sockets=[listener])
        finally:
            has_finished = daemon.stop()
    if not has_finished:
        log.warning("jobs at work were abandoned; they are repeated at the next start")
        # The interpreter would wait for their threads, for as long as a source's deadline.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(Exit.IN_ORDER)


def _listen(settings: ServerSettings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    try:
        return socket.create_server((settings.host, settings.port), family=family)
    except OSError as error:
        raise Permanent(
            f"cannot listen on {settings.host}:{settings.port}: {error.strerror};"
            " is another tieout running? server.port names the port",
            reason=Reason.CONFIGURATION,
        ) from error


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def _heed_signals(daemon: Daemon, server: uvicorn.Server) -> None:
    """Heed them from the start on.

    The server takes SIGINT and SIGTERM over while it runs, and raises them again at its end.
    """

    def end(_signal: int, _frame: FrameType | None) -> None:
        server.should_exit = True

    def reload(_signal: int, _frame: FrameType | None) -> None:
        # In a thread: a second signal would interrupt the first in here, and wait for it for ever.
        threading.Thread(target=daemon.reload, name="reload").start()

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGHUP, reload)
