"""Explanations over whole estates: what was planted is what is named, and who shares it."""

from datetime import timedelta
from decimal import Decimal

import pytest

from monitor.core.ignores import Decision
from monitor.explaining.explain import explain
from monitor.explaining.origin import Cause
from monitor.ignoring import decide_baseline
from monitor.simulation.ledger import FaultKind
from monitor.single_pass import pass_once
from monitor.store.breaks import list_breaks, standing_breaks
from monitor.store.database import Database
from tests.cycle.small_firm import SmallFirm
from tests.firm.watching import watched


@pytest.mark.parametrize(
    "kind", [FaultKind.AMOUNT_DRIFT, FaultKind.CURRENCY_DRIFT, FaultKind.START_DRIFT]
)
def test_a_value_that_drifts_while_we_look_is_traced_to_its_record_and_instant(
    sqlite_database: Database, kind: FaultKind
) -> None:
    with watched(sqlite_database, seed=5) as watch:
        watch.look()
        watch.firm.advance(timedelta(minutes=1))
        watch.look()
        known = watch.found()
        before = watch.runtime.clock()
        watch.firm.plant(kind)
        watch.firm.advance(timedelta(minutes=2))
        watch.look()
        after = watch.runtime.clock()
        with sqlite_database.read() as connection:
            (found,) = [
                each
                for each in standing_breaks(connection)
                if (
                    each.finding.transaction,
                    each.finding.kind.value,
                    each.finding.system,
                    each.finding.stream,
                    each.finding.field,
                )
                not in known
            ]
        told = explain(watch.estate, sqlite_database, found.id, after)
    assert told is not None
    assert told.origin.cause is Cause.RECORD_CHANGED
    assert told.origin.since is not None
    assert before <= told.origin.since <= after
    assert any(
        each.native_id == found.finding.record_id and found.finding.field in each.fields
        for each in told.origin.changes
    )
    assert "it was right, and was changed" in told.before


def test_after_a_baseline_of_the_firm_a_new_fault_alone_is_told(sqlite_database: Database) -> None:
    with watched(sqlite_database, seed=5) as watch:
        watch.look()
        old = watch.planted()
        decision = Decision("ann", "day one", is_baseline=True)
        done = decide_baseline(watch.estate, sqlite_database, decision, watch.runtime.clock)
        heard_before = len(watch.receiver.requests)
        entry = watch.firm.plant(FaultKind.AMOUNT_DRIFT)
        watch.firm.advance(timedelta(minutes=2))
        watch.look()
        heard = watch.receiver.requests[heard_before:]
    assert len(done.fallen_silent) == len(old)
    assert len(heard) == 1
    assert entry.deal in heard[0].body.decode()


def test_deals_of_one_region_are_the_cohort_of_their_break(database: Database) -> None:
    firm = SmallFirm(database)
    regions = ("north", "south", "east", "west", "centre")
    for number in range(60):
        deal, region = f"D{number:02}", regions[number % 5]
        firm.win(deal)
        firm.crm.put(f"o-{deal}", deal, region=region)
        firm.staff(deal, amount="900.00" if region == "north" else "1000.00")
    firm.staff("D01", amount="800.00")
    pass_once(firm.estate, firm.runtime)
    with firm.database.read() as connection:
        ids = {each.finding.transaction: each.id for each in list_breaks(connection)}
    in_it = explain(firm.estate, firm.database, ids["D00"], firm.clock())
    beside = explain(firm.estate, firm.database, ids["D01"], firm.clock())
    assert in_it is not None
    assert beside is not None
    (cohort,) = in_it.cohorts
    assert (cohort.dimension, cohort.value) == ("region", "north")
    assert (cohort.broken, cohort.of_broken) == (12, 13)
    assert (cohort.compared, cohort.of_compared) == (12, 60)
    assert Decimal(str(round(cohort.lift, 1))) == Decimal("4.4")
    assert beside.cohorts == ()
