"""The example landscape with what may be corrected, and people who correct it from a shell."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
from ruamel.yaml import YAML

from tests.e2e.estate import LANDSCAPE, RunningEstate, wait_until
from tests.e2e.plan import Message
from tests.e2e.rabbitmq import DEAD_LETTER_QUEUE, WORK_QUEUE
from tests.e2e.tryton import Tryton

FLOW = "sales-to-cash"
IN_ORDER = 0


def correcting_landscape(folder: Path) -> Path:
    """The example landscape with writers, policies and approvers, in a file.

    What is written goes by the accounts that read: the estate has no others.
    """
    yaml = YAML()
    landscape = yaml.load(LANDSCAPE)
    systems, flow = landscape["systems"], landscape["flows"][FLOW]
    for name, system in systems.items():
        credentials = {
            each: f"${{env:{name.upper()}_{each.upper()}}}" for each in ("user", "password")
        }
        system["write"] = dict(credentials, context={"company": 1})
    systems["middleware"]["write"] = {
        "user": "${env:RABBITMQ_USER}",
        "password": "${env:RABBITMQ_PASSWORD}",
    }
    systems["crm"]["streams"]["opportunity"]["write"] = {
        "fields": {"amount": "amount"},
        "update": {},
    }
    systems["psa"]["streams"]["project"]["write"] = {
        "fields": {"status": "status"},
        "relations": {"status": {"model": "project.work.status", "by": "name"}},
        "keys": {"project_name": "name"},
        "create": {"constants": {"type": "project", "company": 1}},
        "update": {},
    }
    # The deal's key is a part of the name; only the whole name can be asked for.
    systems["psa"]["streams"]["project"]["defines"] = {"project_name": "name"}
    invoice = systems["erp"]["streams"]["invoice"]
    invoice["map"]["billing"] = "state"
    invoice["write"] = {"buttons": {"billing": {"posted": "post"}}}
    under_way = {"from": "state", "values": {"processing": "posted"}}
    systems["erp"]["streams"]["sale"]["map"]["billing"] = under_way
    for entity in ("order", "invoice"):
        fields = landscape["entities"].setdefault(entity, {"fields": {}})["fields"]
        fields["billing"] = "text"
    letter = systems["middleware"]["streams"]["dead_letter"]
    letter["refers"]["project_name"] = "correlation_id"
    letter["write"] = {"replay": {}}
    rules = flow["rules"]
    rules["amounts-agree"]["of_record"] = "right"
    rules["amounts-agree"]["where"]["left"]["status"] = ["converted", "lead"]
    rules["one-project-a-deal"]["where"] = {"status": "open"}
    rules["invoices-are-posted"] = {
        "check": "mismatch",
        "left": "erp.sale",
        "right": "erp.invoice",
        "match": "order",
        "where": {"left": {"status": "processing"}},
        "fields": {"billing": {}},
        "of_record": "left",
    }
    flow["corrections"] = {
        "won-to-project": {
            "mode": "propose",
            "fix": "create",
            "set": {"status": "Open"},
            "keys": {"project_name": "deal"},
        },
        "amounts-agree": {"mode": "propose"},
        "one-project-a-deal": {"mode": "propose", "fix": "close", "set": {"status": "Cancelled"}},
        "invoices-are-posted": {"mode": "propose"},
        "no-dead-letters": {"mode": "propose", "fix": "replay", "effect": "psa.project"},
    }
    landscape["corrections"] = {"approvers": {"ann": {}}, "patience": "10m"}
    path = folder / "landscape.yaml"
    with path.open("w", encoding="utf-8") as file:
        yaml.dump(landscape, file)
    return path


@dataclass(frozen=True, slots=True)
class Desk:
    """Rita asks, Ann approves, Olga applies: each by the command line, over one store."""

    estate: RunningEstate
    store: str
    landscape: Path

    def ask(self, *words: str | Path) -> tuple[int, Any]:
        """Exit status and document of a command."""
        return self.estate.ask(self.store, *words)

    def look(self) -> None:
        """One pass over all systems."""
        self.ask("once", self.landscape)

    def breaks_of(self, deal: str, rule: str) -> list[str]:
        """Identifiers of the breaks that stand."""
        _, standing = self.ask("breaks", "--landscape", self.landscape)
        return [
            each["id"] for each in standing if (each["transaction"], each["rule"]) == (deal, rule)
        ]

    def plan(self, deal: str, rule: str) -> Any:
        """What a dry run for the one break says."""
        (name,) = self.breaks_of(deal, rule)
        return self.ask("plan", self.landscape, name, "--flow", FLOW)[1]

    def approve(self, deal: str, rule: str) -> str:
        """The hash of a plan for the one break, proposed and approved."""
        (name,) = self.breaks_of(deal, rule)
        asked = ("--flow", FLOW, "--propose", "--as", "rita")
        status, plan = self.ask("plan", self.landscape, name, *asked)
        assert (status, plan["state"]) == (IN_ORDER, "proposed"), plan
        said = ("--landscape", self.landscape, "--as", "ann", "--reason", "as agreed")
        status, answer = self.ask("approve", plan["hash"], *said)
        assert (status, answer["state"]) == (IN_ORDER, "approved"), answer
        return str(plan["hash"])

    def apply(self, plan: str) -> Any:
        """What became of the plan's corrections."""
        said = ("--landscape", self.landscape, "--write", "--as", "olga")
        return self.ask("apply", plan, *said)[1]

    def states(self, plan: str) -> list[str]:
        """Where the plan's corrections are."""
        _, listed = self.ask("corrections", "--landscape", self.landscape)
        return [each["state"] for each in listed if each["plan"] == plan]

    def correct(self, deal: str, rule: str) -> list[str]:
        """Plan, approve and apply; where the corrections are then."""
        done = self.apply(self.approve(deal, rule))
        assert done["refusals"] == []
        return [each["state"] for each in done["corrections"]]


