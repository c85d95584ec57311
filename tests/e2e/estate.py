"""The estate as one thing: the systems run, hold the plan's documents, and can be looked at."""

import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.e2e.deals import Deal
from tests.e2e.plan import Estate, Message, Planted, plan_estate
from tests.e2e.postgresql import PostgreSQL, run_postgresql
from tests.e2e.processes import POLL_SECONDS, Command, scratch_folder
from tests.e2e.rabbitmq import USER, RabbitMQ, carry, run_rabbitmq
from tests.e2e.tryton import (
    MODULES,
    Installation,
    Tryton,
    install_tryton,
    prepare_databases,
    run_tryton,
)

LANDSCAPE = Path(__file__).parents[2] / "examples" / "tryton-rabbitmq" / "landscape.yaml"
PASSWORD = "e2e-password-of-the-administrator"
ONCE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Outcome:
    """What `tieout once --json` said.

    Attributes:
        status: exit status.
        document: the JSON document on stdout.
    """

    status: int
    document: Mapping[str, Any]

    @property
    def breaks(self) -> list[Planted]:
        """What stands, in the words of the ledger, sorted."""
        return sorted(
            Planted(each["transaction"], each["kind"], each["system"], each["field"])
            for each in self.document["breaks"]
        )

    @property
    def transitions(self) -> list[tuple[str, str]]:
        """What happened in this pass: kind and transaction, sorted."""
        steps = self.document["pass"]["transitions"]
        return sorted((step["kind"], step["transaction"]) for step in steps)

    @property
    def blind(self) -> set[str]:
        """Streams that could not be seen."""
        return set(self.document["blind"])


@dataclass(frozen=True, slots=True)
class RunningEstate:
    """Running systems with what was planted in them."""

    plan: Estate
    installation: Installation
    postgresql: PostgreSQL
    rabbitmq: RabbitMQ
    tryton: Mapping[str, Tryton]
    _servers: Mapping[str, contextlib.ExitStack] = field(repr=False)

    @contextlib.contextmanager
    def without(self, system: str) -> Iterator[None]:
        """Stop one Tryton as long as the block lasts; it comes back at the same address."""
        port = int(self.tryton[system].url.rpartition(":")[2])
        self._servers[system].close()
        try:
            yield
        finally:
            server = run_tryton(self.installation, system, PASSWORD, port)
            self.tryton[system].resume(self._servers[system].enter_context(server))

    def reprice(self, deal: Deal, amount: Decimal) -> Decimal:
        """Give the deal's quotation in the ERP another total; returns the one that it had."""
        return self.tryton["erp"].reprice(self._quotation(deal)["id"], amount)

    def touch(self, deal: Deal) -> datetime:
        """Write the deal's quotation without a change of content; returns its new stamp."""
        erp, sale = self.tryton["erp"], self._quotation(deal)["id"]
        erp.call("model.sale.sale.write", [sale], {"comment": "seen"})
        return self.stamp(deal)

    def stamp(self, deal: Deal) -> datetime:
        """When the ERP says that the deal's quotation was last written."""
        stamp: datetime = self._quotation(deal)["write_date"]
        return stamp

    def create_project(self, deal: Deal) -> int:
        """Make an open project of the deal in the PSA, as a replayed message would."""
        psa = self.tryton["psa"]
        (status,) = psa.read("project.work.status", [["name", "=", "Open"]], ["id"])
        project = {"name": deal.key, "type": "project", "company": 1, "status": status["id"]}
        (made,) = psa.call("model.project.work.create", [project])
        return int(made)

    def delete_project(self, project: int) -> None:
        """Delete a project in the PSA; no trace of it is left."""
        self.tryton["psa"].call("model.project.work.delete", [project])

    def replay_first_dead_letter(self) -> Message:
        """Take a dead letter out of its queue and let the message be consumed this time."""
        message = self.rabbitmq.replay()
        wait_until(lambda: self.rabbitmq.has_dead_letters(self.plan.dead_letters - 1))
        return next(each for each in self.plan.messages if each.message_id == message)

    def give_up(self, message: Message) -> None:
        """Publish a message again and reject it."""
        rejected = replace(message, end="rejected")
        carry(self.rabbitmq, [rejected], int(time.time()))
        wait_until(lambda: self.rabbitmq.has_dead_letters(self.plan.dead_letters))

    def _quotation(self, deal: Deal) -> Mapping[str, Any]:
        domain = [
            ["reference", "ilike", f"%DEAL_{deal.number:04}"],
            ["state", "=", "quotation"],
        ]
        (sale,) = self.tryton["erp"].read("sale.sale", domain, ["write_date"])
        return sale

    def once(self, store: str) -> Outcome:
        """Run `tieout once` on the example landscape with this store.

        Raises:
            AssertionError: it printed no JSON document.
        """
        return Outcome(*self.ask(store, "once", LANDSCAPE))

    def ask(self, store: str, *words: str | Path) -> tuple[int, Any]:
        """Run a command of tieout with this store and `--json`: its exit status and document.

        Raises:
            AssertionError: it printed no JSON document.
        """
        command: Command = [Path(sys.executable).parent / "tieout", *words, "--json"]
        done = subprocess.run(
            [str(part) for part in command],
            capture_output=True,
            text=True,
            env=self.environment(store),
            timeout=ONCE_SECONDS,
            check=False,
        )
        try:
            return done.returncode, json.loads(done.stdout)
        except json.JSONDecodeError:
            raise AssertionError(f"exit status {done.returncode}\n{done.stderr[-8000:]}") from None

    def environment(self, store: str) -> dict[str, str]:
        """What the example landscape reads from the environment."""
        systems = {
            f"{system.upper()}_{name}": value
            for system, tryton in self.tryton.items()
            for name, value in (
                ("URL", tryton.url),
                ("DATABASE", system),
                ("USER", "admin"),
                ("PASSWORD", tryton.password),
            )
        }
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "TIEOUT_STORE": store,
            "RABBITMQ_URL": self.rabbitmq.url,
            "RABBITMQ_USER": USER,
            "RABBITMQ_PASSWORD": self.rabbitmq.password,
            **systems,
        }


def wait_until(ready: Callable[[], bool], seconds: float = 30) -> None:
    """Poll until something holds.

    Raises:
        TimeoutError: it never did.
    """
    deadline = time.monotonic() + seconds
    while not ready():
        if time.monotonic() > deadline:
            raise TimeoutError(f"still not so after {seconds:.0f} s")
        time.sleep(POLL_SECONDS)


@contextlib.contextmanager
def running_estate() -> Iterator[RunningEstate]:
    """Start every system, load the plan, stop everything at the end."""
    now = datetime.now(UTC)
    plan = plan_estate(now.date())
    with contextlib.ExitStack() as stack:
        scratch = stack.enter_context(scratch_folder())
        programs = install_tryton()
        postgresql = stack.enter_context(run_postgresql(scratch))
        installation = Installation(programs, postgresql, scratch)
        prepare_databases(installation, plan.documents, PASSWORD)
        rabbitmq = stack.enter_context(run_rabbitmq(scratch))
        rabbitmq.declare()
        carry(rabbitmq, plan.messages, int(now.timestamp()))
        wait_until(lambda: rabbitmq.has_dead_letters(plan.dead_letters))
        servers = {system: stack.enter_context(contextlib.ExitStack()) for system in MODULES}
        tryton = {
            system: servers[system].enter_context(run_tryton(installation, system, PASSWORD))
            for system in MODULES
        }
        yield RunningEstate(plan, installation, postgresql, rabbitmq, tryton, servers)
