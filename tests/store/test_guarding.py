"""What guards and plans ask of the store, on either database."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import select, update

from monitor.core.breaks import BreakState, Transition, TransitionKind
from monitor.core.corrections import CorrectionState, Guard, Halt, PlanState, Refusal
from monitor.core.entities import ENTITIES
from monitor.core.model import FieldType
from monitor.store import breaks, holdings, plans, records, statistics
from monitor.store.audit import append_audit
from monitor.store.corrections import corrections_of, move_correction
from monitor.store.database import Database
from monitor.store.halts import forget_halt, load_halt, save_halt
from monitor.store.populations import (
    count_lost,
    count_records,
    listed_populations,
    newest_stamp,
)
from monitor.store.record_states import load_by_key, load_by_native_id, load_by_number
from monitor.store.refusals import count_refused, refusals_of, replace_refusals
from monitor.store.schema import breaks as break_table
from monitor.store.schema import record
from tests.store.building import (
    OPPORTUNITIES,
    PROJECTS,
    START,
    a_break,
    a_project,
    an_opportunity,
    at,
    defines,
    refers,
)
from tests.store.test_kept_plans import a_correction, a_plan

FIELDS = {OPPORTUNITIES: ENTITIES["opportunity"], PROJECTS: ENTITIES["project"]}


def test_records_come_back_whole_with_their_version(database: Database) -> None:
    kept = an_opportunity("1", start_on=date(2026, 3, 1), closed_at=START, name=None)
    with database.write() as connection:
        records.save_page(connection, OPPORTUNITIES, [kept, an_opportunity("2")], at(0))
        records.mark_deleted(connection, OPPORTUNITIES, ["2"], at(1))
        numbers = connection.execute(select(record.c.id)).scalars().all()
        assert load_by_number(connection, numbers, FIELDS) == {numbers[0]: kept}
        found = load_by_native_id(connection, OPPORTUNITIES, ["1", "2", "3"], FIELDS)
        assert found == {"1": kept}
        assert found["1"].version == kept.version


def test_records_are_found_by_any_of_their_keys(database: Database) -> None:
    first, second = a_project("1", refers("OPP-1")), a_project("2", refers("OPP-2"))
    with database.write() as connection:
        records.save_page(connection, PROJECTS, [first, second], at(0))
        wanted = [defines("OPP-1"), defines("OPP-9"), refers("OPP-2", kind="contract")]
        assert load_by_key(connection, PROJECTS, wanted, FIELDS) == [first]
        assert load_by_key(connection, PROJECTS, [], FIELDS) == []
        assert load_by_key(connection, OPPORTUNITIES, wanted, FIELDS) == []


def test_a_record_that_no_longer_fits_its_fields_is_no_record(database: Database) -> None:
    with database.write() as connection:
        records.save_page(connection, OPPORTUNITIES, [an_opportunity("1")], at(0))
        others = {OPPORTUNITIES: {**ENTITIES["opportunity"], "amount": FieldType.DATE}}
        assert load_by_native_id(connection, OPPORTUNITIES, ["1"], others) == {}
        assert load_by_native_id(connection, OPPORTUNITIES, ["1"], {}) == {}
        connection.execute(update(record).values(version="0" * 32))
        assert load_by_native_id(connection, OPPORTUNITIES, ["1"], FIELDS) == {}


def test_populations_are_those_that_are_there_were_lost_and_were_listed(
    database: Database,
) -> None:
    day = timedelta(days=1)
    with database.write() as connection:
        page = [an_opportunity(str(number)) for number in range(5)]
        records.save_page(connection, OPPORTUNITIES, page, at(0))
        records.mark_deleted(connection, OPPORTUNITIES, ["1"], START)
        records.mark_deleted(connection, OPPORTUNITIES, ["2"], START + day)
        for days, population in ((0, 5), (1, 4), (2, 3)):
            now = START + days * day
            statistics.note_look(connection, OPPORTUNITIES, now, population=population)
        assert count_records(connection, OPPORTUNITIES) == 3
        assert count_lost(connection, OPPORTUNITIES, START + day) == 1
        assert count_lost(connection, OPPORTUNITIES, START) == 2
        until = START + 2 * day
        assert sorted(listed_populations(connection, OPPORTUNITIES, START, until)) == [4, 5]
        assert listed_populations(connection, PROJECTS, START, until) == []


def test_the_newest_stamp_is_the_latest_of_all_that_we_stamped(database: Database) -> None:
    with database.write() as connection:
        assert newest_stamp(connection) is None
        append_audit(connection, at=at(3), who="ann", action="x", subject="y", detail={})
        assert newest_stamp(connection) == at(3)
        plans.keep_plan(connection, a_plan(minutes=5))
        assert newest_stamp(connection) == at(5)


def test_a_halt_is_kept_as_it_was_said(database: Database) -> None:
    said = Halt("eve", "audit", datetime(2026, 3, 1, 12, tzinfo=UTC))
    with database.write() as connection:
        assert load_halt(connection) is None
        save_halt(connection, said)
        assert load_halt(connection) == said
        forget_halt(connection)
        assert load_halt(connection) is None


def test_refusals_are_those_of_the_last_planning(database: Database) -> None:
    found = a_break()
    step = Transition(TransitionKind.OPENED, found, None, at(0), "found")
    name = found.fingerprint
    with database.write() as connection:
        breaks.apply_transitions(connection, [step], "tieout")
        told = [
            Refusal(Guard.SHARE, "too many", name),
            Refusal(Guard.SHARE, "the same again", name),
            Refusal(Guard.COUNT, "too many", name),
            Refusal(Guard.COUNT, "of no break", "f" * 24),
        ]
        replace_refusals(connection, [name], told, at(0))
        assert {each.guard for each in refusals_of(connection, name)} == {Guard.SHARE, Guard.COUNT}
        assert count_refused(connection) == {Guard.SHARE: 1, Guard.COUNT: 1}
        replace_refusals(connection, [name], [Refusal(Guard.CLOCK, "wrong", name)], at(1))
        assert refusals_of(connection, name) == [Refusal(Guard.CLOCK, "wrong", name)]
        replace_refusals(connection, [name], [], at(2))
        assert count_refused(connection) == {}


def test_what_was_handed_over_stays_so_until_it_opens_again(database: Database) -> None:
    opened = a_break()
    name = opened.fingerprint
    with database.write() as connection:
        step = Transition(TransitionKind.OPENED, opened, None, at(0), "found")
        breaks.apply_transitions(connection, [step], "tieout")
        kept = a_plan(a_correction(name))
        plans.keep_plan(connection, kept)
        assert holdings.handed_over(connection, [name]) == set()
        [entry] = corrections_of(connection, kept.hash)
        move_correction(
            connection,
            entry.id,
            {CorrectionState.PLANNED},
            CorrectionState.HANDED_OVER,
            who="tieout",
            why="told",
            at=(opened.opened_at or START) + timedelta(minutes=1),
        )
        assert holdings.handed_over(connection, [name]) == {name}
        connection.execute(
            update(break_table).values(
                opened_at=(opened.opened_at or START) + timedelta(minutes=2),
                state=BreakState.OPEN.value,
            )
        )
        assert holdings.handed_over(connection, [name]) == set()


def test_a_refused_plan_is_known_by_what_it_would_do(database: Database) -> None:
    with database.write() as connection:
        refused = a_plan()
        assert not plans.was_refused(connection, refused)
        plans.keep_plan(connection, refused, PlanState.REFUSED, "too much")
        assert plans.was_refused(connection, a_plan(minutes=1, requester="ron"))
        assert not plans.was_refused(connection, a_plan(a_correction("a" * 24)))
