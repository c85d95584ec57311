"""Ways in which the engine could come to say what nobody knows."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

from monitor import cycle, jobs
from monitor.core.breaks import BreakKind
from monitor.core.errors import Reason, Transient
from monitor.core.model import Page, Reject, RejectReason, Window
from monitor.core.ports import Capabilities
from monitor.core.streams import CursorSettings
from monitor.core.transactions import TransactionStatus
from monitor.core.window import next_window
from monitor.preparation import prepare_store
from monitor.single_pass import pass_once
from monitor.store.database import Database
from monitor.store.transactions import count_by_status
from tests.cycle.small_firm import OPPORTUNITY, PROJECT, START, SmallFirm
from tests.engine.standing import openings, standing, statuses

POISONED = Reject("p-D1", RejectReason.WRONG_TYPE, "'amount' is not a number", "{}")
MISSING = {("D1", BreakKind.MISSING, "")}


def without_cursor(firm: SmallFirm) -> None:
    """The PSA's projects are read whole each time."""
    source = firm.estate.sources[PROJECT]
    settings = source.settings.model_copy(update={"cursor": None})
    sources = {**firm.estate.sources, PROJECT: replace(source, settings=settings)}
    firm.estate = replace(firm.estate, sources=sources)


def test_a_new_flow_looks_at_records_that_another_flow_has_already(database: Database) -> None:
    firm = SmallFirm(database)
    firm.win("D1")
    firm.staff("D1", amount="900.00")
    pass_once(firm.estate, firm.runtime)
    [flow] = firm.estate.flows
    again = replace(flow, name="again", digest="2")
    firm.estate = replace(firm.estate, flows=(flow, again), digest="2")
    firm.later(minutes=30)
    pass_once(firm.estate, firm.runtime)
    with database.read() as connection:
        found = count_by_status(connection, "again")
    assert found[TransactionStatus.BROKEN] == 1


def test_what_a_cycle_found_unknown_is_looked_at_again_however_short_it_was(
    database: Database,
) -> None:
    firm = SmallFirm(database)
    firm.win("D1")
    pass_once(firm.estate, firm.runtime)
    firm.later(hours=5)
    firm.psa.down = True
    jobs.sample_stream(firm.estate, firm.runtime, PROJECT)
    cycle.run_cycle(firm.estate, database, firm.clock)
    assert statuses(database) == {"D1": TransactionStatus.UNKNOWN}
    firm.psa.down = False
    for stream in firm.estate.sources:
        jobs.sample_stream(firm.estate, firm.runtime, stream)
    jobs.settle_cycle(firm.estate, firm.runtime)
    assert standing(database) == MISSING


def test_a_record_that_turns_unreadable_is_not_deleted(database: Database) -> None:
    firm = SmallFirm(database, able=Capabilities())
    without_cursor(firm)
    for deal in ("D1", "D2"):
        firm.win(deal)
        firm.staff(deal)
    firm.later(hours=5)
    pass_once(firm.estate, firm.runtime)
    kept = firm.psa.rows.pop("p-D1")
    firm.psa.rejects = (POISONED,)
    firm.later(minutes=1)
    done = pass_once(firm.estate, firm.runtime)
    assert sum(look.tally.deleted for look in done.looks) == 0
    firm.psa.rejects = (replace(POISONED, native_id=None),)
    firm.later(minutes=1)
    done = pass_once(firm.estate, firm.runtime)
    assert sum(look.tally.deleted for look in done.looks) == 0
    firm.psa.rows[kept.native_id], firm.psa.rejects = kept, ()


def test_a_record_that_cannot_be_read_again_confirms_nothing(database: Database) -> None:
    firm = SmallFirm(database)
    firm.win("D1")
    firm.staff("D1", amount="900.00")
    whole, firm.psa.fetch = firm.psa.fetch, lambda stream, native_ids: Page((), (POISONED,))  # type: ignore[method-assign]  # changed since
    pass_once(firm.estate, firm.runtime)
    assert standing(database) == set()
    firm.psa.fetch = whole  # type: ignore[method-assign]  # readable again
    firm.psa.put("p-D1", "D1", name="corrected")
    firm.later(minutes=1)
    pass_once(firm.estate, firm.runtime)
    assert standing(database) == {("D1", BreakKind.MISMATCH, "amount")}


