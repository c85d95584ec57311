"""`python pair_by_pair.py DATA`: the pairs of tables that datacompy can compare; runs on its own.

It is run by the interpreter of `.venv/rivals`, and so imports nothing of ours.
"""

import sys
from pathlib import Path

import polars as pl
from datacompy import PolarsCompare

ROOT = ("crm_opportunities", {"amount": "amount", "currency": "currency"})
PAIRS = {
    "cpq_quotes": {"total": "amount"},
    "contracts": {"value": "amount"},
    "psa_projects": {"budget": "amount", "currency": "currency"},
    "erp_projects": {"budget": "amount", "currency": "currency"},
}


def read(folder: Path, table: str, names: dict[str, str]) -> pl.DataFrame:
    rows = pl.scan_parquet(folder / f"{table}.parquet")
    if table == "cpq_quotes":
        rows = rows.filter(pl.col("status") == "accepted")
    return rows.select("opp_key", *names).rename(names).collect()


def main() -> None:
    folder = Path(sys.argv[1])
    root = read(folder, *ROOT)
    for table, names in PAIRS.items():
        other = read(folder, table, names)
        compared = PolarsCompare(
            root.select("opp_key", *names.values()), other, join_columns="opp_key", abs_tol=0.005
        )
        print(table, compared.intersect_rows.height, compared.all_mismatch().height)


if __name__ == "__main__":
    main()
