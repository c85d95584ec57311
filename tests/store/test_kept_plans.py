"""Plans in the store: what is kept comes back to the letter, and each step is taken once."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text

from monitor.core.corrections import (
    Correction,
    CorrectionState,
    Fix,
    Mode,
    Plan,
    PlanState,
    encode_plan,
)
from monitor.core.entities import ENTITIES
from monitor.core.errors import Permanent
from monitor.core.model import FieldType, StreamId, Value, decode_value, encode_value
from monitor.core.plan_documents import decode_plan
from monitor.core.writing import Operation, Write
from monitor.store import approvals, holdings, plans
from monitor.store.correction_tables import correction, correction_step
from monitor.store.database import Database
from tests.store.building import PROJECTS, at, refers

FIELDS = {PROJECTS: ENTITIES["project"]}


def an_update(native_id: str = "7", **after: Value) -> Write:
    before: dict[str, Value] = dict.fromkeys(after)
    return Write(Operation.UPDATE, PROJECTS, native_id, (refers("OPP-1"),), "v" * 32, before, after)


def a_correction(fingerprint: str = "f" * 24, write: Write | None = None) -> Correction:
    return Correction(
        fingerprint=fingerprint,
        break_id=fingerprint[:10],
        transaction="OPP-1",
        rule="amounts",
        fix=Fix.HAND_OVER if write is None else Fix.UPDATE,
        write=write,
        value_at_risk=Decimal("10.00"),
        currency="EUR",
        why="crm.opportunity 1 says so",
    )


def a_plan(*corrections: Correction, minutes: float = 0, requester: str = "rita") -> Plan:
    given_ones = corrections or (a_correction(write=an_update(amount=Decimal("100.00"))),)
    return Plan(
        "sales", Mode.PROPOSE, requester, at(minutes), at(minutes + 240), "p" * 64, given_ones
    )


VALUES: dict[FieldType, st.SearchStrategy[Value]] = {
    FieldType.TEXT: st.text(),
    FieldType.INTEGER: st.integers(-(2**63), 2**63 - 1),
    FieldType.DECIMAL: st.decimals(-(10**20), 10**20, places=6),
    FieldType.BOOLEAN: st.booleans(),
    FieldType.INSTANT: st.datetimes(timezones=st.just(UTC)),
    FieldType.DATE: st.dates(),
}


@given(st.data())
def test_a_value_comes_back_as_it_was(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(FieldType))
    value = data.draw(st.none() | VALUES[kind])
    assert decode_value(kind, encode_value(value)) == value


@pytest.mark.parametrize(
    ("kind", "encoded"),
    [
        (FieldType.DECIMAL, "NaN"),
        (FieldType.DECIMAL, 5),
        (FieldType.INTEGER, True),
        (FieldType.BOOLEAN, 1),
        (FieldType.INSTANT, "2026-01-01T00:00:00"),
        (FieldType.TEXT, 7),
        (FieldType.DATE, "tomorrow"),
    ],
)
def test_a_value_of_another_type_is_refused(kind: FieldType, encoded: str | int | bool) -> None:
    with pytest.raises(ValueError, match=r"this is no|isoformat"):
        decode_value(kind, encoded)


def test_a_plan_comes_back_to_the_letter() -> None:
    write = an_update(amount=Decimal("1.10"), start_on=date(2026, 3, 1), name=None)
    kept = a_plan(a_correction(write=write), a_correction("a" * 24))
    assert decode_plan(encode_plan(kept), kept.hash, FIELDS) == kept


def test_a_plan_that_was_altered_is_refused() -> None:
    kept = a_plan()
    altered = encode_plan(kept).replace("100.00", "900.00")
    with pytest.raises(Permanent, match="not what its hash says"):
        decode_plan(altered, kept.hash, FIELDS)


def test_a_plan_whose_fields_are_gone_is_refused() -> None:
    kept = a_plan()
    with pytest.raises(Permanent, match="make a new one"):
        decode_plan(encode_plan(kept), kept.hash, {PROJECTS: {}})
    with pytest.raises(Permanent, match="make a new one"):
        decode_plan(encode_plan(kept), kept.hash, {StreamId("erp", "invoice"): {}})


def test_a_kept_plan_is_found_by_twelve_digits(database: Database) -> None:
    kept = a_plan()
    with database.write() as connection:
        plans.keep_plan(connection, kept)
        found = plans.find_plan(connection, kept.id.upper())
        assert found == kept.hash
        loaded = plans.load_plan(connection, kept.hash, FIELDS)
        assert loaded is not None
        assert loaded.plan == kept
        assert loaded.state is PlanState.PROPOSED
        assert loaded.entry.corrections == 1
        assert plans.find_plan(connection, "0" * 12) is None
        with pytest.raises(Permanent, match="at least 12"):
            plans.find_plan(connection, kept.hash[:11])


def test_a_plan_moves_only_from_the_state_that_it_is_in(database: Database) -> None:
    kept = a_plan()
    with database.write() as connection:
        plans.keep_plan(connection, kept)
        proposed, approved = PlanState.PROPOSED, PlanState.APPROVED
        assert plans.move_plan(connection, kept.hash, proposed, approved, "", at(1))
        assert not plans.move_plan(connection, kept.hash, proposed, approved, "", at(1))
        [entry] = plans.list_plans(connection, states=[approved])
        assert (entry.ended_at, entry.ended_why) == (None, "")


def test_what_a_plan_leaves_undone_is_dropped_with_it(database: Database) -> None:
    kept = a_plan(a_correction(write=an_update(name="x")), a_correction("a" * 24))
    with database.write() as connection:
        plans.keep_plan(connection, kept)
        rejected = PlanState.REJECTED
        assert plans.move_plan(
            connection, kept.hash, PlanState.PROPOSED, rejected, "too early", at(2)
        )
        rows = connection.execute(select(correction).order_by(correction.c.position)).all()
        assert {row.state for row in rows} == {CorrectionState.DROPPED.value}
        assert {row.ended_at for row in rows} == {at(2)}
        steps = connection.execute(select(correction_step)).all()
        assert {(step.sequence, step.before, step.after) for step in steps} == {
            (1, "planned", "dropped")
        }
        [entry] = plans.list_plans(connection, flow="sales")
        assert (entry.state, entry.ended_at, entry.ended_why) == (rejected, at(2), "too early")


def test_everybody_speaks_once(database: Database) -> None:
    kept = a_plan()
    with database.write() as connection:
        plans.keep_plan(connection, kept)
        assert approvals.add_approval(connection, kept.hash, "ann", "fine", at(1), is_approved=True)
        assert not approvals.add_approval(
            connection, kept.hash, "ann", "no", at(2), is_approved=False
        )
        [said] = approvals.approvals_of(connection, kept.hash)
        assert (said.who, said.is_approved, said.why, said.at) == ("ann", True, "fine", at(1))


def test_what_is_said_cannot_be_unsaid(database: Database) -> None:
    kept = a_plan()
    with database.write() as connection:
        plans.keep_plan(connection, kept)
        approvals.add_approval(connection, kept.hash, "ann", "fine", at(1), is_approved=True)
    with pytest.raises(Permanent), database.write() as connection:
        connection.execute(text("DELETE FROM approval"))


def test_only_waiting_plans_are_overdue(database: Database) -> None:
    waiting, over = a_plan(), a_plan(minutes=1)
    with database.write() as connection:
        plans.keep_plan(connection, waiting)
        plans.keep_plan(connection, over, PlanState.REFUSED, "too much")
        assert plans.overdue_plans(connection, at(239)) == []
        overdue = plans.overdue_plans(connection, at(240) + timedelta(days=1))
        assert [each.hash for each in overdue] == [waiting.hash]


def test_open_plans_speak_for_their_breaks_and_targets(database: Database) -> None:
    write = an_update(name="x")
    kept = a_plan(a_correction(write=write))
    with database.write() as connection:
        plans.keep_plan(connection, kept)
        target = f"{PROJECTS}/7"
        held = [("f" * 24, target, kept.hash)]
        assert holdings.spoken_for(connection, ["f" * 24], [], at(1)) == held
        assert holdings.spoken_for(connection, [], [target], at(1)) == held
        assert holdings.spoken_for(connection, ["f" * 24], [target], at(1), besides=kept.hash) == []
        assert holdings.spoken_for(connection, ["f" * 24], [target], kept.expires_at) == []
        assert [each.hash for each in plans.plans_of_break(connection, "f" * 24)] == [kept.hash]
        plans.move_plan(
            connection, kept.hash, PlanState.PROPOSED, PlanState.WITHDRAWN, "gone", at(1)
        )
        assert holdings.spoken_for(connection, ["f" * 24], [target], at(1)) == []


def test_another_time_makes_another_plan() -> None:
    kept = a_plan()
    assert kept.hash != replace(kept, made_at=datetime(2026, 3, 2, tzinfo=UTC)).hash
