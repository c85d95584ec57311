"""The whole way of a deal: each fault is found where it was planted, and gone once mended."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from monitor.core.circumstances import HopState
from monitor.reports.deal import trace_deal
from monitor.store.breaks import standing_breaks
from monitor.store.database import Database
from tests.landscapes.running import SmallEstate

EXAMPLE = Path(__file__).parents[2] / "examples" / "sales-to-cash" / "landscape.yaml"
LANDSCAPE = EXAMPLE.read_text(encoding="utf-8")

Row = dict[str, Any]
Deal = dict[str, list[Row]]


def healthy(deal: str) -> Deal:
    """Every record of a deal with two milestones, one of them billed, and one change order."""
    euro = {"currency": "EUR"}
    return {
        "opportunities": [
            {"id": deal, "stage": "won", "amount": "1000.00", "closed": "2026-01-05T09:00:00Z",
             "region": "EMEA", "line": "Advisory", **euro}
        ],
        "quotes": [
            {"id": f"Q-{deal}-1", "deal": deal, "status": "superseded", "accepted": None},
            {"id": f"Q-{deal}", "deal": deal, "status": "accepted",
             "accepted": "2026-01-05T15:00:00Z"},
        ],
        "contracts": [
            {"id": f"C-{deal}", "quote": f"Q-{deal}", "status": "signed", "terms": "net 30",
             "signed": "2026-01-08T10:00:00Z", "revision": 2}
        ],
        "roles": [
            {"id": f"R1-{deal}", "contract": f"C-{deal}", "role": "Architect"},
            {"id": f"R2-{deal}", "contract": f"C-{deal}", "role": "Developer"},
        ],
        "versions": [
            {"id": f"V-{deal}", "contract": f"C-{deal}", "order": f"CO-{deal}", "revision": 2,
             "created": "2026-02-04T09:00:00Z"}
        ],
        "projects": [
            {"id": f"P-{deal}", "contract": f"C-{deal}", "status": "active", "budget": "1200.00",
             "created": "2026-01-08T11:00:00Z", "starts": "2026-01-12", "closed": None,
             "contract_revision": 2, **euro}
        ],
        "assignments": [
            {"id": f"A-{deal}", "project": f"P-{deal}", "role": "architect",
             "created": "2026-01-09T09:00:00Z"}
        ],
        "timecards": [
            {"id": f"T-{deal}", "project": f"P-{deal}", "day": "2026-01-20", "hours": "8",
             "rate": "90.50", **euro}
        ],
        "erp_projects": [
            {"id": f"E-{deal}", "project": f"P-{deal}", "created": "2026-01-08T12:00:00Z",
             "status": "open", "entity": "DE01", "tax": "V1", "code": "ADV", "centre": "CC-1"}
        ],
        "schedules": [
            {"id": f"L1-{deal}", "project": f"E-{deal}", "amount": "700.00",
             "created": "2026-01-08T13:00:00Z", **euro},
            {"id": f"L2-{deal}", "project": f"E-{deal}", "amount": "500.00",
             "created": "2026-01-08T13:00:00Z", **euro},
        ],
        "milestones": [
            {"id": f"M1-{deal}", "project": f"P-{deal}", "line": f"L1-{deal}", "amount": "700.00",
             "status": "complete", "created": "2026-01-08T14:00:00Z",
             "completed": "2026-02-02T09:00:00Z", **euro},
            {"id": f"M2-{deal}", "project": f"P-{deal}", "line": f"L2-{deal}", "amount": "500.00",
             "status": "planned", "created": "2026-01-08T14:00:00Z", "completed": None, **euro},
        ],
        "invoices": [
            {"id": f"I-{deal}", "milestone": f"M1-{deal}", "status": "posted", "amount": "700.00",
             "created": "2026-02-03T09:00:00Z", **euro}
        ],
        "crm_orders": [
            {"id": f"O-{deal}", "deal": deal, "number": f"CO-{deal}", "status": "approved",
             "amount": "200.00", "approved": "2026-02-02T09:00:00Z", "revision": 1, **euro}
        ],
        "psa_orders": [
            {"id": f"PO-{deal}", "project": f"P-{deal}", "number": f"CO-{deal}", "revision": 1,
             "created": "2026-02-02T12:00:00Z"}
        ],
        "erp_orders": [
            {"id": f"EO-{deal}", "project": f"E-{deal}", "number": f"CO-{deal}", "revision": 1,
             "created": "2026-02-03T09:00:00Z"}
        ],
        "messages": [
            {"id": f"X-{deal}", "deal": deal, "flow": "project-to-erp", "status": "delivered",
             "attempts": 1, "key": f"K-{deal}", "updated": "2026-01-08T12:00:00Z"}
        ],
    }  # fmt: skip


def change(table: str, **values: Any) -> Callable[[Deal], None]:
    """The last row of a table says something else."""

    def plant(deal: Deal) -> None:
        deal[table][-1].update(values)

    return plant


def lose(*tables: str) -> Callable[[Deal], None]:
    """The rows of some tables are gone."""

    def plant(deal: Deal) -> None:
        for table in tables:
            deal[table] = []

    return plant


def copy(table: str) -> Callable[[Deal], None]:
    """The last row of a table is there again under another id."""

    def plant(deal: Deal) -> None:
        deal[table].append({**deal[table][-1], "id": deal[table][-1]["id"] + "-again"})

    return plant


Fault = tuple[Callable[[Deal], None], set[tuple[str, str, str]]]

FAULTS: Mapping[str, Fault] = {
    "QUOTE-DRAFT": (
        change("quotes", status="draft", accepted=None),
        {("missing", "cpq.quote", "")},
    ),
    "UNSIGNED": (
        change("contracts", status="draft", signed=None),
        {
            ("missing", "contracts.contract", ""),
            ("leakage", "psa.project", ""),
            ("leakage", "psa.timecard", ""),
        },
    ),
    "NO-TEAM": (lose("assignments"), {("missing", "psa.assignment", "")}),
    "NO-ERP": (
        lose("erp_projects", "schedules", "milestones", "invoices", "erp_orders", "versions"),
        {
            ("missing", "erp.project", ""),
            ("missing", "erp.change_order", ""),
            ("undelivered", "middleware.message", ""),
        },
    ),
    "NO-SCHEDULE": (
        lose("schedules", "milestones", "invoices"),
        {("missing", "erp.billing_schedule", "")},
    ),
    "NO-MILESTONES": (lose("milestones", "invoices"), {("missing", "psa.milestone", "")}),
    "NO-INVOICE": (
        lose("invoices"),
        {("missing", "erp.invoice", ""), ("leakage", "psa.milestone", "")},
    ),
    "DRAFT-INVOICE": (change("invoices", status="draft"), {("leakage", "psa.milestone", "")}),
    "ORDER-LOST": (
        lose("psa_orders", "erp_orders", "versions"),
        {("missing", "psa.change_order", "")},
    ),
    "ORDER-STOPPED": (lose("erp_orders", "versions"), {("missing", "erp.change_order", "")}),
    "NOT-AMENDED": (lose("versions"), {("missing", "contracts.version", "")}),
    "BEHIND": (
        change("crm_orders", revision=2),
        {("lineage", "psa.change_order", "revision"), ("lineage", "erp.change_order", "revision")},
    ),
    "AHEAD": (change("erp_orders", revision=3), {("lineage", "erp.change_order", "revision")}),
    "TWICE": (copy("erp_orders"), {("lineage", "erp.change_order", "")}),
    "OLD-CONTRACT": (
        change("projects", contract_revision=1),
        {("lineage", "psa.project", "contract_revision")},
    ),
    "BUDGET-TWICE": (change("projects", budget="1400.00"), {("lineage", "psa.project", "amount")}),
    "BUDGET-WITHOUT": (
        change("projects", budget="1000.00"),
        {("lineage", "psa.project", "amount")},
    ),
    "WRONG-ENTITY": (
        change("erp_projects", entity="GB01", tax="V9"),
        {("policy", "erp.project", "legal_entity"), ("policy", "erp.project", "tax_code")},
    ),
    "OTHER-TERMS": (
        change("contracts", terms="Prepaid"),
        {("policy", "erp.project", "tax_code"), ("policy", "erp.project", "project_code")},
    ),
    "UNCOVERED": (change("opportunities", region="APAC"), {("policy", "erp.project", "")}),
    "UNFILLED": (change("erp_projects", centre=" "), {("policy", "erp.project", "cost_centre")}),
    "CLOSED": (
        change("projects", closed="2026-01-15T17:00:00Z"),
        {("leakage", "psa.timecard", "")},
    ),
    "UNSOLD-ROLE": (change("assignments", role="Tester"), {("leakage", "psa.assignment", "")}),
    "RETRIED": (change("messages", attempts=4), {("retried", "middleware.message", "attempts")}),
    "REPLAYED": (copy("messages"), {("replayed", "middleware.message", "")}),
}
"""By deal: what is planted in it, and every break that has to stand then."""


def write(firm: SmallEstate, deals: list[Deal]) -> None:
    tables = defaultdict[str, list[Row]](list)
    for deal in deals:
        for table, rows in deal.items():
            tables[table] += rows
    for table, rows in tables.items():
        firm.write(table, rows)


def standing(firm: SmallEstate) -> set[tuple[str, str, str, str]]:
    """Deal, kind, stream and field of every break that stands."""
    with firm.runtime.database.read() as connection:
        found = [each.finding for each in standing_breaks(connection)]
    return {
        (each.transaction, each.kind.value, f"{each.system}.{each.stream}", each.field)
        for each in found
    }


def test_a_quote_that_nobody_accepted_yet_is_awaited_on_the_deals_way(
    tmp_path: Path, database: Database
) -> None:
    firm = SmallEstate(tmp_path, database, LANDSCAPE)
    whole = healthy("D")
    (won,) = whole["opportunities"]
    draft: Row = {"id": "Q", "deal": "D", "status": "draft", "accepted": None}
    nothing: Deal = {table: [] for table in whole}
    write(firm, [{**nothing, "opportunities": [{**won, "closed": "2026-03-02T07:00:00Z"}]}])

    def way_to_quote() -> HopState:
        firm.look()
        assert firm._estate is not None
        (trace,) = trace_deal(firm._estate, database, "D", firm.clock())
        return next(hop.state for hop in trace.hops if hop.name == "quote-accepted")

    firm.write("quotes", [draft])
    assert way_to_quote() is HopState.AWAITED
    accepted = "2026-03-02T07:30:00Z"
    firm.write("quotes", [{**draft, "status": "Accepted", "accepted": accepted}])
    assert way_to_quote() is HopState.DONE


def test_a_time_that_runs_out_is_found_although_nothing_changed(
    tmp_path: Path, database: Database
) -> None:
    firm = SmallEstate(tmp_path, database, LANDSCAPE)
    deal = healthy("D")
    change("milestones", status="complete", completed="2026-03-02T07:00:00Z")(deal)
    write(firm, [deal])
    firm.look()
    assert standing(firm) == set()
    firm.clock.advance(timedelta(days=5))
    firm.look()
    assert standing(firm) == {("D", "missing", "erp.invoice", "")}
    firm.clock.advance(timedelta(days=5))
    firm.look()
    assert standing(firm) == {
        ("D", "missing", "erp.invoice", ""),
        ("D", "leakage", "psa.milestone", ""),
    }


def test_what_cannot_be_read_is_neither_unbilled_nor_undelivered(
    tmp_path: Path, database: Database
) -> None:
    firm = SmallEstate(tmp_path, database, LANDSCAPE)
    write(firm, [healthy("D")])
    firm.look()
    deal = healthy("D")
    change("milestones", status="complete", completed="2026-02-02T09:00:00Z")(deal)
    deal["messages"].append({**deal["messages"][0], "id": "X2", "key": "K2"})
    lose("erp_projects")(deal)
    write(firm, [deal])
    for table in ("invoices", "erp_projects"):
        (tmp_path / f"{table}.jsonl").unlink()
    firm.look()
    assert standing(firm) == set()

    write(firm, [deal])
    firm.look()
    assert ("D", "leakage", "psa.milestone", "") in standing(firm)


def test_each_planted_fault_is_found_alone_and_gone_once_mended(
    tmp_path: Path, database: Database
) -> None:
    firm = SmallEstate(tmp_path, database, LANDSCAPE)
    deals = {name: healthy(name) for name in [*FAULTS, "HEALTHY"]}
    write(firm, list(deals.values()))
    firm.look()
    assert standing(firm) == set()

    for name, (plant, _) in FAULTS.items():
        plant(deals[name])
    deals["HEALTHY"]["timecards"].append(
        {"id": "T-LOST", "project": "P-NOWHERE", "day": "2026-01-20", "hours": "2", "rate": "50"}
    )
    write(firm, list(deals.values()))
    firm.look()
    nowhere = {("project:P-NOWHERE", "leakage", "psa.timecard", "")}
    planted = {(name, *each) for name, (_, breaks) in FAULTS.items() for each in breaks}
    assert standing(firm) == planted | nowhere

    write(firm, [healthy(name) for name in deals])
    firm.look()
    assert standing(firm) == set()
