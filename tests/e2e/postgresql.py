"""Debian's PostgreSQL on a private data folder and a free loopback port."""

import contextlib
import os
import pwd
import secrets
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.e2e.processes import Command, accepts, find_program, free_port, run, serve

START_SECONDS = 60
SUPERUSER = "tieout"


def _newest_programs() -> str:
    versions = Path("/usr/lib/postgresql").glob("*/bin")
    return str(max(versions, key=lambda path: int(path.parent.name), default=Path("/nonexistent")))


def _server_user() -> str | None:
    """PostgreSQL refuses to run as root; Debian's package brings a user for it."""
    return pwd.getpwnam("postgres").pw_name if os.geteuid() == 0 else None


@dataclass(frozen=True, slots=True)
class PostgreSQL:
    """A running server.

    Attributes:
        port: loopback port.
        password: of the superuser `tieout`, made for this run.
    """

    port: int
    password: str = field(repr=False)

    def url(self, database: str = "", scheme: str = "postgresql") -> str:
        """Connection URL of a database over TCP."""
        return f"{scheme}://{SUPERUSER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def create(self, database: str) -> None:
        """Create an empty database."""
        self._run("createdb", database)

    def dump(self, database: str, target: Path) -> None:
        """Write a database to a file, whole or not at all."""
        partial = target.with_name(f"{target.name}.{os.getpid()}.part")
        self._run("pg_dump", "--format=custom", "--no-owner", f"--file={partial}", database)
        partial.replace(target)

    def restore(self, source: Path, database: str) -> None:
        """Fill an empty database from a file."""
        self._run(
            "pg_restore", "--exit-on-error", "--no-owner", f"--dbname={database}", str(source)
        )

    def _run(self, program: str, *arguments: str) -> None:
        environment = {
            "PATH": os.environ["PATH"],
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.port),
            "PGUSER": SUPERUSER,
            "PGPASSWORD": self.password,
        }
        run([find_program(program, _newest_programs()), *arguments], environment)


def _settings(port: int) -> Sequence[str]:
    # A throw-away server: nothing has to survive a power cut.
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "60",
        "shared_buffers": "64MB",
    }
    return [f"--{name}={value}" for name, value in settings.items()]


@contextlib.contextmanager
def run_postgresql(folder: Path) -> Iterator[PostgreSQL]:
    """Initialise and run a server below `folder` as long as the block lasts."""
    programs, user = _newest_programs(), _server_user()
    password = secrets.token_hex(16)
    home = folder / "postgresql"
    home.mkdir(mode=0o700)
    secret = home / "password"
    secret.write_text(password)
    if user is not None:
        owner = pwd.getpwnam(user)
        for path in (home, secret):
            os.chown(path, owner.pw_uid, owner.pw_gid)
    data = home / "data"
    run(
        [
            find_program("initdb", programs),
            f"--pgdata={data}",
            f"--username={SUPERUSER}",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ],
        user=user,
        cwd=home,
    )
    port = free_port()
    command: Command = [find_program("postgres", programs), "-D", data, *_settings(port)]
    # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients to leave.
    log = folder / "postgresql.log"
    with serve("postgresql", command, log, user=user, how=signal.SIGINT) as server:
        server.wait_until(lambda: accepts(port), START_SECONDS)
        yield PostgreSQL(port, password)
