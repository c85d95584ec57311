"""Fills Tryton databases. Runs under Tryton's own interpreter and imports nothing of ours.

    seed_estate.py prepare SYSTEM          company, currencies, chart of accounts (kept as a dump)
    seed_estate.py load SYSTEM PLAN.json   the documents of this run
    seed_estate.py hold KEY AMOUNT FOLDER  a sale in a transaction that stays open until told

The database is the one that TRYTOND_DATABASE_URI names. `hold` writes the file `written` once
its sale is in the transaction, and commits when it finds the file `commit`.
"""

import argparse
import datetime as dt
import json
import time
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

# Tryton is installed for the interpreter that runs this script, not for the one that checks it.
from proteus import Model  # type: ignore[import-not-found]
from proteus import config as proteus_config
from trytond.modules.company.tests.tools import create_company  # type: ignore[import-not-found]
from trytond.modules.currency.tests.tools import get_currency  # type: ignore[import-not-found]
from trytond.pool import Pool  # type: ignore[import-not-found]
from trytond.transaction import Transaction, TransactionError  # type: ignore[import-not-found]

HOLD_SECONDS = 120
HOLD_POLL_SECONDS = 0.05
ORDER_PREFIX = "SO-"

Row = Mapping[str, Any]
Named = Mapping[str, Any]
"""Records of Tryton by name or code."""


# --- prepare: what every database needs once -------------------------------------------------


def prepare(config: Any, system: str) -> None:
    """Company, currencies and, in the ERP, the minimal chart of accounts."""
    get_currency("USD")
    create_company(currency=get_currency("EUR"))
    (company,) = Model.get("company.company").find()
    # Without a company of their own, later sessions are outside the rules on company records.
    user = Model.get("res.user")(config.user)
    user.company = company
    user.save()
    if system == "crm":
        party = Model.get("party.party")(name="Sales desk")
        party.save()
        Model.get("company.employee")(party=party, company=company).save()
    if system == "erp":
        prepare_accounts()


def prepare_accounts() -> None:
    """Chart of accounts, and sales numbered SO-1, SO-2."""
    from trytond.modules.account.tests.tools import (  # type: ignore[import-not-found]
        create_chart,
    )

    create_chart()
    (sequence,) = Model.get("ir.sequence").find([("name", "=", "Sale")])
    sequence.prefix = ORDER_PREFIX
    sequence.save()


def open_fiscal_year(today: dt.date) -> None:
    """Made at loading, not before: a dump may be older than the year."""
    from trytond.modules.account.tests.tools import create_fiscalyear
    from trytond.modules.account_invoice.tests.tools import (  # type: ignore[import-not-found]
        set_fiscalyear_invoice_sequences,
    )

    year = set_fiscalyear_invoice_sequences(create_fiscalyear(today=today))
    year.click("create_period")


# --- load: the documents of the plan ---------------------------------------------------------


def in_transaction(config: Any, work: Callable[[], None]) -> None:
    """Do the work as the administrator of the only company, once more where Tryton asks for it.

    Tryton says only in the middle of the work which rows it wants locked from the beginning.
    """
    extras: dict[str, Any] = {}
    while True:
        with Transaction().start(config.database_name, config.user, **extras) as transaction:
            (company,) = model("company.company").search([])
            try:
                with transaction.set_context(company=company.id, _skip_warnings=True):
                    work()
            except TransactionError as error:
                transaction.rollback()
                error.fix(extras)
                continue
            transaction.commit()
            return


def model(name: str) -> Any:
    """A model of the database at hand."""
    return Pool().get(name)


def create_customers(names: Iterable[str]) -> Named:
    """Parties with one address each, by name."""
    address = ("create", [{"street": "1 High Street"}])
    parties = model("party.party").create(
        [{"name": name, "addresses": [address]} for name in names]
    )
    return {party.name: party for party in parties}


def currencies_by_code() -> Named:
    """The two currencies of the estate."""
    return {currency.code: currency for currency in model("currency.currency").search([])}


def load_crm(plan: Row) -> None:
    """Opportunities in the state that the plan says; the CRM makes no sales of its own."""
    (employee,) = model("company.employee").search([])
    customers, currencies = create_customers(plan["customers"]), currencies_by_code()
    model("sale.opportunity").create(
        [
            {
                "reference": row["reference"],
                "description": row["description"],
                "party": customers[row["customer"]].id,
                "address": customers[row["customer"]].addresses[0].id,
                "employee": employee.id,
                "currency": currencies[row["currency"]].id,
                "amount": Decimal(row["amount"]),
                "start_date": dt.date.fromisoformat(row["start_date"]),
                "end_date": dt.date.fromisoformat(row["end_date"]),
                "state": row["state"],
            }
            for row in plan["opportunities"]
        ]
    )


def load_psa(plan: Row) -> None:
    """Projects with tasks of the same key below them."""
    statuses = {status.name: status for status in model("project.work.status").search([])}
    customers = create_customers(plan["customers"])
    company = Transaction().context["company"]

    def work(row: Row, kind: str, name: str) -> dict[str, Any]:
        return {
            "name": name,
            "type": kind,
            "company": company,
            "status": statuses[row["status"]].id,
            "progress": 1.0 if row["status"] == "Done" else None,
        }

    model("project.work").create(
        [
            {
                **work(row, "project", row["name"]),
                "party": customers[row["customer"]].id,
                "children": [
                    ("create", [work(row, "task", f"{row['name']}: {t}") for t in row["tasks"]])
                ],
            }
            for row in plan["projects"]
        ]
    )


