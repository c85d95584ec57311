"""Exchange rates stand in the landscape, in a file beside it, or in both."""

from datetime import date
from decimal import Decimal
from pathlib import Path

from monitor.config import Landscape, load_landscape
from monitor.config.context import rule_context
from monitor.config.effective import rules_digest
from tests.config.toys import TOYS

SYSTEMS = """
systems:
  crm:
    probe: disk
    folder: /exports
    streams:
      opportunity:
        entity: opportunity
        id: id
        map: {amount: amount, currency: currency}
        defines: {deal: number}
flows:
  sales: {root: crm.opportunity, key: deal}
"""
TABLE = '{base: EUR, quote: GBP, date: 2026-01-02, rate: "0.8712"}'
FILE = "base,quote,date,rate\r\nEUR,USD,2026-02-05, 1.0912\r\nEUR,USD,2026-01-05,1.0812\r\n"


def load(folder: Path, rates: str, file: str = FILE) -> Landscape:
    (folder / "rates").mkdir(exist_ok=True)
    (folder / "rates" / "daily.csv").write_text(f"\ufeff{file}", encoding="utf-8", newline="")
    path = folder / "landscape.yaml"
    path.write_text(f"version: 1\nfirm: {{name: Firm}}\n{rates}\n{SYSTEMS}", encoding="utf-8")
    return load_landscape(path, TOYS, {})


def known(landscape: Landscape) -> list[tuple[str, str, date, Decimal]]:
    return rule_context("sales", landscape.flows["sales"], landscape).rates.rows()


def test_rates_of_the_file_are_added_to_those_of_the_table(tmp_path: Path) -> None:
    landscape = load(tmp_path, f"rates: {{file: rates/daily.csv, table: [{TABLE}]}}")
    assert known(landscape) == [
        ("EUR", "GBP", date(2026, 1, 2), Decimal("0.8712")),
        ("EUR", "USD", date(2026, 1, 5), Decimal("1.0812")),
        ("EUR", "USD", date(2026, 2, 5), Decimal("1.0912")),
    ]


def test_a_landscape_needs_no_rates(tmp_path: Path) -> None:
    assert known(load(tmp_path, "")) == []
    assert known(load(tmp_path, f"rates: {{table: [{TABLE}]}}")) == [
        ("EUR", "GBP", date(2026, 1, 2), Decimal("0.8712"))
    ]


def test_another_rate_in_the_file_means_that_everything_is_looked_at_anew(tmp_path: Path) -> None:
    before = load(tmp_path, "rates: {file: rates/daily.csv}")
    same = load(tmp_path, "rates: {file: rates/daily.csv}")
    after = load(tmp_path, "rates: {file: rates/daily.csv}", FILE.replace("1.0912", "1.0913"))
    assert rules_digest(before, "sales") == rules_digest(same, "sales")
    assert rules_digest(before, "sales") != rules_digest(after, "sales")
