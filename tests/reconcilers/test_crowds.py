"""A key that everybody claims, such as a contract number `TBD`."""

import polars as pl

from monitor.core.model import StreamId
from reconcilers.correlate import MOST_DEFINERS, correlate

ROOT = StreamId("crm", "opportunity")
COLUMNS = {
    "record": pl.Int64,
    "stream": pl.String,
    "role": pl.String,
    "kind": pl.String,
    "value": pl.String,
}


def crowd(contracts: int, invoices: int) -> pl.DataFrame:
    """Every deal has a contract called TBD, and every invoice refers to that."""
    rows: list[tuple[int, str, str, str, str]] = []
    for number in range(contracts):
        rows += [
            (number, "crm.opportunity", "defines", "deal", f"D{number}"),
            (100_000 + number, "legal.contract", "refers", "deal", f"D{number}"),
            (100_000 + number, "legal.contract", "defines", "contract", "TBD"),
        ]
    rows += [
        (200_000 + number, "erp.invoice", "refers", "contract", "TBD") for number in range(invoices)
    ]
    return pl.DataFrame(rows, schema=COLUMNS, orient="row")


def test_a_key_of_a_few_joins_all_that_mention_it() -> None:
    links = correlate(crowd(3, 2), ROOT, "deal", ["contract"])
    assert set(links.filter(pl.col("record") == 200_000)["transaction"]) == {"D0", "D1", "D2"}


def test_a_key_of_a_crowd_joins_nothing_and_loses_nobody() -> None:
    count = MOST_DEFINERS + 1
    links = correlate(crowd(count, 2), ROOT, "deal", ["contract"])
    by_record = {record: deal for deal, record in links.rows()}
    assert links.height == 2 * count + 2
    assert by_record[100_000] == "D0"
    assert by_record[200_000] == by_record[200_001] == "contract:TBD"


def test_a_definer_that_has_only_the_crowded_key_is_with_those_that_refer_to_it() -> None:
    rows = [
        (number, "legal.contract", "defines", "contract", "TBD")
        for number in range(MOST_DEFINERS + 1)
    ]
    uses = pl.DataFrame(
        [*rows, (999_999, "erp.invoice", "refers", "contract", "TBD")],
        schema=COLUMNS,
        orient="row",
    )
    links = correlate(uses, ROOT, "deal", ["contract"])
    assert set(links["transaction"]) == {"contract:TBD"}
    assert links.height == MOST_DEFINERS + 2


def test_a_large_crowd_costs_no_square() -> None:
    links = correlate(crowd(20_000, 20_000), ROOT, "deal", ["contract"])
    assert links.height == 60_000
