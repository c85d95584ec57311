"""What keeps a row from being written wrongly, whatever the database does of its own."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from monitor.core.clock import TimeLimit
from monitor.core.errors import Permanent, Reason, TieoutError
from monitor.core.model import KeyRole, KeyUse
from monitor.core.writing import Operation, Safety, Write, Writer
from probes.engine.database import reading
from tests.writing.api import OpenWriter
from tests.writing.targets.target import STREAM, creation, deletion, open_probe, update

COLUMNS = "deal TEXT, number TEXT, amount NUMERIC(12, 2), note JSON, lock_version INTEGER"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        (tmp_path / "erp.db").touch()
        yield f"sqlite:///{tmp_path / 'erp.db'}"
    else:
        address: str = request.getfixturevalue("postgresql_url")
        yield address
        run(address, "DROP TABLE IF EXISTS invoices", "DROP SEQUENCE IF EXISTS ids")


def run(url: str, *statements: str) -> list[Any]:
    engine = create_engine(url)
    with engine.begin() as connection:
        results = [connection.execute(text(statement)) for statement in statements]
        rows = [tuple(row) for row in results[-1]] if results[-1].returns_rows else []
    engine.dispose()
    return rows


def system(url: str, **write: Any) -> dict[str, Any]:
    fields = {"number": "number", "amount": "amount"}
    return {
        "probe": "sql",
        "url": url,
        "write": {"url": url},
        "streams": {
            "invoice": {
                "table": "invoices",
                "entity": "invoice",
                "id": "id",
                "map": fields,
                "refers": {"deal": "deal"},
                "write": {"fields": fields, "keys": {"deal": "deal"}, "update": {}, **write},
            }
        },
    }


def table(url: str, columns: str = COLUMNS) -> None:
    row = "(7, 'OPP-7', 'INV-7', 800, '{\"a\": 1}', 1)"
    run(url, f"CREATE TABLE invoices (id INTEGER PRIMARY KEY, {columns})",
        f"INSERT INTO invoices VALUES {row}")  # fmt: skip


def apply(writer: Writer, write: Write) -> None:
    writer.apply(write, writer.observe(write), "key-1")


def refusal(writer: Writer, write: Write) -> Reason:
    with pytest.raises(Permanent) as caught:
        apply(writer, write)
    return caught.value.reason


def test_a_version_is_compared_and_raised(url: str, open_writer: OpenWriter) -> None:
    table(url)
    writer = open_writer(system(url, version="lock_version"))
    write = update("7", number="x")
    observed = writer.observe(write)
    assert observed.token == "1"
    run(url, "UPDATE invoices SET lock_version = 2")
    with pytest.raises(Permanent) as caught:
        writer.apply(write, observed, "key-1")
    assert caught.value.reason is Reason.CONFLICT
    apply(writer, write)
    assert run(url, "SELECT number, lock_version FROM invoices") == [("x", 3)]


def test_what_the_database_makes_of_a_value_is_rolled_back(
    url: str, open_writer: OpenWriter
) -> None:
    """PostgreSQL rounds to the column's places; a trigger in SQLite shouts."""
    table(url)
    value: dict[str, Any] = {"amount": Decimal("0.005")}
    if url.startswith("sqlite"):
        value = {"number": "quiet"}
        run(url, "CREATE TRIGGER shouts AFTER UPDATE ON invoices BEGIN"
                 " UPDATE invoices SET number = upper(number); END")  # fmt: skip
    before = run(url, "SELECT id, number, amount FROM invoices")
    assert refusal(open_writer(system(url)), update("7", **value)) is Reason.REFUSED
    assert run(url, "SELECT id, number, amount FROM invoices") == before


def test_a_new_row_gets_its_constants_and_its_id(url: str, open_writer: OpenWriter) -> None:
    table(url)
    constants = {"id": 9, "number": "for {deal}", "lock_version": 1}
    settings = system(url, create={"constants": constants})
    settings["streams"]["invoice"]["write"]["fields"] = {"amount": "amount"}
    writer = open_writer(settings)
    assert writer.abilities("invoice").operations[Operation.CREATE] is Safety.COMPARED
    write = creation("OPP-9", amount=Decimal("1.50"))
    assert writer.apply(write, writer.observe(write), "key-1").native_id == "9"
    rows = run(url, "SELECT deal, number, lock_version FROM invoices WHERE id = 9")
    assert rows == [("OPP-9", "for OPP-9", 1)]


def test_a_row_that_would_not_be_found_by_its_key_is_not_inserted(
    url: str, open_writer: OpenWriter
) -> None:
    table(url)
    settings = system(url, create={"constants": {"id": 9}})
    settings["streams"]["invoice"]["write"]["keys"] = {}
    assert refusal(open_writer(settings), creation("OPP-9")) is Reason.UNSUPPORTED
    assert run(url, "SELECT id FROM invoices") == [(7,)]


