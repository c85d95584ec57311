"""Customers beside the deals: accounts of the CRM, and the ERP's copies with duplicates."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from tests.bench.customers import CustomerEstate, draw_customers

UPDATED = datetime(2025, 12, 31, tzinfo=UTC)


def write_customers(folder: Path, count: int, seed: int) -> CustomerEstate:
    """Write so many accounts, and a customer for each and for its duplicates."""
    drawn = draw_customers(count, seed)
    customers = drawn.records.rename({"id": "customer_id", "tax": "vat_id"})
    account = pl.col("customer_id").str.replace("C", "A")
    is_original = pl.col("customer_id") < f"C{count:08d}"
    linked = customers.with_columns(crm_account_id=pl.when(is_original).then(account))
    linked.write_parquet(folder / "erp_customers.parquet")
    accounts = customers.filter(is_original).with_columns(
        account_id=account, updated_at=pl.lit(UPDATED)
    )
    accounts.drop("customer_id").write_parquet(folder / "crm_accounts.parquet")
    return drawn
