"""What is passed over quietly: exactly what a whole look would have had nothing to say of."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import Select, select

from monitor import cycle, jobs, quiet
from monitor.core.errors import Permanent, Reason
from monitor.core.ports import Scope, Verdict
from monitor.core.transactions import TransactionStatus
from monitor.quiet import Quiet, find_quiet
from monitor.sight import see
from monitor.single_pass import pass_once
from monitor.store.database import Database
from monitor.store.frames import STORED_ROWS
from monitor.store.schema import (
    break_transition,
    breaks,
    business_transaction,
    deadline,
    link,
    record,
)
from monitor.store.touches import count_touched, take_touched
from tests.cycle.small_firm import OPPORTUNITY, PROJECT, SmallFirm
from tests.databases import SQLite
from tests.engine.standing import standing, statuses
from tests.engine.test_histories import STEPS, fresh, take

LEFT = (
    select(*(column for column in business_transaction.c if column.name != "id")),
    select(breaks),
    select(break_transition),
    select(business_transaction.c.key, deadline.c.due_at).join_from(deadline, business_transaction),
    select(business_transaction.c.key, record.c.native_id, link.c.stream)
    .join_from(link, business_transaction)
    .join(record, record.c.id == link.c.record_id),
)


@pytest.fixture
def firm(database: Database) -> SmallFirm:
    """Two deals, each handed on in time and matched."""
    firm = SmallFirm(database)
    for deal in ("D1", "D2"):
        firm.win(deal)
        firm.staff(deal)
    pass_once(firm.estate, firm.runtime)
    firm.later(minutes=1)
    return firm


def sample(firm: SmallFirm) -> None:
    for stream in (OPPORTUNITY, PROJECT):
        jobs.sample_stream(firm.estate, firm.runtime, stream)


def quiet_now(firm: SmallFirm) -> Quiet:
    sample(firm)
    with firm.database.read() as connection:
        touched = take_touched(connection, 100)
    [flow] = firm.estate.flows
    sight = see(firm.estate, firm.database, firm.clock())
    return find_quiet(flow, touched, firm.estate, sight, firm.database, firm.clock())


def names(quiet: Quiet) -> set[str]:
    return set(quiet.transactions.values())


def test_a_change_that_no_rule_minds_is_quiet(firm: SmallFirm) -> None:
    firm.psa.put("p-D1", "D1", name="Another name")
    assert names(quiet_now(firm)) == {"D1"}
    cycle.run_cycle(firm.estate, firm.database, firm.clock)
    with firm.database.read() as connection:
        looked = dict(
            connection.execute(
                select(business_transaction.c.key, business_transaction.c.evaluated_at)
            ).all()
        )
        assert count_touched(connection) == 0
    assert looked["D1"] == firm.clock()
    assert looked["D2"] < firm.clock()
    assert set(statuses(firm.database).values()) == {TransactionStatus.MATCHED}


def test_what_no_rule_minds_is_not_even_read(firm: SmallFirm) -> None:
    firm.psa.put("p-D1", "D1", name="Another name")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quiet, "load_rows", _refuse)
        assert names(quiet_now(firm)) == {"D1"}


def _refuse(_connection: object, numbers: list[int]) -> pl.DataFrame:
    assert not numbers
    return pl.DataFrame(schema=STORED_ROWS)


def test_a_change_that_breaks_a_deal_is_not_quiet(firm: SmallFirm) -> None:
    firm.staff("D1", amount="7.00")
    firm.psa.put("p-D2", "D2", name="Another name")
    assert names(quiet_now(firm)) == {"D2"}
    cycle.run_cycle(firm.estate, firm.database, firm.clock)
    assert {deal for deal, *_ in standing(firm.database)} == {"D1"}


def test_a_record_with_another_key_is_not_quiet(firm: SmallFirm) -> None:
    firm.psa.put("p-D1", "D2")
    assert names(quiet_now(firm)) == set()


def test_a_record_that_is_gone_or_back_is_not_quiet(firm: SmallFirm) -> None:
    gone = firm.psa.rows.pop("p-D1")
    jobs.sweep_stream(firm.estate, firm.runtime, PROJECT)
    assert names(quiet_now(firm)) == set()
    cycle.run_cycle(firm.estate, firm.database, firm.clock)
    firm.later(minutes=1)
    firm.psa.rows["p-D1"] = replace(gone, modified_at=firm.clock())
    assert names(quiet_now(firm)) == set()


def test_a_broken_deal_is_never_quiet(firm: SmallFirm) -> None:
    firm.staff("D1", amount="7.00")
    sample(firm)
    cycle.run_cycle(firm.estate, firm.database, firm.clock)
    firm.later(minutes=1)
    firm.psa.put("p-D1", "D1", name="Another name")
    assert names(quiet_now(firm)) == set()


def test_a_deal_that_is_awaited_is_never_quiet(firm: SmallFirm) -> None:
    firm.win("D3")
    sample(firm)
    cycle.run_cycle(firm.estate, firm.database, firm.clock)
    firm.later(minutes=1)
    firm.crm.put("o-D3", "D3", name="Another name")
    assert names(quiet_now(firm)) == set()


def test_nothing_is_quiet_while_a_source_is_blind(firm: SmallFirm) -> None:
    firm.crm.put("o-D1", "D1", name="Another name")
    firm.psa.down = True
    assert names(quiet_now(firm)) == set()
    cycle.run_cycle(firm.estate, firm.database, firm.clock)
    assert statuses(firm.database)["D1"] is TransactionStatus.UNKNOWN


def test_nothing_is_quiet_where_a_rule_fails(firm: SmallFirm) -> None:
    class Failing:
        name, needs = "failing", frozenset({PROJECT})

        def evaluate(self, scope: Scope) -> Verdict:
            raise Permanent("it failed", reason=Reason.CONFIGURATION)

    [flow] = firm.estate.flows
    flow = replace(flow, rules=(*flow.rules, Failing()))
    firm.estate = replace(firm.estate, flows=(flow,))
    firm.psa.put("p-D1", "D1", name="Another name")
    assert names(quiet_now(firm)) == set()


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_whole_looks_at_everything_leave_the_same_rows(
    sqlite: SQLite, steps: list[tuple[str, ...]]
) -> None:
    with fresh(sqlite) as database:
        passed_over = rows_after(steps, database)
    with fresh(sqlite) as database, pytest.MonkeyPatch.context() as patch:
        patch.setattr(cycle, "find_quiet", lambda *_: Quiet())
        assert rows_after(steps, database) == passed_over


def rows_after(steps: list[tuple[str, ...]], database: Database) -> list[Any]:
    """What a history leaves, whatever number a record has, and what people were told."""
    firm = SmallFirm(database)
    for step in (("win", "A", "1000.00"), ("staff", "A", "1000.00", "p1"), ("pass",), *steps):
        take(firm, step)
    return [*rows_left(database), firm.told.notices]


def rows_left(database: Database, queries: Sequence[Select[Any]] = LEFT) -> list[Any]:
    """What a store says, whatever number a record has."""
    with database.read() as connection:
        left = [sorted(map(repr, connection.execute(query))) for query in queries]
        return [*left, count_touched(connection)]
