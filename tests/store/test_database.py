import sqlite3
import threading
from contextlib import ExitStack, closing
from pathlib import Path

import pytest
from sqlalchemy import Connection, Table, insert, select, text

from monitor.core.breaks import Severity, Transition, TransitionKind
from monitor.core.errors import Permanent, Reason, Transient
from monitor.core.incidents import Cause, CauseKind, EventKind
from monitor.store import breaks, correction_tables, incident_tables, records, schema, settings
from monitor.store.audit import append_audit
from monitor.store.correction_tables import approval, correction, correction_step, plan
from monitor.store.database import Database, open_database
from monitor.store.incidents import add_event, add_incident
from monitor.store.schema import setting
from tests.databases import PostgreSQL, SQLite
from tests.store.building import OPPORTUNITIES, a_break, an_opportunity, at


def test_what_was_written_is_there_after_reopening(database: Database, database_url: str) -> None:
    with database.write() as connection:
        settings.save_setting(connection, "colour", "blue")
    database.close()
    with closing(open_database(database_url)) as again, again.read() as connection:
        assert settings.load_setting(connection, "colour") == "blue"


def test_a_failure_takes_back_the_whole_transaction(database: Database) -> None:
    def fail(connection: Connection) -> None:
        settings.save_setting(connection, "colour", "blue")
        raise KeyError("colour")

    with pytest.raises(KeyError), database.write() as connection:
        fail(connection)
    with database.read() as connection:
        assert settings.load_setting(connection, "colour") is None


def test_a_read_transaction_cannot_write(database: Database) -> None:
    with pytest.raises((Permanent, Transient)), database.read() as connection:
        settings.save_setting(connection, "colour", "blue")
    with database.write() as connection:
        settings.save_setting(connection, "colour", "green")


def test_a_read_transaction_sees_one_snapshot(database: Database) -> None:
    with database.read() as reader:
        assert settings.load_setting(reader, "colour") is None
        with database.write() as writer:
            settings.save_setting(writer, "colour", "blue")
        assert settings.load_setting(reader, "colour") is None
    with database.read() as reader:
        assert settings.load_setting(reader, "colour") == "blue"


def test_sqlite_is_set_up_to_be_durable(sqlite_database: Database) -> None:
    with sqlite_database.write() as connection:
        found = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    full = 2
    assert found == {
        "journal_mode": "wal",
        "synchronous": full,
        "foreign_keys": 1,
        "busy_timeout": 30_000,
    }