@contextmanager
def nothing_can_be_booked(estate: RunningEstate) -> Iterator[None]:
    """Hold back every booking in the ERP, as a long transaction does; reading goes on."""
    with psycopg.connect(estate.postgresql.url("erp")) as connection:
        connection.execute("LOCK TABLE account_move IN EXCLUSIVE MODE")
        yield
        connection.rollback()


MISPRICED = "DEAL-0900"
"""A lead whose price in the CRM is not that of its quotation in the ERP."""


@contextmanager
def mispriced(
    estate: RunningEstate, lead: Decimal, quoted: Decimal
) -> Iterator[Callable[[], Decimal]]:
    """A lead in the CRM and its quotation in the ERP; both are gone after the block.

    Yields:
        Reads the lead's amount.
    """
    crm, erp = estate.tryton["crm"], estate.tryton["erp"]
    started = {"__class__": "date", "year": 2026, "month": 1, "day": 5}
    values = {**_customer(crm), "reference": MISPRICED, "description": "Mispriced"}
    (employee,) = crm.read("company.employee", [], ["id"])
    values |= {"employee": employee["id"], "amount": lead, "start_date": started}
    (opportunity,) = crm.call("model.sale.opportunity.create", [values])
    line = {"type": "line", "description": "Work", "quantity": 1.0, "unit_price": quoted}
    customer = _customer(erp)
    address = customer.pop("address")
    order = {**customer, "invoice_address": address, "shipment_address": address}
    order |= {"reference": MISPRICED, "sale_date": started, "lines": [["create", [line]]]}
    (sale,) = erp.call("model.sale.sale.create", [order])
    erp.call("model.sale.sale.quote", [sale])

    def amount() -> Decimal:
        (row,) = crm.read("sale.opportunity", [["id", "=", opportunity]], ["amount"])
        read: Decimal = row["amount"]
        return read

    try:
        yield amount
    finally:
        for step in ("cancel", "delete"):
            crm.call(f"model.sale.opportunity.{step}", [opportunity])
        for step in ("draft", "cancel", "delete"):
            erp.call(f"model.sale.sale.{step}", [sale])


def _customer(tryton: Tryton) -> dict[str, Any]:
    """Some customer with its address, and the currency that it pays in."""
    party = tryton.read("party.party", [["addresses", "!=", None]], ["addresses"])[-1]
    (euro,) = tryton.read("currency.currency", [["code", "=", "EUR"]], ["id"])
    return {"party": party["id"], "address": party["addresses"][0], "currency": euro["id"]}


def edit_lead(estate: RunningEstate, amount: Decimal) -> None:
    """Somebody types another amount into the lead."""
    crm = estate.tryton["crm"]
    (row,) = crm.read("sale.opportunity", [["reference", "=", MISPRICED]], ["id"])
    crm.call("model.sale.opportunity.write", [row["id"]], {"amount": amount})


def let_projects_be_cancelled(estate: RunningEstate) -> None:
    """The PSA knows only open and done projects until somebody adds a status."""
    psa = estate.tryton["psa"]
    if not psa.read("project.work.status", [["name", "=", "Cancelled"]], ["id"]):
        status = {"name": "Cancelled", "types": ["project", "task"]}
        psa.call("model.project.work.status.create", [status])


def strand(estate: RunningEstate, message: Message) -> None:
    """Publish a message and reject it: one dead letter more."""
    estate.rabbitmq.publish(message, 1_790_000_000)
    estate.rabbitmq.take(WORK_QUEUE, 1, "reject_requeue_false")
    wait_until(lambda: estate.rabbitmq.has_dead_letters(estate.plan.dead_letters + 1))


def take_away(estate: RunningEstate, message: Message) -> None:
    """Let a dead letter be gone, and the others as they were, where and why they died included."""
    for each in estate.rabbitmq.take(DEAD_LETTER_QUEUE, 100, "ack_requeue_false"):
        if each["properties"]["message_id"] != message.message_id:
            estate.rabbitmq.put(DEAD_LETTER_QUEUE, each)
