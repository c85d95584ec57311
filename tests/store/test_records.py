from datetime import datetime
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from monitor.core.model import Record, encode_fields
from monitor.store import records, touches
from monitor.store.database import Database
from monitor.store.history import state_as_of
from monitor.store.schema import record, record_key, record_version
from tests.store.building import OPPORTUNITIES, PROJECTS, an_opportunity, at, defines, refers


def save(
    database: Database, *page: Record, now: datetime, authoritative: bool = False
) -> tuple[int, int, int]:
    with database.write() as connection:
        saved = records.save_page(connection, OPPORTUNITIES, page, now, authoritative=authoritative)
    return saved.new, saved.changed, saved.unchanged


def fields_of(database: Database) -> dict[str, str]:
    with database.read() as connection:
        return dict(connection.execute(select(record.c.native_id, record.c.fields)).all())


def keys_of(connection: Connection) -> set[tuple[str, str, str]]:
    query = select(record_key.c.role, record_key.c.kind, record_key.c.value)
    return set(connection.execute(query))


def test_a_page_is_counted_by_what_it_changed(database: Database) -> None:
    first, second = an_opportunity("1"), an_opportunity("2")
    assert save(database, first, second, now=at(1)) == (2, 0, 0)
    changed = an_opportunity("2", status="lost", modified_at=at(1))
    assert save(database, first, changed, an_opportunity("3"), now=at(2)) == (1, 1, 1)


def test_the_same_page_again_changes_nothing(database: Database) -> None:
    page = [an_opportunity(str(number)) for number in range(5)]
    save(database, *page, now=at(1))
    with database.write() as connection:
        touches.clear_touched(
            connection, [each.id for each in touches.take_touched(connection, 10)]
        )
    assert save(database, *page, now=at(2)) == (0, 0, 5)
    with database.read() as connection:
        assert touches.count_touched(connection) == 0
        assert connection.execute(select(record_version)).all() == []
        assert set(connection.execute(select(record.c.observed_at)).scalars()) == {at(1)}


def test_every_change_is_marked_to_be_looked_at(database: Database) -> None:
    save(database, an_opportunity("1"), an_opportunity("2"), now=at(1))
    save(database, an_opportunity("2", status="lost", modified_at=at(1)), now=at(2))
    with database.read() as connection:
        marks = touches.take_touched(connection, 10)
        ids = dict(connection.execute(select(record.c.native_id, record.c.id)).all())
    assert [mark.record_id for mark in marks] == [ids["1"], ids["2"], ids["2"]]


def test_a_mark_says_which_fields_changed_unless_the_record_may_have_moved(
    database: Database,
) -> None:
    save(database, an_opportunity("1"), an_opportunity("2"), now=at(1))
    changed = an_opportunity("1", status="lost", owner="A", modified_at=at(1))
    moved = an_opportunity("2", defines("OPP-9"), status="lost", modified_at=at(1))
    save(database, changed, moved, now=at(2))
    with database.read() as connection:
        marks = touches.take_touched(connection, 10)
    assert [(mark.moved, mark.fields) for mark in marks[:2]] == [(True, None)] * 2
    assert {(mark.moved, mark.fields) for mark in marks[2:]} == {
        (True, None),
        (False, '["owner","status"]'),
    }


def test_a_state_with_an_older_stamp_is_passed_over(database: Database) -> None:
    newer = an_opportunity(status="lost", modified_at=at(5))
    save(database, newer, now=at(6))
    assert save(database, an_opportunity(modified_at=at(4)), now=at(7)) == (0, 0, 1)
    assert fields_of(database) == {"1": encode_fields(newer.fields)}


def test_a_read_by_key_holds_whatever_its_stamp(database: Database) -> None:
    save(database, an_opportunity(status="lost", modified_at=at(5)), now=at(6))
    older = an_opportunity(modified_at=at(4))
    assert save(database, older, now=at(7), authoritative=True) == (0, 1, 0)
    assert fields_of(database) == {"1": encode_fields(older.fields)}


def test_a_record_twice_in_a_page_counts_as_its_newest_state(database: Database) -> None:
    newest = an_opportunity(status="lost", modified_at=at(5))
    assert save(database, newest, an_opportunity(modified_at=at(1)), now=at(6)) == (1, 0, 0)
    assert fields_of(database) == {"1": encode_fields(newest.fields)}


def test_of_equal_stamps_the_last_counts(database: Database) -> None:
    last = an_opportunity(status="lost")
    save(database, an_opportunity(), last, now=at(6))
    assert fields_of(database) == {"1": encode_fields(last.fields)}
    again = an_opportunity(status="won again")
    assert save(database, again, now=at(7)) == (0, 1, 0)


def test_a_record_without_a_stamp_is_taken_as_read(database: Database) -> None:
    save(database, an_opportunity(modified_at=None), now=at(1))
    changed = an_opportunity(status="lost", modified_at=None)
    assert save(database, changed, now=at(2)) == (0, 1, 0)
    assert fields_of(database) == {"1": encode_fields(changed.fields)}


def test_a_newer_stamp_on_the_same_state_moves_the_stamp_alone(database: Database) -> None:
    save(database, an_opportunity(modified_at=at(1)), now=at(2))
    assert save(database, an_opportunity(modified_at=at(3)), now=at(4)) == (0, 0, 1)
    assert save(database, an_opportunity(status="lost", modified_at=at(2)), now=at(5)) == (0, 0, 1)
    with database.read() as connection:
        assert connection.execute(select(record.c.modified_at)).scalar_one() == at(3)
        assert touches.count_touched(connection) == 1


