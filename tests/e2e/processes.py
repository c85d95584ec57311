"""Servers as child processes: started in a group of their own, stopped by that group alone."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

POLL_SECONDS = 0.1
STOP_SECONDS = 30.0
LOG_TAIL = 4_000

# Even a killed test run leaves no server behind.
_END_WITH_US = ("setpriv", "--pdeathsig", "TERM", "--")

Command = Sequence[str | Path]
"""A program and its arguments."""


class StartError(RuntimeError):
    """A program is missing, ended early or was not ready in time; carries the end of its log."""


@dataclass(frozen=True, slots=True)
class Server:
    """A running child process.

    Attributes:
        name: what messages call it.
        process: leader of its own process group.
        log: file with what it wrote on both streams.
    """

    name: str
    process: "subprocess.Popen[bytes]"
    log: Path

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Poll until the server answers.

        Raises:
            StartError: it ended, or the time was over.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            if self.process.poll() is not None:
                raise StartError(f"{self.name} ended with {self.process.returncode}\n{self.tail()}")
            if time.monotonic() > deadline:
                raise StartError(f"{self.name} not ready after {seconds:.0f} s\n{self.tail()}")
            time.sleep(POLL_SECONDS)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Ask the whole group to end, wait, and kill what is left."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, how)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(STOP_SECONDS)

    def tail(self) -> str:
        """The end of what it wrote."""
        return self.log.read_text(errors="replace")[-LOG_TAIL:]


@contextlib.contextmanager
def serve(
    name: str,
    command: Command,
    log: Path,
    environment: Mapping[str, str] | None = None,
    *,
    user: str | None = None,
    how: signal.Signals = signal.SIGTERM,
) -> Iterator[Server]:
    """Run a server as long as the block lasts.

    Args:
        name: what messages call it.
        command: program and arguments.
        log: file for both of its output streams.
        environment: the whole environment; None hands on ours.
        user: operating-system user to run as; None keeps ours.
        how: the signal that asks it to stop.
    """
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*_END_WITH_US, *(str(part) for part in command)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=log.parent,
            process_group=0,
            user=user,
            group=user,
            extra_groups=None if user is None else [],
        )
    server = Server(name, process, log)
    try:
        yield server
    finally:
        server.stop(how)


def run(
    command: Command,
    environment: Mapping[str, str] | None = None,
    user: str | None = None,
    cwd: Path | None = None,
    seconds: float = 600,
) -> str:
    """Run a program to its end and return what it wrote on stdout.

    Raises:
        StartError: it failed; carries the end of what it wrote.
    """
    done = subprocess.run(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=environment,
        cwd=cwd,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        timeout=seconds,
        check=False,
    )
    if done.returncode:
        said = (done.stdout + done.stderr)[-LOG_TAIL:]
        raise StartError(f"{Path(command[0]).name} ended with {done.returncode}\n{said}")
    return done.stdout


def find_program(name: str, *folders: str) -> Path:
    """Path of a program, looked for in these folders and on PATH.

    Raises:
        StartError: it is not installed. A missing program fails the tests; it skips none.
    """
    found = shutil.which(name, path=os.pathsep.join((*folders, os.environ.get("PATH", ""))))
    if found is None:
        raise StartError(f"{name} is not installed; see tests/e2e/packages.txt")
    return Path(found)


def free_port() -> int:
    """A loopback port that nobody listens on right now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def accepts(port: int) -> bool:
    """Whether something listens on this loopback port."""
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A short-lived folder that other users may pass through, as servers that refuse root need."""
    folder = Path(tempfile.mkdtemp(prefix="tieout-e2e-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