def sale_values(row: Row, customers: Named, currencies: Named) -> dict[str, Any]:
    """A draft sale with its lines."""
    party = customers[row["customer"]]
    return {
        "reference": row["reference"],
        "party": party.id,
        "invoice_address": party.addresses[0].id,
        "shipment_address": party.addresses[0].id,
        "currency": currencies[row["currency"]].id,
        "sale_date": dt.date.fromisoformat(row["sale_date"]),
        "invoice_method": "manual" if row["invoice"] == "none" else "order",
        "lines": [("create", [line_values(line) for line in row["lines"]])],
    }


def line_values(line: Row) -> dict[str, Any]:
    """A line without a product. Quantities are floats in Tryton; ours are whole halves."""
    return {
        "type": "line",
        "description": line["description"],
        "quantity": float(line["quantity"]),
        "unit_price": Decimal(line["unit_price"]),
    }


def load_erp(plan: Row) -> None:
    """Sales through their own workflow: the ERP makes and posts the invoices itself."""
    sale, invoice = model("sale.sale"), model("account.invoice")
    customers, currencies = create_customers(plan["customers"]), currencies_by_code()
    rows = plan["sales"]
    sales = sale.create([sale_values(row, customers, currencies) for row in rows])

    def chosen(field: str, value: str) -> Any:
        return sale.browse([s for s, row in zip(sales, rows, strict=True) if row[field] == value])

    sale.quote(sales)
    sale.cancel(chosen("status", "cancelled"))
    sale.confirm(chosen("status", "processing"))
    sale.process(chosen("status", "processing"))
    invoice.post([each for sold in chosen("invoice", "posted") for each in sold.invoices])
    create_invoices(plan["invoices"], customers, currencies)


def create_invoices(rows: Iterable[Row], customers: Named, currencies: Named) -> None:
    """Draft invoices that no sale asked for."""
    company = Transaction().context["company"]
    configuration = model("account.configuration")(1)
    revenue = configuration.get_multivalue("default_category_account_revenue", company=company)
    for row in rows:
        party = customers[row["customer"]]
        invoice = model("account.invoice")(
            type="out",
            company=company,
            reference=row["reference"],
            party=party,
            invoice_address=party.addresses[0],
            currency=currencies[row["currency"]],
            account=party.account_receivable_used,
        )
        invoice.set_journal()
        invoice.save()
        lines = [{**line_values(line), "account": revenue} for line in row["lines"]]
        model("account.invoice").write([invoice], {"lines": [("create", lines)]})


# --- hold: a transaction that commits late ---------------------------------------------------


def hold(key: str, amount: str, folder: Path) -> None:
    """A quotation stamped with the start of its transaction, visible only much later."""
    sale = model("sale.sale")
    (party,) = model("party.party").search([("addresses", "!=", None)], limit=1)
    row = {
        "reference": key,
        "customer": party.name,
        "currency": "EUR",
        "sale_date": dt.datetime.now(dt.UTC).date().isoformat(),
        "invoice": "none",
        "lines": [{"description": "Late", "quantity": "1", "unit_price": amount}],
    }
    sale.quote(sale.create([sale_values(row, {party.name: party}, currencies_by_code())]))
    (folder / "written").touch()
    deadline = time.monotonic() + HOLD_SECONDS
    while not (folder / "commit").exists():
        if time.monotonic() > deadline:
            raise SystemExit("nobody said commit")
        time.sleep(HOLD_POLL_SECONDS)


LOADERS: Mapping[str, Callable[[Row], None]] = {"crm": load_crm, "psa": load_psa, "erp": load_erp}


def read_arguments() -> argparse.Namespace:
    """The command line, as the module's text says."""
    parser = argparse.ArgumentParser(description="Fills Tryton databases.")
    actions = parser.add_subparsers(dest="action", required=True)
    preparing = actions.add_parser("prepare")
    preparing.add_argument("system", choices=LOADERS)
    loading = actions.add_parser("load")
    loading.add_argument("system", choices=LOADERS)
    loading.add_argument("plan", type=Path)
    holding = actions.add_parser("hold")
    holding.add_argument("key")
    holding.add_argument("amount")
    holding.add_argument("folder", type=Path)
    return parser.parse_args()


def main() -> None:
    """Do one of the three."""
    arguments = read_arguments()
    config = proteus_config.set_trytond()
    match arguments.action:
        case "prepare":
            prepare(config, arguments.system)
        case "load":
            plan = json.loads(arguments.plan.read_text())
            if arguments.system == "erp":
                open_fiscal_year(dt.datetime.now(dt.UTC).date())
            in_transaction(config, lambda: LOADERS[arguments.system](plan))
        case "hold":
            in_transaction(config, lambda: hold(arguments.key, arguments.amount, arguments.folder))


if __name__ == "__main__":
    main()
