"""`tieout run` as a process of its own, and its store seen from outside."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

PATIENCE = 20.0
"""Seconds after which something will not happen any more."""


@dataclass
class Process:
    """A running daemon."""

    popen: "subprocess.Popen[bytes]"
    stderr: Path
    stdout: Path

    def address(self) -> str:
        """Of its page, once it serves."""
        found: list[str] = []

        def said() -> bool:
            assert self.popen.poll() is None, self.errors()
            found[:] = re.findall(r"page and metrics on (http://\S+)/", self.errors())
            return bool(found)

        wait_until(said)
        return found[0]

    def errors(self) -> str:
        return self.stderr.read_text("utf-8")

    def kill(self) -> None:
        """At once, with nothing finished."""
        self.popen.kill()
        self.popen.wait()

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; its exit status."""
        self.popen.send_signal(how)
        return self.popen.wait(PATIENCE)


@contextmanager
def daemon(
    landscape: Path, variables: Mapping[str, str], name: str = "tieout"
) -> Iterator[Process]:
    """A daemon that is gone at the end of the block, whatever happens."""
    folder = landscape.parent
    stdout, stderr = folder / f"{name}.out", folder / f"{name}.err"
    with stdout.open("wb") as out, stderr.open("wb") as err:
        popen = subprocess.Popen(
            [sys.executable, "-m", "monitor.cli", "run", str(landscape)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env={**os.environ, **variables},
        )
    try:
        yield Process(popen, stderr, stdout)
    finally:
        if popen.poll() is None:
            popen.kill()
        popen.wait()


def wait_until(holds: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Poll until it holds."""
    ends = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ends, f"did not happen within {seconds:.0f} s"
        time.sleep(0.01)


def count(store: Path, query: str) -> int:
    """One number from a store that another process may be writing to; 0 before it exists."""
    if not store.exists():
        return 0
    with closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=1)) as connection:
        try:
            return int(connection.execute(query).fetchone()[0] or 0)
        except sqlite3.OperationalError:  # not migrated yet
            return 0


def get(address: str, path: str, **headers: str) -> httpx.Response:
    """A page of a daemon."""
    return httpx.get(address + path, headers=headers, timeout=10)


def post(address: str, path: str) -> httpx.Response:
    """A management call."""
    return httpx.post(address + path, timeout=10)
