from collections.abc import Iterable

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from monitor.core.transactions import TransactionStatus
from monitor.store import records, touches, trace, transactions
from monitor.store.database import Database
from monitor.store.schema import business_transaction, record
from tests.store.building import (
    OPPORTUNITIES,
    PROJECTS,
    a_project,
    an_opportunity,
    at,
    defines,
    refers,
    relink,
)

MATCHED, BROKEN, UNKNOWN = (
    TransactionStatus.MATCHED,
    TransactionStatus.BROKEN,
    TransactionStatus.UNKNOWN,
)


def links_of(pairs: Iterable[tuple[str, int]]) -> pl.DataFrame:
    schema = {"transaction": pl.String, "record": pl.Int64}
    return pl.DataFrame(list(pairs), schema=schema, orient="row")


def fill(database: Database, count: int = 3) -> list[int]:
    """Ids of as many opportunities."""
    page = [an_opportunity(str(number)) for number in range(1, count + 1)]
    with database.write() as connection:
        records.save_page(connection, OPPORTUNITIES, page, at(0))
        return list(connection.execute(select(record.c.id).order_by(record.c.id)).scalars())


def link_up(database: Database, flow: str, pairs: list[tuple[str, int]], ids: list[int]) -> None:
    with database.write() as connection:
        relink(connection, flow, links_of(pairs), ids)


def members(database: Database, flow: str, key: str) -> set[str]:
    with database.read() as connection:
        return {each.native_id for each in trace.records_of(connection, flow, key)}


def test_links_are_replaced_for_the_given_records_alone(database: Database) -> None:
    first, second, third = ids = fill(database)
    link_up(database, "sales", [("A", first), ("A", second), ("B", third)], ids)
    link_up(database, "sales", [("C", second)], [second])
    assert [members(database, "sales", key) for key in "ABC"] == [{"1"}, {"3"}, {"2"}]
    with database.read() as connection:
        found = transactions.load_links(connection, "sales", [second, third])
        assert set(found["transaction"]) == {"B", "C"}


def test_transactions_with_a_record_are_told_once_and_without_those_known(
    database: Database,
) -> None:
    first, second, third = ids = fill(database)
    link_up(database, "sales", [("A", first), ("A", second), ("B", second), ("C", third)], ids)
    with database.read() as connection:
        found = transactions.transactions_with(connection, [first, second], besides=())
        assert found.len() == 2
        joined = transactions.load_members(connection, "sales", found.to_list())
        known = joined.filter(transaction="A")["transaction_id"].unique().to_list()
        others = transactions.transactions_with(connection, [first, second], besides=known)
        told = transactions.load_members(connection, "sales", others.to_list())
    pairs = {("A", first), ("A", second), ("B", second)}
    assert set(joined.select("transaction", "record").iter_rows()) == pairs
    assert told.select("transaction", "record").rows() == [("B", second)]


def test_a_record_may_be_in_several_transactions_and_flows(database: Database) -> None:
    first, *_ = fill(database)
    link_up(database, "sales", [("A", first), ("B", first)], [first])
    link_up(database, "hiring", [("A", first)], [first])
    link_up(database, "hiring", [], [first])
    assert members(database, "sales", "A") == members(database, "sales", "B") == {"1"}
    assert members(database, "hiring", "A") == set()


def test_a_status_keeps_its_beginning_while_it_lasts(database: Database) -> None:
    first, *_ = fill(database)
    link_up(database, "sales", [("A", first)], [first])
    for minute, status in ((1, MATCHED), (2, MATCHED), (3, BROKEN), (4, BROKEN)):
        with database.write() as connection:
            transactions.save_statuses(connection, "sales", {"A": status}, at(minute))
            (found,) = trace.find_transactions(connection)
        assert (found.status, found.status_since, found.evaluated_at) == (
            status,
            at(1 if status is MATCHED else 3),
            at(minute),
        )


STEPS = st.lists(
    st.dictionaries(st.sampled_from("ABCDE"), st.sampled_from(TransactionStatus), max_size=5),
    max_size=6,
)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_the_counts_by_status_are_those_of_a_recount(
    database: Database, steps: list[dict[str, TransactionStatus]]
) -> None:
    with database.write() as connection:
        for minute, statuses in enumerate(steps):
            first = connection.execute(select(func.min(record.c.id))).scalar()
            if first is None:
                records.save_page(connection, OPPORTUNITIES, [an_opportunity()], at(0))
                first = connection.execute(select(func.min(record.c.id))).scalar_one()
            pairs = [(key, first) for key in statuses]
            relink(connection, "sales", links_of(pairs), [first])
            transactions.save_statuses(connection, "sales", statuses, at(minute))
        recount = dict.fromkeys(TransactionStatus, 0)
        group = select(business_transaction.c.status, func.count()).group_by("status")
        for status, count in connection.execute(group):
            recount[TransactionStatus(status)] = count
        assert transactions.count_by_status(connection, "sales") == recount
        connection.rollback()