def test_several_writers_wait_for_each_other(database: Database) -> None:
    failures: list[Exception] = []

    def count_up() -> None:
        try:
            for _ in range(20):
                with database.write() as connection:
                    # Read, then write: what a deferred transaction cannot do beside another.
                    rows = select(setting.c.value).where(setting.c.name == "count")
                    value = int(connection.execute(rows.with_for_update()).scalar_one())
                    settings.save_setting(connection, "count", str(value + 1))
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to the test
            failures.append(error)

    with database.write() as connection:
        settings.save_setting(connection, "count", "0")
    threads = [threading.Thread(target=count_up) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    with database.read() as connection:
        assert settings.load_setting(connection, "count") == "60"


def test_two_writers_of_one_stream_do_not_collide(database: Database) -> None:
    failures: list[Exception] = []
    page = [an_opportunity(str(number)) for number in range(50)]

    def save() -> None:
        try:
            for minute in range(5):
                with database.write() as connection:
                    records.save_page(connection, OPPORTUNITIES, page, at(minute))
        except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to the test
            failures.append(error)

    threads = [threading.Thread(target=save) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_refused_statement_is_permanent_and_tells_no_values(database: Database) -> None:
    with database.write() as connection:
        connection.execute(insert(setting).values(name="SECRET-NAME", value="SECRET-VALUE"))
    with pytest.raises(Permanent) as caught, database.write() as connection:
        connection.execute(insert(setting).values(name="SECRET-NAME", value="SECRET-VALUE"))
    assert caught.value.reason is Reason.STORE
    assert "SECRET" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_full_disk_passes_when_there_is_room_again(sqlite_database: Database) -> None:
    page = [an_opportunity(str(number), note="x" * 2000) for number in range(500)]
    with sqlite_database.write() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        connection.execute(text(f"PRAGMA max_page_count={pages + 5}"))
    with pytest.raises(Transient) as caught, sqlite_database.write() as connection:
        records.save_page(connection, OPPORTUNITIES, page, at(1))
    assert caught.value.reason is Reason.STORE
    assert sqlite_database.problems() == []
    with sqlite_database.write() as connection:
        connection.execute(text("PRAGMA max_page_count=1000000"))
        assert records.save_page(connection, OPPORTUNITIES, page, at(2)).new == 500


def test_a_locked_file_passes(sqlite_database: Database, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "tieout.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with sqlite_database.read() as connection:
            connection.execute(text("PRAGMA busy_timeout=1"))
        with pytest.raises(Transient, match="SQLITE_BUSY"), sqlite_database.write():
            pass
        other.execute("ROLLBACK")
    sqlite_database.check_writable()


def test_a_lost_server_connection_passes(postgresql: PostgreSQL) -> None:
    end_all = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    def lose_the_connection(database: Database, other: Database) -> None:
        with database.write() as connection:
            settings.save_setting(connection, "colour", "blue")
            with other.write() as killer:
                killer.execute(end_all)
            settings.save_setting(connection, "colour", "green")

    with ExitStack() as stack:
        url = stack.enter_context(postgresql.migrated())
        database, other = (stack.enter_context(closing(open_database(url))) for _ in range(2))
        with pytest.raises(Transient) as caught:
            lose_the_connection(database, other)
        assert caught.value.reason is Reason.STORE
        database.check_writable()
        with database.read() as connection:
            assert settings.load_setting(connection, "colour") is None


APPEND_ONLY = (
    *schema.APPEND_ONLY,
    *correction_tables.APPEND_ONLY,
    *incident_tables.APPEND_ONLY,
)


def _approve_something(connection: Connection) -> None:
    """One row, at least, in the logs of what was approved and what became of it."""
    texts = dict.fromkeys(("flow", "mode", "state", "document", "ended_why"), "")
    made = {"hash": "h", "requester": "a", "made_at": at(1), "expires_at": at(2)}
    connection.execute(plan.insert().values(**texts, **made))
    said = {"plan": "h", "who": "b", "is_approved": True, "why": "", "at": at(1)}
    connection.execute(approval.insert().values(**said))
    places = ("fingerprint", "system", "target", "state", "native_id", "reference", "reason")
    connection.execute(
        correction.insert().values(id=1, plan="h", position=0, **dict.fromkeys(places, ""))
    )
    words = dict.fromkeys(("before", "after", "who", "why", "answer"), "")
    connection.execute(
        correction_step.insert().values(correction_id=1, sequence=1, at=at(1), **words)
    )


@pytest.mark.parametrize("log", APPEND_ONLY, ids=str)
@pytest.mark.parametrize("change", ["UPDATE {} SET who = 'x'", "DELETE FROM {}"])
def test_what_is_append_only_cannot_be_changed(database: Database, log: Table, change: str) -> None:
    step = Transition(TransitionKind.OPENED, a_break(), None, at(1), "found")
    with database.write() as connection:
        append_audit(connection, at=at(1), who="a", action="b", subject="c", detail={})
        breaks.apply_transitions(connection, [step], who="tieout")
        _approve_something(connection)
        number = add_incident(connection, Cause(CauseKind.DEAL, "x"), Severity.INFO, at(1))
        add_event(connection, number, EventKind.OPENED, "a", "b", at(1))
        before = connection.execute(select(log)).all()
    with pytest.raises(Permanent), database.write() as connection:
        connection.execute(text(change.format(log.name)))
    with database.read() as connection:
        assert connection.execute(select(log)).all() == before != []


@pytest.mark.parametrize(
    "url",
    ["not a url", "mysql://u:SECRET@h/d", "sqlite://", "sqlite:///:memory:", "nosuch://x/y"],
)
def test_a_url_that_cannot_be_used_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(Permanent) as caught:
        open_database(url)
    assert caught.value.reason is Reason.CONFIGURATION
    assert "SECRET" not in str(caught.value)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tieout.db").write_bytes(b"these are no pages of a database" * 100)
    with pytest.raises(Permanent, match="SQLITE_NOTADB"):
        open_database(f"sqlite:///{tmp_path / 'tieout.db'}")


def test_a_store_of_a_newer_version_is_refused(
    own_database: Database, own_database_url: str
) -> None:
    with own_database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Permanent, match="9999") as caught:
        open_database(own_database_url)
    assert caught.value.reason is Reason.SCHEMA


def test_a_store_that_lacks_a_table_is_refused(
    own_database: Database, own_database_url: str
) -> None:
    with own_database.write() as connection:
        connection.execute(text("DROP TABLE outbox"))
    with pytest.raises(Permanent, match="outbox"):
        open_database(own_database_url)


def test_tables_without_a_version_are_refused(
    own_database: Database, own_database_url: str
) -> None:
    with own_database.write() as connection:
        connection.execute(text("DROP TABLE alembic_version"))
    with pytest.raises(Permanent, match="damaged"):
        open_database(own_database_url)


def test_the_planner_learns_how_large_tables_are(database: Database) -> None:
    page = [an_opportunity(str(number)) for number in range(500)]
    with database.write() as connection:
        records.save_page(connection, OPPORTUNITIES, page, at(1))
    database.refresh_statistics()
    with database.read() as connection:
        if database.dialect == "postgresql":
            size = text("SELECT reltuples FROM pg_class WHERE relname = 'record'")
            assert connection.execute(size).scalar_one() == 500
        assert len(records.native_ids(connection, OPPORTUNITIES)) == 500


def test_damaged_pages_are_found(sqlite: SQLite, tmp_path: Path) -> None:
    url = sqlite.migrated(tmp_path)
    with closing(open_database(url)) as database:
        with database.write() as connection:
            page = [an_opportunity(str(number)) for number in range(500)]
            records.save_page(connection, OPPORTUNITIES, page, at(1))
        assert database.problems() == []
    with closing(sqlite3.connect(tmp_path / "tieout.db")) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        rows = "SELECT rootpage FROM sqlite_schema WHERE name = 'record_key'"
        (root,) = raw.execute(rows).fetchone()
        (size,) = raw.execute("PRAGMA page_size").fetchone()
    with (tmp_path / "tieout.db").open("r+b") as file:
        file.seek((root - 1) * size + 12)
        file.write(b"\xff" * 64)
    with closing(open_database(url)) as database:
        assert database.problems() != []
