import itertools

import pytest
from sqlalchemy import Connection, text

from monitor.store.audit import append_audit, audit_head, verify_audit
from monitor.store.database import Database
from tests.store.building import at

ENTRIES = 5


@pytest.fixture
def written(own_database: Database) -> Database:
    with own_database.write() as connection:
        for number in range(1, ENTRIES + 1):
            append_audit(
                connection,
                at=at(number),
                who="ann",
                action="approve",
                subject=f"plan {number}",
                detail={"b": number, "a": "é"},
            )
    return own_database


def unprotect(connection: Connection) -> None:
    """What somebody with full rights on the database could do."""
    if connection.dialect.name == "sqlite":
        connection.execute(text("DROP TRIGGER audit_refuses_update"))
        connection.execute(text("DROP TRIGGER audit_refuses_delete"))
    else:
        connection.execute(text("DROP TRIGGER audit_is_append_only ON audit"))


def test_an_untouched_log_holds(written: Database) -> None:
    with written.read() as connection:
        assert verify_audit(connection) is None
        assert audit_head(connection).sequence == ENTRIES


def test_an_empty_log_holds(database: Database) -> None:
    with database.read() as connection:
        assert verify_audit(connection) is None
        assert audit_head(connection).sequence == 0


CHANGES = (
    "at = at + 1",
    "who = 'e'",
    "action = 'x'",
    "subject = 'x'",
    "detail = '{}'",
    "hash = '0'",
)


def test_an_altered_entry_is_named(written: Database) -> None:
    with written.write() as connection:
        unprotect(connection)
        for row, change in itertools.product(range(1, ENTRIES + 1), CHANGES):
            with connection.begin_nested() as tampering:
                connection.execute(text(f"UPDATE audit SET {change} WHERE sequence = {row}"))
                assert verify_audit(connection) == row
                tampering.rollback()
        assert verify_audit(connection) is None


def test_an_entry_taken_out_is_named(written: Database) -> None:
    with written.write() as connection:
        unprotect(connection)
        for row in range(1, ENTRIES):
            with connection.begin_nested() as tampering:
                connection.execute(text(f"DELETE FROM audit WHERE sequence = {row}"))
                assert verify_audit(connection) == row
                tampering.rollback()


def test_swapped_entries_are_named(written: Database) -> None:
    with written.write() as connection:
        unprotect(connection)
        for old, new in ((2, 99), (3, 2), (99, 3)):
            connection.execute(text(f"UPDATE audit SET sequence = {new} WHERE sequence = {old}"))
        assert verify_audit(connection) == 2


def test_a_log_cut_at_its_end_differs_from_the_head_kept_elsewhere(written: Database) -> None:
    with written.read() as connection:
        kept = audit_head(connection)
    with written.write() as connection:
        unprotect(connection)
        connection.execute(text(f"DELETE FROM audit WHERE sequence = {ENTRIES}"))
        assert verify_audit(connection) is None
        assert audit_head(connection) != kept
