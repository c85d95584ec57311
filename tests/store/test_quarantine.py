from monitor.core.model import Reject, RejectReason
from monitor.store import quarantine
from monitor.store.database import Database
from tests.store.building import OPPORTUNITIES, PROJECTS, at

NAMED = Reject("7", RejectReason.WRONG_TYPE, "amount is no number", '{"id": 7, "amount": "x"}')
NAMELESS = Reject(None, RejectReason.NO_ID, "no id", '{"amount": 1}')


def test_a_row_set_aside_again_is_kept_once_with_its_first_date(database: Database) -> None:
    later = Reject("7", RejectReason.NO_KEY, "no deal", "{}")
    with database.write() as connection:
        quarantine.set_aside(connection, OPPORTUNITIES, [NAMED, NAMELESS, NAMELESS], at(1))
        quarantine.set_aside(connection, OPPORTUNITIES, [later, NAMELESS], at(2))
        held = quarantine.in_quarantine(connection)
    assert {(each.reject, each.first_seen_at, each.last_seen_at) for each in held} == {
        (later, at(1), at(2)),
        (NAMELESS, at(1), at(2)),
    }


def test_a_good_read_of_the_same_record_releases_it(database: Database) -> None:
    with database.write() as connection:
        quarantine.set_aside(connection, OPPORTUNITIES, [NAMED, NAMELESS], at(1))
        quarantine.set_aside(connection, PROJECTS, [NAMED], at(1))
        assert quarantine.release(connection, OPPORTUNITIES, ["6", "7"], at(2)) == 1
        assert quarantine.release(connection, OPPORTUNITIES, ["6", "7"], at(3)) == 0
        assert quarantine.count_in_quarantine(connection) == {
            (OPPORTUNITIES, RejectReason.NO_ID): 1,
            (PROJECTS, RejectReason.WRONG_TYPE): 1,
        }
        assert quarantine.depths(connection) == {OPPORTUNITIES: 1, PROJECTS: 1}


def test_a_released_row_that_is_wrong_again_is_set_aside_again(database: Database) -> None:
    with database.write() as connection:
        quarantine.set_aside(connection, OPPORTUNITIES, [NAMED], at(1))
        quarantine.release(connection, OPPORTUNITIES, ["7"], at(2))
        quarantine.set_aside(connection, OPPORTUNITIES, [NAMED], at(3))
        (held,) = quarantine.in_quarantine(connection, OPPORTUNITIES)
    assert (held.stream, held.reject, held.last_seen_at) == (OPPORTUNITIES, NAMED, at(3))


def test_nothing_to_set_aside_is_no_work(database: Database) -> None:
    with database.write() as connection:
        quarantine.set_aside(connection, OPPORTUNITIES, [], at(1))
        assert quarantine.release(connection, OPPORTUNITIES, [], at(1)) == 0
        assert quarantine.in_quarantine(connection) == []
