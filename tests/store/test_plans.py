"""What a cycle asks of the store is answered through indices: cost follows the change."""

import re
from typing import Any

import polars as pl
from sqlalchemy import Connection, event, select

from monitor.core.breaks import Transition, TransitionKind
from monitor.core.model import Reject, RejectReason
from monitor.core.transactions import TransactionStatus
from monitor.store import (
    breaks,
    frames,
    outbox,
    quarantine,
    records,
    streams,
    touches,
    transactions,
)
from monitor.store.database import Database
from monitor.store.neighbourhood import explore
from monitor.store.schema import metadata, record
from tests.store.building import OPPORTUNITIES, PROJECTS, a_break, an_opportunity, at, relink
from tests.store.test_outbox import a_notice

Statement = tuple[str, Any]

WITH_THE_ESTATE = {
    "break",
    "break_transition",
    "business_transaction",
    "deadline",
    "link",
    "outbox",
    "quarantine",
    "record",
    "record_key",
    "record_version",
}
"""Tables that grow with the estate or with time."""


def do_what_a_cycle_does(connection: Connection) -> None:
    page = [an_opportunity(str(number), status="lost", modified_at=at(2)) for number in range(5)]
    records.save_page(connection, OPPORTUNITIES, [*page, an_opportunity("new")], at(3))
    records.mark_deleted(connection, OPPORTUNITIES, ["6"], at(3))
    reject = Reject("7", RejectReason.NO_KEY, "no deal", "{}")
    quarantine.set_aside(connection, OPPORTUNITIES, [reject], at(3))
    quarantine.release(connection, OPPORTUNITIES, ["7"], at(3))
    streams.save_cursor(connection, OPPORTUNITIES, at(3))
    changed = [mark.record_id for mark in touches.take_touched(connection, 10)]
    due = transactions.due_transactions(connection, "sales", at(9), 10)
    near = explore(connection, "sales", changed, due, ["deal"])
    members, looked_at = near.records, set(near.links["transaction"])
    marks = touches.touches_of(connection, members)
    links = pl.DataFrame({"transaction": ["OPP-1", "OPP-new"], "record": members[:2]})
    frames.load_frames(connection, links, {OPPORTUNITIES: {}, PROJECTS: {}})
    breaks.load_breaks(connection, "sales", looked_at)
    relink(connection, "sales", links, members)
    step = Transition(TransitionKind.OPENED, a_break(), None, at(3), "found")
    breaks.apply_transitions(connection, [step], "tieout")
    breaks.note_seen(connection, [a_break().fingerprint], at(3))
    statuses = {"OPP-1": TransactionStatus.BROKEN}
    transactions.save_statuses(connection, "sales", statuses, at(3))
    transactions.replace_deadlines(connection, "sales", looked_at, {"OPP-1": at(5)})
    touches.clear_touched(connection, marks)
    outbox.enqueue(connection, a_notice(), ["slack"], at(3))
    for parcel in outbox.claim_due(connection, at(4), 10):
        outbox.mark_sent(connection, parcel.id, "", at(4))
    transactions.count_by_status(connection, "sales")
    breaks.open_counts(connection)
    breaks.value_at_risk(connection)
    breaks.standing_breaks(connection)
    outbox.depths(connection)


def test_no_statement_of_a_cycle_reads_a_whole_table(sqlite_database: Database) -> None:
    asked: list[Statement] = []

    def note(
        _connection: object, _cursor: object, statement: str, parameters: Any, *_: object
    ) -> None:
        many = isinstance(parameters, list)
        asked.append((statement, parameters[0] if many else parameters))

    with sqlite_database.write() as connection:
        page = [an_opportunity(str(number)) for number in range(300)]
        records.save_page(connection, OPPORTUNITIES, page, at(0))
        ids = connection.execute(select(record.c.id).order_by(record.c.id)).scalars().all()
        keys = [f"OPP-{number}" for number in range(300)]
        links = pl.DataFrame({"transaction": keys, "record": ids})
        relink(connection, "sales", links, ids)
        event.listen(connection, "before_cursor_execute", note)
        do_what_a_cycle_does(connection)
        event.remove(connection, "before_cursor_execute", note)
        assert len(asked) > 40
        for statement, parameters in asked:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            assert [step for *_, step in plan if reads_a_whole(step)] == [], statement


def reads_a_whole(step: str) -> bool:
    """Whether a step of a plan reads a growing table, or all that it has of a stream or flow."""
    found = re.match(r"(SCAN|SEARCH) (\w+)", step)
    if found is None or found[2] not in WITH_THE_ESTATE:
        return False
    return found[1] == "SCAN" or re.search(r"\((stream|flow|kind)=\?\)$", step) is not None


def test_the_tables_that_grow_exist() -> None:
    assert metadata.tables.keys() >= WITH_THE_ESTATE
