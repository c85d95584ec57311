"""After a change of one file, or of the landscape, the next look changes what it must."""

from pathlib import Path
from typing import Any

import pytest

from monitor.store.database import Database
from tests.landscapes.running import SmallEstate

HEAD = """\
version: 1
firm: {name: Small}
"""

SYSTEMS = """\
systems:
  crm:
    probe: files
    as_of: now
    settle: 0s
    streams:
      opportunity:
        entity: opportunity
        path: "${env:DATA}/opportunities.jsonl"
        id: id
        map: {amount: amount, owner: owner}
        defines: {deal: {from: number, normalise: [trim, squeeze, upper]}}
        deletes: {kind: sweep}
  erp:
    probe: files
    as_of: now
    settle: 0s
    streams:
      invoice:
        entity: invoice
        path: "${env:DATA}/invoices.csv"
        id: no
        map: {number: no, amount: amount, owner: owner}
        refers:
          deal:
            from: deals
            normalise: [trim, squeeze, upper]
            split: ";"
            strip_prefix: ["DEAL ", "SF-"]
            rewrite: [{pattern: "^(\\\\w+)/0*(\\\\d+)$", replace: "\\\\1-\\\\2"}]
        deletes: {kind: sweep}
"""

FLOW = """\
flows:
  sales:
    root: crm.opportunity
    key: deal
    rules:
      orphans: {check: orphan, stream: erp.invoice}
      twice: {check: duplicate, stream: erp.invoice, by: [number]}
"""

DEALS = [
    {"id": "1", "number": "opp-1", "amount": "100", "owner": "ada"},
    {"id": "2", "number": "OPP-2 ", "amount": "200", "owner": "bob"},
    {"id": "3", "number": "Opp-3", "amount": "300", "owner": "eve"},
]


def invoices(*lines: str) -> str:
    return "\n".join(["no,deals,amount,owner", *lines, ""])


@pytest.fixture
def firm(tmp_path: Path, database: Database) -> SmallEstate:
    """Three deals; one is billed in three invoices, two share one."""
    estate = SmallEstate(tmp_path, database, HEAD + SYSTEMS + FLOW)
    estate.write("opportunities", DEALS)
    estate.write_text(
        "invoices.csv",
        invoices(
            "A,opp/0001,30,ada", "B,deal opp-1,30,ada", "C, SF-OPP-1 ,40,ada", "M,OPP-2;opp-3,500,x"
        ),
    )
    return estate


def test_split_and_merged_billing_meet_their_deals_however_the_key_is_spelled(
    firm: SmallEstate,
) -> None:
    firm.look()
    assert firm.deals() == {"OPP-1": {"1", "A", "B", "C"}, "OPP-2": {"2", "M"}, "OPP-3": {"3", "M"}}
    assert firm.breaks() == set()


def test_nothing_is_looked_at_when_nothing_changed(firm: SmallEstate) -> None:
    firm.look()
    assert firm.look().looked_at == 0


def test_an_invoice_that_moves_touches_its_old_deal_and_its_new_one_alone(
    firm: SmallEstate,
) -> None:
    firm.look()
    firm.write_text(
        "invoices.csv",
        invoices("A,OPP-1,30,ada", "B,OPP-3,30,ada", "C,OPP-1,40,ada", "M,OPP-2;OPP-3,500,x"),
    )
    done = firm.look()
    assert done.looked_at == 3  # the merged invoice ties the new deal to a third
    assert firm.deals() == {
        "OPP-1": {"1", "A", "C"}, "OPP-2": {"2", "M"}, "OPP-3": {"3", "B", "M"},
    }  # fmt: skip
    assert firm.breaks() == set()


def test_a_merged_invoice_taken_apart_leaves_one_deal(firm: SmallEstate) -> None:
    firm.look()
    firm.write_text("invoices.csv", invoices("A,OPP-1,100,ada", "M,OPP-2,200,x"))
    firm.look()
    assert firm.deals() == {"OPP-1": {"1", "A"}, "OPP-2": {"2", "M"}, "OPP-3": {"3"}}


def test_a_copy_that_is_no_root_is_a_duplicate_of_its_deal_until_it_is_gone(
    tmp_path: Path, database: Database
) -> None:
    by_amount = FLOW.replace("by: [number]", "by: [amount, owner]")
    firm = SmallEstate(tmp_path, database, HEAD + SYSTEMS + by_amount)
    firm.write("opportunities", DEALS)
    once = ("A,OPP-1,100,ada", "B,OPP-2,100,ada")
    firm.write_text("invoices.csv", invoices(*once))
    firm.look()
    assert firm.breaks() == set()
    firm.write_text("invoices.csv", invoices(*once, "A2,OPP-1,100.00,ada"))
    firm.look()
    assert firm.breaks() == {("OPP-1", "duplicate", "")}
    firm.write_text("invoices.csv", invoices(*once))
    firm.look()
    assert firm.breaks() == set()


def test_an_invoice_of_no_deal_is_an_orphan_until_the_deal_comes(firm: SmallEstate) -> None:
    firm.write_text("invoices.csv", invoices("Z,OPP-9,10,x"))
    firm.look()
    assert firm.breaks() == {("OPP-9", "orphan", "")}
    firm.write("opportunities", [*DEALS, {"id": "9", "number": "opp-9", "amount": "10"}])
    firm.look()
    assert firm.breaks() == set()
    assert firm.deals()["OPP-9"] == {"9", "Z"}


ADDED_FIELD = (
    "entities:\n  opportunity: {fields: {tier: text}}\n  invoice: {fields: {tier: text}}\n"
)
ADDED_RULE = """\
      tier:
        check: mismatch
        left: crm.opportunity
        right: erp.invoice
        fields: {tier: {equivalent: {gold: [premium]}}}
"""


def test_a_field_added_in_the_landscape_is_read_and_compared_from_the_next_look_on(
    tmp_path: Path, database: Database
) -> None:
    firm = SmallEstate(tmp_path, database, HEAD + SYSTEMS + FLOW)
    tiers: list[dict[str, Any]] = [
        {**deal, "tier": tier} for deal, tier in zip(DEALS, ("gold", "gold", "silver"), strict=True)
    ]
    firm.write("opportunities", tiers)
    lines = ("A,OPP-1,1,x,Premium", "B,OPP-2,1,x,silver", "C,OPP-3,1,x,silver")
    firm.write_text("invoices.csv", "\n".join(["no,deals,amount,owner,tier", *lines, ""]))
    firm.look()
    assert firm.breaks() == set()
    mapped = SYSTEMS.replace("owner: owner}", "owner: owner, tier: tier}")
    firm.configure(HEAD + ADDED_FIELD + mapped + FLOW + ADDED_RULE)
    firm.look()
    assert firm.breaks() == {("OPP-2", "mismatch", "tier")}
    firm.configure(HEAD + SYSTEMS + FLOW)
    firm.look()
    assert firm.breaks() == set()
