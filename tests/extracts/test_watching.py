"""Watches over extracts: customers held twice, beside the breaks of deals."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from monitor.core.model import StreamId
from monitor.extracts.breaks_file import breaks_table
from monitor.extracts.outcome import Reconciliation
from monitor.reconciliation import reconcile
from tests.bench.customers import draw_customers
from tests.estates.customers import write_customers
from tests.estates.writing import write_estate

LANDSCAPE = Path("examples/extracts/landscape.yaml")
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
CUSTOMERS, SEED = 1_500, 211
DRAWN = draw_customers(CUSTOMERS, SEED)
WATCHED = pl.col("rule") == "same-customer"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("customers")
    write_estate(folder, 600, seed=5)
    return folder


@pytest.fixture(scope="module")
def without(folder: Path) -> Reconciliation:
    """The estate before anybody hands over customers."""
    return reconcile(LANDSCAPE, folder, AS_OF)


@pytest.fixture(scope="module")
def done(folder: Path, without: Reconciliation) -> Reconciliation:
    write_customers(folder, CUSTOMERS, SEED)
    return reconcile(LANDSCAPE, folder, AS_OF)


def test_customers_held_twice_are_found_under_their_account(done: Reconciliation) -> None:
    found = breaks_table(done.result.found).filter(WATCHED)
    assert found.select("kind", "system", "entity", "field").unique().rows() == [
        ("duplicate", "erp", "customer", "name")
    ]
    extra: dict[str, str] = {}
    for kept, record in sorted(DRAWN.pairs):
        extra.setdefault(record, kept.replace("C", "A"))
    said = dict(found.select("record_id", "key").iter_rows())
    right = [record for record, key in said.items() if extra.get(record) == key]
    assert len(right) >= 0.95 * len(said)
    assert len(right) >= 0.95 * len(extra)


def test_breaks_of_deals_are_those_found_without_customers(
    without: Reconciliation, done: Reconciliation
) -> None:
    assert (
        breaks_table(done.result.found).filter(~WATCHED).equals(breaks_table(without.result.found))
    )


def test_a_watch_whose_extract_lacks_is_not_asked_and_said_so(
    without: Reconciliation, done: Reconciliation
) -> None:
    assert without.absent == (StreamId("crm", "accounts"), StreamId("erp", "customers"))
    assert without.not_asked == {"sales-to-cash": (), "estate": ("same-customer",)}
    assert done.absent == ()
    assert done.not_asked == {"sales-to-cash": (), "estate": ()}


@pytest.mark.parametrize("absent", [StreamId("crm", "accounts"), StreamId("erp", "customers")])
def test_with_half_of_the_customers_the_deals_are_exact_and_no_customer_is_accused(
    absent: StreamId,
    folder: Path,
    tmp_path: Path,
    without: Reconciliation,
    done: Reconciliation,
) -> None:
    assert done.absent == ()
    for path in folder.glob("*.parquet"):
        if path.stem != f"{absent.system}_{absent.stream}":
            (tmp_path / path.name).symlink_to(path)
    half = reconcile(LANDSCAPE, tmp_path, AS_OF)
    assert breaks_table(half.result.found).equals(breaks_table(without.result.found))
    assert half.absent == (absent,)
    assert half.not_asked == {"sales-to-cash": (), "estate": ("same-customer",)}


def test_a_watch_that_needs_a_past_is_left_out(folder: Path, tmp_path: Path) -> None:
    text = LANDSCAPE.read_text("utf-8") + "  usual-volume: {check: volume}\n"
    landscape = tmp_path / "landscape.yaml"
    landscape.write_text(text, "utf-8")
    asked = reconcile(landscape, folder, AS_OF)
    assert "usual-volume" not in asked.not_asked["estate"]
    assert "usual-volume" not in asked.result.found["rule"]


def test_a_customer_that_cannot_be_read_is_unknown_and_the_others_are_compared(
    folder: Path, tmp_path: Path, done: Reconciliation
) -> None:
    text = LANDSCAPE.read_text("utf-8")
    strict = text.replace(
        "          phone: phone\n", "          phone: {from: phone, required: true}\n"
    )
    landscape = tmp_path / "landscape.yaml"
    landscape.write_text(strict, "utf-8")
    blurred = reconcile(landscape, folder, AS_OF).result
    known = DRAWN.records.filter(pl.col("phone").is_null())["id"]
    named = blurred.unreadable.filter(pl.col("stream") == "erp.customers")
    assert set(named["record_id"]) == set(known)
    assert set(named["fields"]) == {"phone"}
    assert known.len()
    assert not set(known) & set(blurred.found.filter(WATCHED)["record_id"])