def test_keys_follow_the_record(database: Database) -> None:
    save(database, an_opportunity("1", defines("A"), refers("X", "customer")), now=at(1))
    moved = an_opportunity("1", defines("B"), refers("X", "customer"), modified_at=at(1))
    save(database, moved, now=at(2))
    with database.read() as connection:
        assert keys_of(connection) == {("defines", "deal", "B"), ("refers", "customer", "X")}


def test_a_key_named_twice_is_kept_once(database: Database) -> None:
    save(database, an_opportunity("1", defines("A"), defines("A")), now=at(1))
    with database.read() as connection:
        assert keys_of(connection) == {("defines", "deal", "A")}


def test_a_deleted_record_keeps_what_was_last_seen(database: Database) -> None:
    kept = an_opportunity("1")
    save(database, kept, an_opportunity("2"), now=at(1))
    with database.write() as connection:
        assert records.mark_deleted(connection, OPPORTUNITIES, ["1", "unheard of"], at(2)) == 1
        assert records.mark_deleted(connection, OPPORTUNITIES, ["1"], at(3)) == 0
    with database.read() as connection:
        assert records.native_ids(connection, OPPORTUNITIES) == {"2"}
        assert ("defines", "deal", "OPP-1") in keys_of(connection)
        state = state_as_of(connection, OPPORTUNITIES, at(2))
    assert (state[0].fields, state[0].deleted) == (encode_fields(kept.fields), True)


def test_a_deletion_seen_by_id_is_the_same_state_as_one_seen_in_the_row(
    database: Database,
) -> None:
    save(database, an_opportunity("1"), now=at(1))
    with database.write() as connection:
        records.mark_deleted(connection, OPPORTUNITIES, ["1"], at(2))
    assert save(database, an_opportunity("1", deleted=True), now=at(3)) == (0, 0, 1)


def test_a_record_seen_again_after_its_deletion_is_there_again(database: Database) -> None:
    save(database, an_opportunity("1"), now=at(1))
    with database.write() as connection:
        records.mark_deleted(connection, OPPORTUNITIES, ["1"], at(2))
    assert save(database, an_opportunity("1"), now=at(3)) == (0, 1, 0)
    with database.read() as connection:
        assert records.native_ids(connection, OPPORTUNITIES) == {"1"}


def test_the_state_as_of_a_past_instant_can_be_read(database: Database) -> None:
    states = [an_opportunity(status=name, modified_at=at(n)) for n, name in enumerate("abc")]
    for minute, state in zip((10, 20, 30), states, strict=True):
        save(database, state, now=at(minute))
    with database.write() as connection:
        records.mark_deleted(connection, OPPORTUNITIES, ["1"], at(40))

    def seen(minute: float) -> list[tuple[str, bool]]:
        with database.read() as connection:
            state = state_as_of(connection, OPPORTUNITIES, at(minute))
        return [(each.fields, each.deleted) for each in state]

    texts = [encode_fields(state.fields) for state in states]
    assert seen(9.9) == []
    assert [seen(m) for m in (10, 19.9)] == [[(texts[0], False)]] * 2
    assert [seen(m) for m in (20, 29.9)] == [[(texts[1], False)]] * 2
    assert seen(30) == [(texts[2], False)]
    assert seen(40) == seen(99) == [(texts[2], True)]


def test_a_clock_set_back_leaves_no_instant_with_two_states(database: Database) -> None:
    save(database, an_opportunity(status="a"), now=at(10))
    save(database, an_opportunity(status="b"), now=at(5))
    save(database, an_opportunity(status="c"), now=at(20))
    with database.read() as connection:
        for minute in (4, 5, 9, 10, 15, 20, 30):
            assert len(state_as_of(connection, OPPORTUNITIES, at(minute))) <= 1
        (state,) = state_as_of(connection, OPPORTUNITIES, at(15))
    assert '"b"' in state.fields


def test_streams_do_not_see_each_other(database: Database) -> None:
    save(database, an_opportunity("1"), now=at(1))
    with database.read() as connection:
        assert records.native_ids(connection, PROJECTS) == set()


def test_money_comes_back_to_the_last_digit(database: Database) -> None:
    save(database, an_opportunity(amount=Decimal("1234567890123456.7891")), now=at(1))
    assert '"1234567890123456.7891"' in fields_of(database)["1"]


def test_a_page_may_have_more_records_than_a_statement_has_parameters(database: Database) -> None:
    page = [an_opportunity(str(number)) for number in range(33_000)]
    assert save(database, *page, now=at(1)) == (33_000, 0, 0)
    assert save(database, *page, now=at(2)) == (0, 0, 33_000)


STATES = st.builds(
    lambda number, minute: an_opportunity(
        str(number),
        defines(f"OPP-{number}"),
        refers(f"C-{minute % 3}", "customer"),
        modified_at=at(minute),
        status=f"at {minute}",
    ),
    st.integers(0, 3),
    st.integers(0, 5),
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data(), states=st.lists(STATES, min_size=1, max_size=12))
def test_any_order_and_repetition_of_pages_ends_in_the_same_state(
    database: Database, data: st.DataObject, states: list[Record]
) -> None:
    repeated = states + data.draw(st.lists(st.sampled_from(states), max_size=4))
    orders = [states, data.draw(st.permutations(repeated))]
    ends = []
    for order in orders:
        size = data.draw(st.integers(1, 5))
        with database.write() as connection:
            for start in range(0, len(order), size):
                records.save_page(
                    connection, OPPORTUNITIES, order[start : start + size], at(10 + start)
                )
            ends.append((_current(connection), keys_of(connection)))
            connection.rollback()
    assert ends[0] == ends[1]


def _current(connection: Connection) -> list[tuple[object, ...]]:
    columns = [record.c[name] for name in ("native_id", "version", "fields", "modified_at")]
    return [tuple(row) for row in connection.execute(select(*columns).order_by("native_id"))]
