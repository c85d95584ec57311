import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from monitor.store import bulk, records
from monitor.store.database import Database
from monitor.store.schema import record
from tests.store.building import OPPORTUNITIES, START, an_opportunity, at

SCHEMA = {"native_id": pl.String, "modified_at": pl.Int64, "deleted": pl.Boolean}


def fetch(database: Database) -> pl.DataFrame:
    query = select(record.c.native_id, record.c.modified_at, record.c.deleted).order_by(record.c.id)
    with database.read() as connection:
        return bulk.fetch_frame(connection, query, SCHEMA)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5])
def test_every_row_becomes_a_row_however_they_are_portioned(
    database: Database, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setattr(bulk, "PORTION", 2)
    page = [an_opportunity(str(number)) for number in range(count)]
    with database.write() as connection:
        records.save_page(connection, OPPORTUNITIES, page, at(1))
    frame = fetch(database)
    assert dict(frame.schema) == SCHEMA
    assert frame["native_id"].to_list() == [str(number) for number in range(count)]


def test_values_are_as_the_database_holds_them(database: Database) -> None:
    gone, unstamped = an_opportunity("1"), an_opportunity("2", modified_at=None)
    with database.write() as connection:
        records.save_page(connection, OPPORTUNITIES, [gone, unstamped], at(1))
        records.mark_deleted(connection, OPPORTUNITIES, ["1"], at(2))
    stamp = int(START.timestamp()) * 1_000_000
    assert fetch(database).rows() == [("1", stamp, True), ("2", None, False)]


@given(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))))
@example(["", "NULL", 'a "quoted" \\ text', "{a,b}", " blanks ", "two\nlines\\n", "ü✓"])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_listed_texts_arrive_as_they_are(database: Database, values: list[str]) -> None:
    with database.read() as connection:
        found = connection.execute(bulk.listed_texts(connection, values)).scalars().all()
    assert found == values


@pytest.mark.parametrize("values", [[], [0], [-1, 2**63 - 1, 2, 2]])
def test_listed_numbers_arrive_as_they_are(database: Database, values: list[int]) -> None:
    with database.read() as connection:
        found = connection.execute(bulk.listed_ids(connection, values)).scalars().all()
    assert found == values
