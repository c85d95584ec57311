"""A sign of life outside, while all is well inside."""

from dataclasses import replace
from datetime import timedelta

from monitor.core.telling import HeartbeatSettings
from monitor.heartbeat import is_well
from monitor.jobs import beat_heart
from monitor.store.database import Database
from tests.alerts.receiver import Receiver, Reply, running
from tests.cycle.small_firm import START, SmallFirm
from tests.incidents.board import look


def test_the_heart_beats_only_while_cycles_end_well(database: Database) -> None:
    firm = SmallFirm(database)
    with running(Receiver(lambda _: Reply(200, b"OK"))) as switch:
        heartbeat = HeartbeatSettings.model_validate({"url": f"{switch.address}/ping/canary"})
        firm.estate = replace(firm.estate, heartbeat=heartbeat)
        assert not beat_heart(firm.estate, firm.runtime)
        look(firm)
        assert beat_heart(firm.estate, firm.runtime)
        firm.later(hours=1)
        assert not beat_heart(firm.estate, firm.runtime)
        look(firm)
        switch.replies.append(Reply(503))
        assert not beat_heart(firm.estate, firm.runtime)
        assert beat_heart(firm.estate, firm.runtime)
        assert [request.path for request in switch.requests] == ["/ping/canary"] * 3
    assert not beat_heart(firm.estate, firm.runtime)


def test_nobody_is_told_where_nobody_listens(database: Database) -> None:
    firm = SmallFirm(database)
    look(firm)
    assert not beat_heart(firm.estate, firm.runtime)


def test_a_cycle_may_take_its_time() -> None:
    assert is_well(START, timedelta(minutes=2), START + timedelta(minutes=19))
    assert is_well(START, timedelta(seconds=15), START + timedelta(minutes=4))
    assert not is_well(START, timedelta(seconds=15), START + timedelta(minutes=6))
    assert not is_well(None, timedelta(seconds=15), START)