def test_confirmation_goes_on_where_the_budget_ended_it(database: Database) -> None:
    firm = SmallFirm(database)
    for number in range(250):
        firm.win(f"D{number:03}")
        firm.staff(f"D{number:03}", amount="1.00")
    whole, allowed = firm.psa.fetch, 1

    def fetch(stream: str, native_ids: Sequence[str]) -> Page:
        nonlocal allowed
        if not allowed:
            raise Transient("the budget is spent", reason=Reason.BUDGET_SPENT)
        allowed -= 1
        return whole(stream, native_ids)

    firm.psa.fetch = fetch  # type: ignore[method-assign]  # one call a pass
    for stream in firm.estate.sources:
        jobs.sample_stream(firm.estate, firm.runtime, stream)
    for _ in range(3):
        jobs.settle_cycle(firm.estate, firm.runtime)
        firm.later(seconds=15)
        allowed = 1
    assert len(standing(database)) == 250
    assert set(openings(database).values()) == {1}


def test_a_source_seen_empty_is_not_believed_because_nothing_new_comes(
    database: Database,
) -> None:
    firm = SmallFirm(database)
    firm.win("D1")
    firm.staff("D1")
    firm.win("D2")
    pass_once(firm.estate, firm.runtime)
    kept = dict(firm.psa.rows)
    firm.psa.rows.clear()
    firm.later(hours=5)
    pass_once(firm.estate, firm.runtime)
    for _ in range(2):
        firm.later(minutes=1)
        for stream in firm.estate.sources:
            jobs.sample_stream(firm.estate, firm.runtime, stream)
        jobs.settle_cycle(firm.estate, firm.runtime)
    assert standing(database) == set()
    firm.psa.rows |= kept
    for stream in firm.estate.sources:
        jobs.sample_stream(firm.estate, firm.runtime, stream)
    jobs.settle_cycle(firm.estate, firm.runtime)
    assert standing(database) == {("D2", BreakKind.MISSING, "")}


def test_breaks_of_a_flow_that_exists_no_longer_do_not_stand(database: Database) -> None:
    firm = SmallFirm(database)
    firm.win("D1")
    firm.staff("D1", amount="900.00")
    pass_once(firm.estate, firm.runtime)
    firm.estate = replace(firm.estate, flows=(), digest="2")
    prepare_store(firm.estate, database, firm.clock())
    assert standing(database) == set()


def test_one_pass_confirms_what_confirming_brought_to_light(database: Database) -> None:
    firm = SmallFirm(database)
    firm.win("D1")
    firm.staff("D1", amount="900.00")

    def nothing(stream: str, window: Window) -> Iterator[Page]:
        return iter(())

    firm.psa.changes = nothing  # type: ignore[method-assign]  # a feed that lags
    firm.psa.native_ids = lambda stream: iter(())  # type: ignore[method-assign]  # as does its list
    firm.later(hours=5)
    pass_once(firm.estate, firm.runtime)
    assert standing(database) == {("D1", BreakKind.MISMATCH, "amount")}


def test_one_pass_delivers_every_notice(database: Database) -> None:
    firm = SmallFirm(database)
    for number in range(120):
        firm.win(f"D{number}")
        firm.staff(f"D{number}", amount="1.00")
    pass_once(firm.estate, firm.runtime)
    assert len(firm.told.notices) == 120


def test_a_cursor_far_ahead_of_the_source_is_not_trusted() -> None:
    settings = CursorSettings(field="at", overlap=timedelta(minutes=10))
    ahead = next_window(settings, START + timedelta(days=365), START)
    assert ahead.window.since is None
    jitter = next_window(settings, START + timedelta(seconds=2), START)
    assert jitter.window.since == START - timedelta(minutes=10)


def test_rows_written_while_a_source_clock_was_ahead_are_read(database: Database) -> None:
    firm = SmallFirm(database)
    firm.crm.source_time = lambda: firm.clock() + timedelta(days=1)  # type: ignore[method-assign]  # ahead
    for stream in firm.estate.sources:
        jobs.sample_stream(firm.estate, firm.runtime, stream)
    firm.win("D1")
    firm.later(hours=5)
    firm.crm.source_time = firm.clock  # type: ignore[method-assign]  # set right
    for stream in firm.estate.sources:
        jobs.sample_stream(firm.estate, firm.runtime, stream)
    jobs.settle_cycle(firm.estate, firm.runtime)
    assert standing(database) == MISSING


def test_a_deal_whose_every_record_is_deleted_is_not_in_order(database: Database) -> None:
    firm = SmallFirm(database)
    for deal in ("D1", "D2"):
        firm.win(deal)
        firm.staff(deal)
    pass_once(firm.estate, firm.runtime)
    del firm.crm.rows["o-D1"], firm.psa.rows["p-D1"]
    firm.later(minutes=1)
    pass_once(firm.estate, firm.runtime)
    assert statuses(database) == {
        "D1": TransactionStatus.EMPTY,
        "D2": TransactionStatus.MATCHED,
    }
    assert firm.estate.sources.keys() == {OPPORTUNITY, PROJECT}
