"""Extracts of any form: text formats, keys that lead from table to table, tables that lack."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from monitor.core.errors import Permanent
from monitor.core.model import StreamId
from monitor.extracts.breaks_file import breaks_table
from monitor.reconciliation import reconcile

AS_OF = datetime(2026, 3, 1, tzinfo=UTC)

LANDSCAPE = """
version: 1
firm: {name: Small}
systems:
  crm:
    probe: files
    streams:
      deals:
        path: deals.csv
        entity: opportunity
        id: id
        map: {amount: amount, currency: currency, closed_at: closed}
        defines: {deal: number}
  legal:
    probe: rest
    base_url: https://legal.example
    streams:
      contracts:
        entity: contract
        id: id
        map: {amount: terms.value, currency: terms.currency, signed_at: signed}
        defines: {contract: number}
        refers: {deal: deal}
        read: {path: /contracts, select: items}
  psa:
    probe: files
    streams:
      projects:
        path: projects
        entity: project
        id: id
        map: {amount: budget, currency: currency, created_at: created}
        refers: {contract: contract}
flows:
  sales:
    root: crm.deals
    key: deal
    through: [contract]
    hand_offs:
      signed:
        {from: crm.deals, to: legal.contracts, start: closed_at, arrival: signed_at, within: 7d}
      started: {from: legal.contracts, to: psa.projects, start: signed_at, within: 1d}
    rules:
      budget: {check: mismatch, left: legal.contracts, right: psa.projects, fields: {amount: {}}}
"""

DEALS = """id,number,amount,currency,closed
1,d-1,100.00,EUR,2026-01-01T09:00:00Z
2,D-2,200.00,EUR,2026-01-02T10:00:00+01:00
3,d-3 ,300.00,EUR,2026-01-03
4,d-4,400.00,EUR,2026-02-27T00:00:00Z
"""
CONTRACTS = [
    {"id": 11, "number": "C1", "deal": "D-1", "signed": "2026-01-02T09:00:00Z",
     "terms": {"value": 100.0, "currency": "EUR"}},
    {"id": 12, "number": "C2", "deal": "D-2", "signed": "2026-01-03T09:00:00Z",
     "terms": {"value": "200", "currency": "EUR"}},
]  # fmt: skip
PROJECTS = pl.DataFrame(
    {"id": [21], "contract": ["c1"], "budget": [100.01], "currency": ["EUR"],
     "created": ["2026-01-02T10:00:00Z"]}
)  # fmt: skip


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    """Four deals: a budget off by a cent, a project and a contract missing, one not due yet."""
    folder = tmp_path / "extracts"
    (folder / "projects").mkdir(parents=True)
    (folder / "deals.csv").write_text(DEALS)
    lines = "".join(json.dumps(contract) + "\n" for contract in CONTRACTS)
    (folder / "legal_contracts.jsonl").write_text(lines)
    PROJECTS.write_parquet(folder / "projects" / "january.parquet")
    (tmp_path / "landscape.yaml").write_text(LANDSCAPE)
    return tmp_path


def found(estate: Path, as_of: datetime | None = AS_OF) -> set[tuple[str, ...]]:
    done = reconcile(estate / "landscape.yaml", estate / "extracts", as_of)
    columns = ["key", "kind", "rule", "expected", "actual"]
    return set(breaks_table(done.result.found).select(columns).rows())


WRONG = {
    ("D-1", "mismatch", "budget", "100", "100.01"),
    ("D-2", "missing", "started", "2026-01-04T09:00:00.000000+00:00", None),
    ("D-3", "missing", "signed", "2026-01-10T00:00:00.000000+00:00", None),
}


def test_keys_lead_from_table_to_table_in_any_format(estate: Path) -> None:
    assert found(estate) == WRONG


@pytest.mark.parametrize("rows", [1, 3])
def test_shards_come_to_the_same(rows: int, estate: Path) -> None:
    with (estate / "landscape.yaml").open("a") as landscape:
        landscape.write(f"workers: {{rows: {rows}}}\n")
    assert found(estate) == WRONG


def test_nothing_is_missing_that_was_not_due_when_the_extract_was_written(estate: Path) -> None:
    assert found(estate, datetime(2026, 1, 4, tzinfo=UTC)) == {
        each for each in WRONG if each[1] == "mismatch"
    }


def test_what_stands_without_a_deal_is_no_deal_of_its_own(estate: Path) -> None:
    stray = PROJECTS.with_columns(id=pl.lit(22, pl.Int64), contract=pl.lit("C9"))
    stray.write_parquet(estate / "extracts" / "projects" / "stray.parquet")
    assert found(estate) == WRONG


@pytest.mark.parametrize("number", ["1,x", "twelve", "1e99"])
def test_a_deal_with_a_value_that_cannot_be_read_is_unknown(number: str, estate: Path) -> None:
    lines = [{**CONTRACTS[0], "terms": {"value": number, "currency": "EUR"}}, CONTRACTS[1]]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (estate / "extracts" / "legal_contracts.jsonl").write_text(text)
    done = reconcile(estate / "landscape.yaml", estate / "extracts", AS_OF)
    assert done.result.unreadable.rows() == [("legal.contracts", "D-1", "11", "amount")]
    assert found(estate) == {each for each in WRONG if each[0] != "D-1"}


def test_rules_whose_tables_lack_are_not_asked_and_said_so(estate: Path) -> None:
    (estate / "extracts" / "projects" / "january.parquet").unlink()
    done = reconcile(estate / "landscape.yaml", estate / "extracts", AS_OF)
    assert done.absent == (StreamId("psa", "projects"),)
    assert done.not_asked == {"sales": ("budget", "started")}
    assert found(estate) == {each for each in WRONG if each[2] == "signed"}


BROKEN: Mapping[str, tuple[str, str, str]] = {
    "no extract at all": ("", "", "no stream's extract"),
    "no root": ("legal_contracts.jsonl", '{"id": 1, "number": "C1"}\n', "of its root, crm.deals"),
    "a column lacks": ("deals.csv", "id,number,amount,currency\n", "closed"),
    "no Parquet": ("projects/a.parquet", "words", "the extract of psa.projects cannot be read"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_cannot_be_reconciled_is_refused_in_a_sentence(case: str, tmp_path: Path) -> None:
    name, content, sentence = BROKEN[case]
    folder = tmp_path / "extracts"
    (folder / "projects").mkdir(parents=True)
    if name:
        (folder / name).write_text(content)
    (tmp_path / "landscape.yaml").write_text(LANDSCAPE)
    with pytest.raises(Permanent, match=sentence):
        reconcile(tmp_path / "landscape.yaml", folder, AS_OF)
