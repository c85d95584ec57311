"""Real Tryton: three databases as CRM, PSA and ERP, each behind a server of its own.

Tryton is GPL-3 and only ever a separate process, in a virtual environment of its own in the cache
folder. The databases are initialised once (a minute or two of work) and kept there as dumps,
keyed by everything that made them; a run without the cache gives the same state.

Seen on Tryton 8.2: `write_date` is null on a row that was created and never written again (all
opportunities and projects here), so a cursor needs `create_date` beside it; either is the start
of its transaction, one stamp for thousands of rows.
"""

import base64
import contextlib
import json
import os
import secrets
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

from tests.e2e.environments import cache_folder, digest_of, install
from tests.e2e.postgresql import PostgreSQL
from tests.e2e.processes import Command, StartError, accepts, free_port, run, serve

HERE = Path(__file__).parent
LOCK = HERE / "requirements-tryton.lock"
SEED = HERE / "seed_estate.py"
START_SECONDS = 120
CALL_SECONDS = 60

MODULES: Mapping[str, Sequence[str]] = {
    "crm": ("sale_opportunity",),
    "psa": ("project", "timesheet"),
    "erp": ("sale", "account_invoice", "account_product"),
}
"""Modules by system; what they depend on is activated with them."""


def install_tryton() -> Path:
    """Folder with Tryton's programs; installed from the lock file where it is not yet."""
    return install(LOCK)


@dataclass(frozen=True, slots=True)
class Installation:
    """Tryton's programs and the database server that they use."""

    programs: Path
    database: PostgreSQL
    scratch: Path

    def environment(self, name: str, **options: str) -> dict[str, str]:
        """Tryton reads its whole configuration from the environment: no secret in a file."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.scratch),
            "LANG": "C.UTF-8",
            "TRYTOND_DATABASE_URI": self.database.url(name),
            "TRYTOND_SESSION__MAX_ATTEMPT": "1000",
            "TRYTOND_SESSION__MAX_ATTEMPT_IP_NETWORK": "100000",
            **options,
        }

    def seed(self, name: str, *arguments: str | Path) -> None:
        """Run the loading script on a database."""
        run([self.programs / "python", SEED, *arguments], self.environment(name))

    def initialise(self, system: str, password: str) -> None:
        """Create a database from its dump; make the dump first where there is none.

        The administrator's password is of this run, whatever the dump holds.
        """
        dump = self._dump_of(system)
        if not dump.exists():
            self._make_dump(system, dump)
        self.database.create(system)
        self.database.restore(dump, system)
        self._administer(system, password, "--password", "--administrator")

    def _dump_of(self, system: str) -> Path:
        made_of = digest_of(
            LOCK.read_bytes(), SEED.read_bytes(), repr(sorted(MODULES.items())).encode()
        )
        return cache_folder() / f"{system}-{made_of}.dump"

    def _make_dump(self, system: str, dump: Path) -> None:
        name = f"{system}_made"
        self.database.create(name)
        modules = ("--update", "ir", *MODULES[system], "--activate-dependencies")
        self._administer(name, secrets.token_hex(16), *modules)
        self.seed(name, "prepare", system)
        self.database.dump(name, dump)

    def _administer(self, name: str, password: str, *arguments: str) -> None:
        secret = self.scratch / f"{name}.password"
        secret.write_text(password)
        secret.chmod(0o600)
        command: Command = [
            self.programs / "trytond-admin",
            "-d",
            name,
            "--email",
            "admin@example.com",
        ]
        try:
            run([*command, *arguments], self.environment(name, TRYTONPASSFILE=str(secret)))
        finally:
            secret.unlink()


def prepare_databases(
    installation: Installation, documents: Mapping[str, Mapping[str, object]], password: str
) -> None:
    """Three databases with their documents, side by side."""

    def prepare(system: str) -> None:
        installation.initialise(system, password)
        plan = installation.scratch / f"{system}.json"
        plan.write_text(json.dumps(documents[system]))
        installation.seed(system, "load", system, plan)

    with ThreadPoolExecutor(len(MODULES)) as workers:
        list(workers.map(prepare, MODULES))


class CallError(RuntimeError):
    """Tryton answered a call with an error."""


def _read_tagged(value: dict[str, Any]) -> object:
    match value.get("__class__"):
        case "Decimal":
            return Decimal(value["decimal"])
        case "date":
            return date(value["year"], value["month"], value["day"])
        case "datetime":
            parts = ("year", "month", "day", "hour", "minute", "second", "microsecond")
            return datetime(**{part: value[part] for part in parts}, tzinfo=UTC)
        case _:
            return value


def _write_tagged(value: object) -> dict[str, object]:
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": str(value)}
    raise TypeError(type(value).__name__)


@dataclass(frozen=True, slots=True)
class Tryton:
    """One running server: a person at its keyboard, as far as the tests need one.

    Attributes:
        system: name of the database.
        url: address of the server, without the database.
        password: of the user `admin`.
    """

    system: str
    url: str
    password: str = field(repr=False)
    _session: dict[str, str] = field(default_factory=dict, repr=False)

    def login(self) -> Self:
        """Open a session."""
        user, token, *_ = self._post("common.db.login", ["admin", {"password": self.password}])
        session = base64.b64encode(f"admin:{user}:{token}".encode()).decode()
        self._session["Authorization"] = f"Session {session}"
        return self

    def resume(self, successor: Self) -> None:
        """Go on with the session of a server that took this one's place."""
        self._session.update(successor._session)

    def call(self, method: str, *arguments: object) -> Any:
        """Call a method of a model, `model.sale.sale.search_read` for one."""
        if not self._session:
            self.login()
        context = {"company": 1, "_skip_warnings": True}
        return self._post(method, [*arguments, context])

    def read(
        self, model: str, domain: Sequence[object], fields: Sequence[str]
    ) -> list[dict[str, Any]]:
        """All rows of a model that fit a domain."""
        method = f"model.{model}.search_read"
        rows: list[dict[str, Any]] = self.call(method, domain, 0, None, [["id", "ASC"]], fields)
        return rows

    def reprice(self, sale: int, amount: Decimal) -> Decimal:
        """Bring a quotation to a total, as a clerk would: back to draft, retype, quote again.

        Returns:
            The total that it had.
        """
        (row,) = self.read("sale.sale", [["id", "=", sale]], ["total_amount"])
        fixed_price = [["sale", "=", sale], ["quantity", "=", 1.0]]
        (line,) = self.read("sale.line", fixed_price, ["unit_price"])
        had: Decimal = row["total_amount"]
        price = line["unit_price"] + amount - had
        self.call("model.sale.sale.draft", [sale])
        change = {"lines": [["write", [line["id"]], {"unit_price": price}]]}
        self.call("model.sale.sale.write", [sale], change)
        self.call("model.sale.sale.quote", [sale])
        return had

    def _post(self, method: str, params: Sequence[object]) -> Any:
        body = json.dumps({"id": 1, "method": method, "params": params}, default=_write_tagged)
        request = urllib.request.Request(  # noqa: S310 - a loopback address of our own
            f"{self.url}/{self.system}/rpc/",
            body.encode(),
            {"Content-Type": "application/json", **self._session},
        )
        with urllib.request.urlopen(request, timeout=CALL_SECONDS) as reply:  # noqa: S310
            answer = json.load(reply, object_hook=_read_tagged)
        if "error" in answer:
            raise CallError(f"{method}: {str(answer['error'])[:500]}")
        return answer["result"]