def test_a_transaction_is_due_when_its_deadline_has_passed(database: Database) -> None:
    ids = fill(database)
    link_up(database, "sales", list(zip("ABC", ids, strict=True)), ids)
    with database.write() as connection:
        transactions.replace_deadlines(
            connection, "sales", ["A", "B", "C"], {"A": at(5), "B": at(3)}
        )
        assert transactions.due_transactions(connection, "sales", at(2), 9) == []
        assert transactions.due_transactions(connection, "sales", at(5), 9) == ["B", "A"]
        assert transactions.due_transactions(connection, "sales", at(5), 1) == ["B"]
        assert transactions.due_transactions(connection, "hiring", at(5), 9) == []
        transactions.replace_deadlines(connection, "sales", ["A", "B"], {"B": at(8)})
        assert transactions.due_transactions(connection, "sales", at(9), 9) == ["B"]


def test_transactions_can_be_made_due_by_status_or_all(database: Database) -> None:
    ids = fill(database)
    link_up(database, "sales", list(zip("ABC", ids, strict=True)), ids)
    with database.write() as connection:
        transactions.save_statuses(connection, "sales", {"A": MATCHED, "B": MATCHED}, at(1))
        transactions.replace_deadlines(connection, "sales", ["A", "C"], {"A": at(-9), "C": at(9)})
        transactions.make_due(connection, "sales", UNKNOWN, at(2))
        assert transactions.due_transactions(connection, "sales", at(2), 9) == ["A", "C"]
        transactions.make_all_due(connection, "sales", at(3))
        assert transactions.due_transactions(connection, "sales", at(3), 9) == ["A", "C", "B"]


def test_marks_are_taken_oldest_first_and_stay_until_cleared(database: Database) -> None:
    first, second, third = fill(database)
    with database.write() as connection:
        taken = touches.take_touched(connection, 2)
        assert [mark.record_id for mark in taken] == [first, second]
        assert touches.take_touched(connection, 2) == taken
        touches.clear_touched(connection, [mark.id for mark in taken])
        (last,) = touches.take_touched(connection, 2)
        assert last.record_id == third
        assert touches.touches_of(connection, [second, third]) == [last.id]


def test_clearing_marks_never_clears_one_that_came_later(database: Database) -> None:
    fill(database, 1)
    with database.write() as connection:
        (taken,) = touches.take_touched(connection, 9)
        touches.clear_touched(connection, [taken.id])
        touches.touch_unlinked(connection, "sales")
        touches.clear_touched(connection, [taken.id])
        assert touches.count_touched(connection) == 1


def test_records_in_no_transaction_can_be_marked(database: Database) -> None:
    first, second, _ = fill(database)
    link_up(database, "sales", [("A", first)], [first])
    with database.write() as connection:
        marks = touches.take_touched(connection, 9)
        touches.clear_touched(connection, [mark.id for mark in marks])
        touches.touch_unlinked(connection, "sales")
        assert second in {mark.record_id for mark in touches.take_touched(connection, 9)}
        assert first not in {mark.record_id for mark in touches.take_touched(connection, 9)}


def test_transactions_are_found_by_key_record_and_status(database: Database) -> None:
    with database.write() as connection:
        records.save_page(connection, OPPORTUNITIES, [an_opportunity("006X")], at(0))
        project = a_project("p-1", refers("OPP-1"), defines("PRJ-9", "project"))
        records.save_page(connection, PROJECTS, [project], at(0))
        ids = dict(connection.execute(select(record.c.native_id, record.c.id)).all())
        pairs = [("OPP-1", ids["006X"]), ("OPP-1", ids["p-1"]), ("50%", ids["006X"])]
        relink(connection, "sales", links_of(pairs), list(ids.values()))
        transactions.save_statuses(connection, "sales", {"OPP-1": BROKEN}, at(1))

        def found(**filters: object) -> list[str]:
            rows = trace.find_transactions(connection, **filters)  # type: ignore[arg-type]  # filters by name
            return [row.key for row in rows]

        assert found() == ["50%", "OPP-1"]
        assert found(text="opp") == ["OPP-1"]
        assert found(text="50%") == ["50%"]
        assert found(text="%") == found(text="PP-1") == found(text="OPP-1%") == []
        assert found(text="PRJ-9") == found(text="p-1") == ["OPP-1"]
        assert found(text="006X") == ["50%", "OPP-1"]
        assert found(status=BROKEN) == ["OPP-1"]
        assert found(flow="hiring") == []
        places = (None, trace.Place("sales", "50%"), trace.Place("sales", "OPP-1"))
        assert [found(limit=1, after=place) for place in places] == [["50%"], ["OPP-1"], []]


def test_a_trace_shows_every_record_with_its_past(database: Database) -> None:
    first, *_ = fill(database, 1)
    changed = an_opportunity("1", defines("OPP-9"), status="lost", modified_at=at(1))
    with database.write() as connection:
        records.save_page(connection, OPPORTUNITIES, [changed], at(2))
        records.mark_deleted(connection, OPPORTUNITIES, ["1"], at(3))
        relink(connection, "sales", links_of([("A", first)]), [first])
        (found,) = trace.records_of(connection, "sales", "A")
    assert (found.stream, found.native_id, found.entity) == (OPPORTUNITIES, "1", "opportunity")
    assert (found.fields, found.deleted) == ({"amount": "100.00", "status": "lost"}, True)
    assert (found.keys, found.modified_at, found.observed_at) == ((defines("OPP-9"),), at(1), at(3))
    assert [
        (version.fields["status"], version.keys, version.observed_at, version.replaced_at)
        for version in found.versions
    ] == [
        ("won", (defines("OPP-1"),), at(0), at(2)),
        ("lost", (defines("OPP-9"),), at(2), at(3)),
    ]
