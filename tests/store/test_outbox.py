import threading
from decimal import Decimal

from monitor.core.breaks import BreakKind, Severity
from monitor.core.errors import Reason
from monitor.core.notices import Notice, NoticeKind
from monitor.store import outbox
from monitor.store.database import Database
from monitor.store.outbox import OutboxState, Parcel
from tests.store.building import at


def a_notice(notice_id: str = "n1") -> Notice:
    return Notice(
        id=notice_id,
        kind=NoticeKind.OPENED,
        at=at(0),
        severity=Severity.CRITICAL,
        title="Amount differs <b>",
        break_kind=BreakKind.MISMATCH,
        value_at_risk=Decimal("1234567890123456.789100"),
        currency="EUR",
        since=at(-5),
    )


def claim(database: Database, minute: float, limit: int = 10) -> list[Parcel]:
    with database.write() as connection:
        return outbox.claim_due(connection, at(minute), limit)


def put(database: Database, *ids: str, minute: float = 0) -> None:
    with database.write() as connection:
        for notice_id in ids:
            outbox.enqueue(connection, a_notice(notice_id), ["slack"], at(minute))


def test_a_notice_comes_out_as_it_went_in(database: Database) -> None:
    put(database, "n1")
    (parcel,) = claim(database, 1)
    assert (parcel.notice, parcel.channel, parcel.attempts) == (a_notice("n1"), "slack", 1)


def test_a_notice_is_put_in_once_a_channel(database: Database) -> None:
    with database.write() as connection:
        outbox.enqueue(connection, a_notice(), ["slack", "webhook"], at(0))
        outbox.enqueue(connection, a_notice(), ["slack", "webhook"], at(1))
        outbox.enqueue(connection, a_notice(), [], at(1))
        assert outbox.depths(connection)[OutboxState.PENDING] == 2


def test_a_sent_notice_is_not_put_in_again(database: Database) -> None:
    put(database, "n1")
    (parcel,) = claim(database, 1)
    with database.write() as connection:
        outbox.mark_sent(connection, parcel.id, "ts 1", at(2))
    put(database, "n1")
    assert claim(database, 9) == []


def test_what_is_claimed_is_claimed_once_and_in_order(database: Database) -> None:
    put(database, "n1", "n2", "n3")
    assert [parcel.notice.id for parcel in claim(database, 1, limit=2)] == ["n1", "n2"]
    assert [parcel.notice.id for parcel in claim(database, 1, limit=2)] == ["n3"]
    assert claim(database, 1) == []


def test_two_drains_at_once_never_claim_the_same(database: Database) -> None:
    put(database, *(f"n{number}" for number in range(60)))
    claimed: list[str] = []

    def drain() -> None:
        while parcels := claim(database, 1, limit=7):
            claimed.extend(parcel.notice.id for parcel in parcels)

    threads = [threading.Thread(target=drain) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == sorted(f"n{number}" for number in range(60))


def test_what_is_not_due_waits(database: Database) -> None:
    put(database, "n1", minute=5)
    assert claim(database, 4) == []
    assert len(claim(database, 5)) == 1


def test_a_postponed_notice_is_due_later_and_counts_its_attempts(database: Database) -> None:
    put(database, "n1")
    (parcel,) = claim(database, 1)
    with database.write() as connection:
        outbox.postpone(connection, parcel.id, at(5), Reason.THROTTLED)
    assert claim(database, 4) == []
    (again,) = claim(database, 5)
    assert (again.id, again.attempts) == (parcel.id, 2)


def test_what_a_crash_left_in_between_is_found(database: Database) -> None:
    put(database, "n1", "n2", "n3")
    sent, _ = claim(database, 1, limit=2)
    with database.write() as connection:
        outbox.mark_sent(connection, sent.id, "", at(2))
        assert [parcel.notice.id for parcel in outbox.interrupted(connection)] == ["n2"]


def test_only_what_is_being_sent_can_be_settled(database: Database) -> None:
    put(database, "n1")
    (parcel,) = claim(database, 1)
    with database.write() as connection:
        outbox.mark_dead(connection, parcel.id, Reason.REFUSED)
        outbox.mark_sent(connection, parcel.id, "", at(2))
        outbox.postpone(connection, parcel.id, at(0), Reason.THROTTLED)
        assert outbox.depths(connection) == {
            OutboxState.PENDING: 0,
            OutboxState.SENDING: 0,
            OutboxState.DEAD: 1,
        }
