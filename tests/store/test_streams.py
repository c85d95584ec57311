from datetime import date

from monitor.core.errors import Reason
from monitor.store import settings, streams
from monitor.store.database import Database
from monitor.store.streams import StreamState
from tests.store.building import OPPORTUNITIES, PROJECTS, at

DAY = date(2026, 3, 1)


def state_of(database: Database) -> StreamState:
    with database.read() as connection:
        return streams.load_stream_state(connection, OPPORTUNITIES)


def test_a_stream_never_looked_at_is_blank(database: Database) -> None:
    assert state_of(database) == StreamState()
    with database.read() as connection:
        assert streams.load_stream_states(connection) == {}


def test_a_complete_look_ends_the_failures_before_it(database: Database) -> None:
    with database.write() as connection:
        streams.note_attempt(connection, OPPORTUNITIES, at(1))
        streams.note_failure(connection, OPPORTUNITIES, at(2), Reason.DEADLINE, "too slow")
        streams.note_failure(connection, OPPORTUNITIES, at(3), Reason.THROTTLED, "too often")
    failing = state_of(database)
    assert (failing.failing_since, failing.failure_reason) == (at(2), Reason.THROTTLED)
    with database.write() as connection:
        streams.note_success(
            connection,
            OPPORTUNITIES,
            at(4),
            cursor=at(3),
            looked_until=at(3),
            began_at=at(3),
            was_full=False,
        )
        streams.note_swept(connection, OPPORTUNITIES, at(5))
    assert state_of(database) == StreamState(
        cursor=at(3),
        looked_until=at(3),
        look_began_at=at(3),
        last_attempt_at=at(1),
        last_success_at=at(4),
        swept_at=at(5),
    )


def test_a_failure_leaves_what_was_seen_before(database: Database) -> None:
    with database.write() as connection:
        streams.note_success(
            connection,
            OPPORTUNITIES,
            at(1),
            cursor=at(0),
            looked_until=at(0),
            began_at=at(0),
            was_full=True,
        )
        streams.note_failure(connection, OPPORTUNITIES, at(2), Reason.DEADLINE, "too slow")
    state = state_of(database)
    assert (state.cursor, state.looked_until, state.last_success_at) == (at(0), at(0), at(1))


def test_a_request_to_read_everything_is_met_by_a_full_look_only(database: Database) -> None:
    with database.write() as connection:
        streams.request_full(connection, OPPORTUNITIES)
        streams.note_success(
            connection,
            OPPORTUNITIES,
            at(1),
            cursor=at(0),
            looked_until=at(0),
            began_at=at(0),
            was_full=False,
        )
    assert state_of(database).full_requested
    with database.write() as connection:
        streams.note_success(
            connection,
            OPPORTUNITIES,
            at(1),
            cursor=at(0),
            looked_until=at(0),
            began_at=at(0),
            was_full=True,
        )
    assert not state_of(database).full_requested


def test_streams_are_apart(database: Database) -> None:
    with database.write() as connection:
        streams.save_cursor(connection, OPPORTUNITIES, at(1))
        streams.save_cursor(connection, PROJECTS, at(2))
    with database.read() as connection:
        states = streams.load_stream_states(connection)
    assert {stream: state.cursor for stream, state in states.items()} == {
        OPPORTUNITIES: at(1),
        PROJECTS: at(2),
    }


def test_calls_add_up_by_day_and_system(database: Database) -> None:
    with database.write() as connection:
        streams.add_calls(connection, "crm", DAY, 3)
        streams.add_calls(connection, "crm", DAY, 4)
        streams.add_calls(connection, "erp", DAY, 1)
        assert streams.calls_on(connection, "crm", DAY) == 7
        assert streams.calls_on(connection, "crm", date(2026, 3, 2)) == 0


def test_a_setting_is_kept_changed_and_forgotten(database: Database) -> None:
    with database.write() as connection:
        assert settings.load_setting(connection, "rules") is None
        settings.save_setting(connection, "rules", "a")
        settings.save_setting(connection, "rules", "b")
        assert settings.load_setting(connection, "rules") == "b"
        settings.forget_setting(connection, "rules")
        assert settings.load_setting(connection, "rules") is None
