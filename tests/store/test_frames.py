from datetime import UTC, date, datetime
from decimal import Decimal

import polars as pl
from sqlalchemy import select, update

from monitor.core.entities import EntityFields
from monitor.core.model import FieldType, Record, StreamId
from monitor.store import frames, records
from monitor.store.database import Database
from monitor.store.schema import record
from tests.store.building import OPPORTUNITIES, PROJECTS, START, at, defines, refers

FIELDS: EntityFields = {
    "name": FieldType.TEXT,
    "line": FieldType.INTEGER,
    "amount": FieldType.DECIMAL,
    "billed": FieldType.BOOLEAN,
    "closed_at": FieldType.INSTANT,
    "due_on": FieldType.DATE,
}
SCHEMA = {
    "_transaction": pl.String,
    "_record": pl.String,
    "_keys": pl.List(pl.String),
    "_modified_at": pl.Datetime("us", "UTC"),
    "_observed_at": pl.Datetime("us", "UTC"),
    "name": pl.String,
    "line": pl.Int64,
    "amount": pl.Decimal(38, 6),
    "billed": pl.Boolean,
    "closed_at": pl.Datetime("us", "UTC"),
    "due_on": pl.Date,
}

FULL = Record(
    OPPORTUNITIES,
    "opportunity",
    "1",
    {
        "name": 'Zoë "Q" \\ \n ☃',
        "line": -(2**63),
        "amount": Decimal("-12345678901234567890123456789012.123456"),
        "billed": False,
        "closed_at": datetime(2026, 1, 2, 3, 4, 5, 6, tzinfo=UTC),
        "due_on": date(2026, 2, 28),
    },
    (defines("A"), refers("X:Y", "customer")),
    None,
)
BLANK = Record(OPPORTUNITIES, "opportunity", "2", {"name": None}, (), START)


def load(database: Database, *page: Record, fields: EntityFields = FIELDS) -> pl.DataFrame:
    """The frame of one transaction with these records."""
    with database.write() as connection:
        records.save_page(connection, OPPORTUNITIES, page, at(1))
    return scope(database, fields)[OPPORTUNITIES]


def scope(database: Database, fields: EntityFields) -> dict[StreamId, pl.DataFrame]:
    with database.read() as connection:
        ids = list(connection.execute(select(record.c.id)).scalars())
        links = pl.DataFrame({"transaction": ["A"] * len(ids), "record": ids})
        streams = {OPPORTUNITIES: fields, PROJECTS: fields}
        return frames.load_frames(connection, links, streams)


def test_every_type_comes_back_exact(database: Database) -> None:
    frame = load(database, FULL, BLANK)
    assert dict(frame.schema) == SCHEMA
    full, blank = frame.sort("_record").to_dicts()
    assert full == {
        "_transaction": "A",
        "_record": "1",
        "_keys": ["deal:A", "customer:X:Y"],
        "_modified_at": None,
        "_observed_at": at(1),
        **FULL.fields,
    }
    assert blank == {
        "_transaction": "A",
        "_record": "2",
        "_keys": [],
        "_modified_at": START,
        "_observed_at": at(1),
        **dict.fromkeys(FIELDS),
    }


def test_a_stream_without_rows_has_an_empty_frame_with_the_same_columns(
    database: Database,
) -> None:
    load(database, FULL)
    frame = scope(database, FIELDS)[PROJECTS]
    assert (dict(frame.schema), frame.height) == (SCHEMA, 0)


def test_a_record_in_two_transactions_has_a_row_in_each(database: Database) -> None:
    load(database, FULL)
    with database.write() as connection:
        number = connection.execute(select(record.c.id)).scalar_one()
        links = pl.DataFrame({"transaction": ["B", "A"], "record": [number] * 2})
        loaded = frames.load_frames(connection, links, {OPPORTUNITIES: FIELDS})[OPPORTUNITIES]
    assert loaded["_transaction"].to_list() == ["A", "B"]


def test_deleted_records_are_left_out(database: Database) -> None:
    load(database, FULL, BLANK)
    with database.write() as connection:
        records.mark_deleted(connection, OPPORTUNITIES, ["1"], at(2))
    assert scope(database, FIELDS)[OPPORTUNITIES]["_record"].to_list() == ["2"]


def test_values_that_no_longer_fit_their_type_are_null(database: Database) -> None:
    fields: EntityFields = {
        "name": FieldType.INTEGER,
        "amount": FieldType.BOOLEAN,
        "billed": FieldType.DECIMAL,
        "closed_at": FieldType.DATE,
        "due_on": FieldType.INSTANT,
        "line": FieldType.TEXT,
    }
    (row,) = load(database, FULL, fields=fields).to_dicts()
    assert {name: row[name] for name in fields} == {
        "name": None,
        "amount": None,
        "billed": None,
        "closed_at": None,
        "due_on": None,
        "line": str(-(2**63)),
    }


def test_numbers_beyond_their_type_are_null(database: Database) -> None:
    load(database, FULL)
    with database.write() as connection:
        connection.execute(
            update(record).values(
                fields='{"line":123456789012345678901234567890,"amount":"1e99","due_on":"2026-02-30"}'
            )
        )
    (row,) = scope(database, FIELDS)[OPPORTUNITIES].to_dicts()
    assert (row["line"], row["amount"], row["due_on"]) == (None, None, None)


def test_a_stream_without_mapped_fields_still_has_its_records(database: Database) -> None:
    frame = load(database, FULL, fields={})
    assert frame["_record"].to_list() == ["1"]
