"""How notices leave: in order, and without a dead channel holding up what it need not."""

from datetime import timedelta

from monitor.core.errors import Reason, Transient
from monitor.delivery import deliver
from monitor.jobs import sample_stream, settle_cycle
from monitor.store.database import Database
from tests.cycle.small_firm import SmallFirm


def with_three_notices(database: Database) -> SmallFirm:
    firm = SmallFirm(database)
    for deal in ("D1", "D2", "D3"):
        firm.win(deal)
        firm.staff(deal, amount="1.00")
    for stream in firm.estate.sources:
        sample_stream(firm.estate, firm.runtime, stream)
    settle_cycle(firm.estate, firm.runtime)
    return firm


def test_a_channel_that_is_down_is_asked_once_and_then_gets_everything_in_order(
    database: Database,
) -> None:
    firm = with_three_notices(database)
    firm.told.failures = [Transient("no answer", reason=Reason.UNREACHABLE)] * 2
    first = deliver(firm.estate.channels, database, firm.clock)
    assert len(firm.told.failures) == 1
    assert {attempt.failure for attempt in first} == {Reason.UNREACHABLE}
    firm.later(minutes=1)
    deliver(firm.estate.channels, database, firm.clock)
    assert firm.told.failures == []
    firm.later(minutes=1)
    deliver(firm.estate.channels, database, firm.clock)
    told = [notice.transaction for notice in firm.told.notices]
    assert sorted(told) == ["D1", "D2", "D3"]


def test_a_channel_that_asks_for_patience_gets_it(database: Database) -> None:
    firm = with_three_notices(database)
    firm.told.failures = [Transient("later", reason=Reason.THROTTLED, retry_after=600.0)]
    deliver(firm.estate.channels, database, firm.clock)
    firm.later(minutes=9)
    assert deliver(firm.estate.channels, database, firm.clock) == ()
    firm.clock.advance(timedelta(minutes=2))
    deliver(firm.estate.channels, database, firm.clock)
    assert len(firm.told.notices) == 3