@pytest.mark.parametrize(
    "held", ["UNIQUE (deal)", "UNIQUE (deal, number)", "CHECK (deal <> number)"]
)
def test_what_is_declared_unique_must_be_held_so(
    url: str, held: str, open_writer: OpenWriter
) -> None:
    table(url, f"{COLUMNS}, {held}")
    writer = open_writer(system(url, create={"unique": ["deal"], "constants": {"id": 9}}))
    if held == "UNIQUE (deal)":
        apply(writer, creation("OPP-9"))
        assert len(run(url, "SELECT id FROM invoices")) == 2
    else:
        assert refusal(writer, creation("OPP-9")) is Reason.CONFIGURATION
        assert len(run(url, "SELECT id FROM invoices")) == 1


def test_an_index_over_some_rows_holds_nothing_unique(url: str, open_writer: OpenWriter) -> None:
    table(url)
    run(url, "CREATE UNIQUE INDEX partly ON invoices (deal) WHERE number IS NULL")
    writer = open_writer(system(url, create={"unique": ["deal"], "constants": {"id": 9}}))
    assert refusal(writer, creation("OPP-9")) is Reason.CONFIGURATION


def test_a_column_that_is_not_there_is_named(url: str, open_writer: OpenWriter) -> None:
    table(url)
    writer = open_writer(system(url, touch=["changed_at"]))
    with pytest.raises(Permanent, match="changed_at") as caught:
        apply(writer, update("7", number="x"))
    assert caught.value.reason is Reason.SCHEMA


def test_two_rows_with_one_id_are_no_place_to_write(url: str, open_writer: OpenWriter) -> None:
    run(url, f"CREATE TABLE invoices (id INTEGER, {COLUMNS})",
        "INSERT INTO invoices (id, deal) VALUES (7, 'OPP-7'), (7, 'OPP-8')")  # fmt: skip
    assert refusal(open_writer(system(url)), update("7", number="x")) is Reason.CONFLICT


@pytest.mark.parametrize("what", ["update", "create"])
def test_of_many_at_once_one_is_written(url: str, what: str, open_writer: OpenWriter) -> None:
    table(url, f"{COLUMNS}, UNIQUE (deal)")
    writer = open_writer(system(url, create={"unique": ["deal"]}))
    if url.startswith("postgresql"):
        run(url, "CREATE SEQUENCE ids START 100",
            "ALTER TABLE invoices ALTER id SET DEFAULT nextval('ids')")  # fmt: skip
    of_nobody = update("7", number="x") if what == "update" else creation("OPP-9")
    observed = writer.observe(of_nobody)

    def write(number: int) -> bool:
        changed = {"number": f"by-{number}"}
        mine = update("7", **changed) if what == "update" else creation("OPP-9", **changed)
        try:
            writer.apply(mine, observed, f"key-{number}")
        except TieoutError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(write, range(8))) == 1


def test_a_deletion_takes_its_row_and_no_other(url: str, open_writer: OpenWriter) -> None:
    table(url)
    run(url, "INSERT INTO invoices (id, deal) VALUES (8, 'OPP-8')")
    apply(open_writer(system(url, delete={})), deletion("7"))
    assert run(url, "SELECT id FROM invoices") == [(8,)]


def test_reading_stays_unable_to_write(url: str) -> None:
    """The writer has connections of its own: those of the probe read and nothing else."""
    table(url)
    probe: Any = open_probe(system(url))
    probe.writer().observe(update("7"))
    list(probe.fetch("invoice", ["7"]).records)
    limit = TimeLimit.of(timedelta(seconds=10))
    with pytest.raises(Permanent) as caught, reading(probe._engine, limit) as connection:
        connection.execute(text("DELETE FROM invoices"))
    assert caught.value.reason is Reason.REFUSED
    probe.close()
    assert len(run(url, "SELECT id FROM invoices")) == 1


def test_a_key_of_two_records_is_told_apart_by_all_keys(url: str, open_writer: OpenWriter) -> None:
    """Split billing: two invoices of one deal; the number says which one is meant."""
    table(url)
    run(url, "INSERT INTO invoices (id, deal, number) VALUES (8, 'OPP-7', 'INV-8')")
    settings = system(url)
    settings["streams"]["invoice"]["refers"]["invoice"] = "number"
    writer = open_writer(settings)
    keys = (KeyUse(KeyRole.REFERS, "deal", "OPP-7"), KeyUse(KeyRole.REFERS, "invoice", "INV-8"))
    record = writer.observe(Write(Operation.UPDATE, STREAM, "", keys, "", {}, {})).record
    assert record is not None
    assert record.native_id == "8"
    only_deal = Write(Operation.UPDATE, STREAM, "", keys[:1], "", {}, {})
    with pytest.raises(Permanent) as caught:
        writer.observe(only_deal)
    assert caught.value.reason is Reason.CONFLICT
