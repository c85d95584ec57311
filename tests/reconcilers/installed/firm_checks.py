"""What a firm might have installed beside tieout."""

from collections.abc import Mapping

import polars as pl

Tables = Mapping[str, pl.DataFrame]


def dear_projects(tables: Tables) -> pl.DataFrame:
    """Projects that cost more than was sold."""
    sold = tables["crm.opportunity"].select("transaction", expected="amount")
    projects = tables["psa.project"].join(sold, on="transaction")
    return projects.filter(pl.col("amount") > pl.col("expected")).select(
        "transaction", "record_id", "expected", actual="amount", field=pl.lit("amount")
    )


def dearest_project(tables: Tables) -> pl.DataFrame:
    """One of all: what it says of a deal depends on the others."""
    return tables["psa.project"].sort("amount", "record_id").tail(1).select("transaction")


def failing(tables: Tables) -> pl.DataFrame:
    """A function that fails."""
    return tables["psa.project"].select("margin")


def wordy(tables: Tables) -> str:
    """A function that answers with a sentence."""
    return f"{len(tables)} tables are fine"


LIMIT = 3
