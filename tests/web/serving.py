"""The web application on a free loopback port, and a client of it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import uvicorn

from monitor.scheduler import Daemon
from monitor.web.application import create_application


@contextmanager
def browsing(daemon: Daemon) -> Iterator[httpx.Client]:
    """A client of a daemon's pages; the daemon itself need not run."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(
            uvicorn.Config(create_application(daemon), log_config=None, access_log=False)
        )
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            port = listener.getsockname()[1]
            with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10) as client:
                yield client
        finally:
            server.should_exit = True
            thread.join()
