"""Which records belong to which deal, as landscapes in YAML say it."""

from pathlib import Path

from monitor.store.database import Database
from tests.landscapes.running import SmallEstate

CHAIN = """
    version: 1
    firm: {name: Small}
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
            map: {status: stage, amount: amount, currency: currency}
            defines: {deal: {from: number, strip_prefix: ["CRM-"], rewrite: [{pattern: "^0+"}]}}
            deletes: {kind: sweep}
      contracts:
        probe: files
        as_of: now
        settle: 0s
        streams:
          contract:
            entity: contract
            path: "${env:DATA}/contracts.jsonl"
            id: id
            map: {amount: value}
            defines: {contract: {from: [company, number]}}
            refers: {deal: {from: deal, strip_prefix: ["CRM-"], rewrite: [{pattern: "^0+"}]}}
            deletes: {kind: sweep}
      psa:
        probe: files
        as_of: now
        settle: 0s
        streams:
          project:
            entity: project
            path: "${env:DATA}/projects.jsonl"
            id: id
            map: {amount: budget}
            defines: {psa_project: id}
            refers: {contract: {from: [company, contract]}}
            deletes: {kind: sweep}
      mapping:
        probe: files
        as_of: now
        settle: 0s
        streams:
          pair:
            entity: cross_reference
            path: "${env:DATA}/pairs.csv"
            id: id
            refers: {psa_project: psa}
            defines: {erp_project: erp}
            deletes: {kind: sweep}
      erp:
        probe: files
        as_of: now
        settle: 0s
        streams:
          invoice:
            entity: invoice
            path: "${env:DATA}/invoices.jsonl"
            id: id
            map: {amount: amount}
            refers: {erp_project: {from: projects, split: ","}}
            deletes: {kind: sweep}
    flows:
      sales:
        root: crm.opportunity
        key: deal
        through: [contract, psa_project, erp_project]
        rules:
          budget:
            check: mismatch
            left: crm.opportunity
            right: psa.project
            fields: {amount: {tolerance: "0.005"}}
          orphans: {check: orphan, stream: erp.invoice}
"""


def chain(folder: Path, database: Database) -> SmallEstate:
    """Two deals, each over contract, project and cross-reference to its invoices."""
    firm = SmallEstate(folder, database, CHAIN)
    firm.write(
        "opportunities",
        [
            {"id": "o1", "number": " crm-0017", "stage": "won", "amount": "100.00"},
            {"id": "o2", "number": "18", "stage": "won", "amount": "200.00"},
        ],
    )
    firm.write(
        "contracts",
        [
            {"id": "c1", "company": "1", "number": "11", "deal": "CRM-17", "value": "100.00"},
            {"id": "c2", "company": "11", "number": "1", "deal": "0018 ", "value": "200.00"},
        ],
    )
    firm.write(
        "projects",
        [
            {"id": "p1", "company": "1", "contract": "11", "budget": "100.00"},
            {"id": "p2", "company": "11", "contract": "1", "budget": "200.00"},
        ],
    )
    firm.write_text("pairs.csv", "id,psa,erp\n1,p1,E-1\n2,P2,e-2\n")
    firm.write(
        "invoices",
        [
            {"id": "i1", "projects": "E-1", "amount": "60.00"},
            {"id": "i2", "projects": "e-1", "amount": "40.00"},
            {"id": "i3", "projects": "E-1,E-2", "amount": "50.00"},
        ],
    )
    return firm


def test_chains_cross_references_and_merged_billing_meet_in_the_deal(
    tmp_path: Path, database: Database
) -> None:
    firm = chain(tmp_path, database)
    firm.look()
    assert firm.deals() == {
        "17": {"o1", "c1", "p1", "1", "i1", "i2", "i3"},
        "18": {"o2", "c2", "p2", "2", "i3"},
    }
    assert firm.breaks() == set()


def test_an_invoice_that_moves_leaves_its_old_deal(tmp_path: Path, database: Database) -> None:
    firm = chain(tmp_path, database)
    firm.look()
    firm.write("invoices", [{"id": "i1", "projects": "E-2", "amount": "60.00"}])
    firm.look()
    assert firm.deals()["17"] == {"o1", "c1", "p1", "1"}
    assert firm.deals()["18"] == {"o2", "c2", "p2", "2", "i1"}


def test_an_invoice_whose_cross_reference_is_lost_becomes_an_orphan_and_finds_back(
    tmp_path: Path, database: Database
) -> None:
    firm = chain(tmp_path, database)
    firm.look()
    firm.write_text("pairs.csv", "id,psa,erp\n2,P2,e-2\n")
    firm.write("invoices", [{"id": "i1", "projects": "E-9", "amount": "60.00"}])
    firm.look()
    assert firm.breaks() == {("erp_project:E-9", "orphan", "")}
    firm.write_text("pairs.csv", "id,psa,erp\n1,p1,E-9\n2,P2,e-2\n")
    firm.look()
    assert firm.breaks() == set()
    assert "i1" in firm.deals()["17"]


def test_a_composite_key_does_not_confuse_where_its_parts_meet(
    tmp_path: Path, database: Database
) -> None:
    firm = chain(tmp_path, database)
    firm.write("projects", [{"id": "p1", "company": "1", "contract": "11", "budget": "99.00"}])
    firm.look()
    assert ("17", "mismatch", "amount") in firm.breaks()
    assert ("18", "mismatch", "amount") not in firm.breaks()


ADDED = """
    version: 1
    firm: {name: Small}
    entities:
      project: {fields: {practice: text, margin: decimal}}
      risk: {fields: {level: text}}
    systems:
      psa:
        probe: files
        as_of: now
        settle: 0s
        streams:
          project:
            entity: project
            path: "${env:DATA}/projects.jsonl"
            id: id
            map: {practice: practice, margin: margin}
            defines: {project: id}
          risk:
            entity: risk
            path: "${env:DATA}/risks.jsonl"
            id: id
            map: {level: level}
            refers: {project: project}
          plan:
            entity: project
            path: "${env:DATA}/plans.jsonl"
            id: id
            map: {practice: practice, margin: margin}
            refers: {project: project}
    flows:
      delivery:
        root: psa.project
        key: project
        rules:
          practice:
            check: mismatch
            left: psa.project
            right: psa.plan
            fields: {practice: {ignore_case: true}, margin: {tolerance: "0.01", money: false}}
      risks:
        root: psa.project
        key: project
        rules:
          unplanned: {check: orphan, stream: psa.risk, of: psa.plan}
"""


def test_fields_and_entities_of_a_firms_own_are_compared_in_two_flows(
    tmp_path: Path, database: Database
) -> None:
    firm = SmallEstate(tmp_path, database, ADDED)
    projects = [{"id": name, "practice": "Cloud", "margin": "0.30"} for name in ("P1", "P2")]
    firm.write("projects", projects)
    firm.write("plans", [{"id": "L1", "project": "p1", "practice": "CLOUD", "margin": "0.35"}])
    risks = [{"id": f"R{n}", "project": f"P{n}", "level": "severe"} for n in (1, 2)]
    firm.write("risks", risks)
    firm.look()
    assert firm.breaks() == {("P1", "mismatch", "margin"), ("P2", "orphan", "")}
    expected = {"P1": {"P1", "L1", "R1"}, "P2": {"P2", "R2"}}
    assert firm.deals("delivery") == firm.deals("risks") == expected