@contextlib.contextmanager
def run_tryton(
    installation: Installation, system: str, password: str, port: int | None = None
) -> Iterator[Tryton]:
    """Serve one database as long as the block lasts.

    Raises:
        StartError: it did not come up, or nobody could log in.
    """
    port = port or free_port()
    environment = installation.environment(system, TRYTOND_WEB__LISTEN=f"127.0.0.1:{port}")
    command: Command = [installation.programs / "trytond", "-d", system]
    log = installation.scratch / f"tryton-{system}.log"
    with serve(f"tryton {system}", command, log, environment) as server:
        server.wait_until(lambda: accepts(port), START_SECONDS)
        tryton = Tryton(system, f"http://127.0.0.1:{port}", password)
        try:
            tryton.login()
        except (CallError, urllib.error.URLError) as error:
            raise StartError(f"nobody can log in to {system}\n{server.tail()}") from error
        yield tryton


@contextlib.contextmanager
def hold_sale(installation: Installation, key: str, amount: Decimal) -> Iterator[Path]:
    """A sale in an open transaction; yields the file whose presence lets it commit.

    The block is entered once the sale is written, and left once the transaction has ended.
    """
    folder = installation.scratch / f"hold-{secrets.token_hex(4)}"
    folder.mkdir()
    command: Command = [installation.programs / "python", SEED, "hold", key, str(amount), folder]
    log = folder / "hold.log"
    with serve("held sale", command, log, installation.environment("erp")) as server:
        server.wait_until((folder / "written").exists, START_SECONDS)
        yield folder / "commit"
        (folder / "commit").touch()
        if server.process.wait(START_SECONDS):
            raise StartError(f"the held sale was lost\n{server.tail()}")
