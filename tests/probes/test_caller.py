"""One call: tried again where it helps, and only then."""

from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from monitor.core.entities import ENTITIES
from monitor.core.errors import Permanent, Reason, Transient
from monitor.core.plugins import ProbeContext
from probes.engine.caller import Call, Caller
from probes.engine.http_system import HttpSystem, open_caller
from tests.probes.clocks import NOON, FakeTime
from tests.servers import Fault, Reply, ScriptedServer

ROWS = Call("GET", "/rows")
GOOD = Reply({"items": []})


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


class Callers:
    """Opens callers, and closes them in the end."""

    def __init__(self, server: ScriptedServer, time: FakeTime) -> None:
        self._server = server
        self._time = time
        self.opened: list[Caller] = []

    def open(self, **settings: Any) -> Caller:
        system = HttpSystem.model_validate({"base_url": self._server.url, **settings})
        context = ProbeContext("crm", ENTITIES, self._time.clock, self._time.sleep)
        self.opened.append(open_caller(system, context))
        return self.opened[-1]


@pytest.fixture
def callers(server: ScriptedServer, time: FakeTime) -> Iterator[Callers]:
    callers = Callers(server, time)
    yield callers
    for caller in callers.opened:
        caller.close()


@pytest.mark.parametrize(
    "trouble",
    [
        Reply(status=429),
        Reply(status=500),
        Reply(status=503),
        Reply(fault=Fault.DROPPED),
        Reply({"items": [1] * 50}, fault=Fault.CUT),
        Reply({"items": [1] * 50}, fault=Fault.CUT_UNSIZED),
        Reply(b"<html>maintenance</html>"),
    ],
)
def test_a_passing_trouble_is_ridden_out(
    server: ScriptedServer, callers: Callers, time: FakeTime, trouble: Reply
) -> None:
    server.scripts["/rows"] = [trouble, trouble, GOOD]
    assert callers.open().call(ROWS, time.limit()).json() == {"items": []}
    assert len(server.asked("/rows")) == 3


def test_pauses_grow_and_are_spread(
    server: ScriptedServer, callers: Callers, time: FakeTime
) -> None:
    server.scripts["/rows"] = [Reply(status=500)] * 3 + [GOOD]
    callers.open().call(ROWS, time.limit())
    first, second, third = time.slept
    assert 0.25 <= first <= 0.5
    assert 0.5 <= second <= 1.0
    assert 1.0 <= third <= 2.0


def test_a_lasting_trouble_is_given_up(
    server: ScriptedServer, callers: Callers, time: FakeTime
) -> None:
    server.scripts["/rows"] = Reply(status=500)
    with pytest.raises(Transient) as caught:
        callers.open(retry={"tries": 3}).call(ROWS, time.limit())
    assert caught.value.reason is Reason.SERVER_ERROR
    assert len(server.asked("/rows")) == 3


def test_the_wait_that_was_asked_for_is_kept_in_seconds(
    server: ScriptedServer, callers: Callers, time: FakeTime
) -> None:
    server.scripts["/rows"] = [Reply(status=429, headers={"Retry-After": "17"}), GOOD]
    callers.open().call(ROWS, time.limit())
    assert time.slept == [17.0]


def test_the_wait_that_was_asked_for_is_kept_as_an_instant(
    server: ScriptedServer, callers: Callers, time: FakeTime
) -> None:
    headers = {
        "Date": format_datetime(NOON, usegmt=True),
        "Retry-After": format_datetime(NOON + timedelta(seconds=42), usegmt=True),
    }
    server.scripts["/rows"] = [Reply(status=429, headers=headers), GOOD]
    callers.open().call(ROWS, time.limit())
    assert time.slept == [42.0]


def test_a_wait_beyond_the_time_limit_is_handed_on(
    server: ScriptedServer, callers: Callers, time: FakeTime
) -> None:
    server.scripts["/rows"] = Reply(status=429, headers={"Retry-After": "3600"})
    with pytest.raises(Transient) as caught:
        callers.open().call(ROWS, time.limit(60))
    assert caught.value.reason is Reason.THROTTLED
    assert caught.value.retry_after == 3600.0
    assert time.slept == []


@pytest.mark.parametrize("status", [400, 403, 404, 301])
def test_what_cannot_change_is_not_tried_again(
    server: ScriptedServer, callers: Callers, time: FakeTime, status: int
) -> None:
    server.scripts["/rows"] = Reply(status=status)
    with pytest.raises(Permanent):
        callers.open().call(ROWS, time.limit())
    assert len(server.asked("/rows")) == 1


def test_json_that_is_refused_is_not_tried_again(
    server: ScriptedServer, callers: Callers, time: FakeTime
) -> None:
    server.scripts["/rows"] = Reply(b"[" * 100 + b"]" * 100)
    with pytest.raises(Permanent) as caught:
        callers.open().call(ROWS, time.limit())
    assert caught.value.reason is Reason.MALFORMED
    assert len(server.asked("/rows")) == 1


def test_a_post_is_tried_once(server: ScriptedServer, callers: Callers, time: FakeTime) -> None:
    server.scripts["/rows"] = [Reply(status=500), GOOD]
    with pytest.raises(Transient):
        callers.open().call(Call("POST", "/rows", body={"a": 1}), time.limit())
    assert len(server.asked("/rows")) == 1


def test_a_post_that_only_reads_is_tried_again(
    server: ScriptedServer, callers: Callers, time: FakeTime
) -> None:
    server.scripts["/rows"] = [Reply(status=500), GOOD]
    call = Call("POST", "/rows", body={"query": "x"}, repeatable=True)
    callers.open().call(call, time.limit())
    assert [request.json for request in server.asked("/rows")] == [{"query": "x"}] * 2


def test_every_try_is_counted(server: ScriptedServer, callers: Callers, time: FakeTime) -> None:
    server.scripts["/rows"] = [Reply(status=500), Reply(fault=Fault.DROPPED), GOOD]
    caller = callers.open(budget={"calls_per_day": 10})
    caller.call(ROWS, time.limit())
    assert caller.budget.made == 3
    assert caller.budget.remaining() == {"day": 7}


def test_a_spent_budget_calls_nobody(
    server: ScriptedServer, callers: Callers, time: FakeTime
) -> None:
    server.scripts["/rows"] = GOOD
    caller = callers.open(budget={"calls_per_day": 1})
    caller.call(ROWS, time.limit())
    with pytest.raises(Transient) as caught:
        caller.call(ROWS, time.limit())
    assert caught.value.reason is Reason.BUDGET_SPENT
    assert len(server.requests) == 1


def test_an_answer_that_stands_for_nothing_has_no_content(
    server: ScriptedServer, callers: Callers, time: FakeTime
) -> None:
    server.scripts["/rows"] = Reply({"error": "none"}, status=404)
    caller = callers.open(errors=[{"status": 404, "then": "empty", "reason": "not_found"}])
    assert caller.call(ROWS, time.limit()).json() is None


def test_the_sources_clock_is_known_from_its_answers(
    server: ScriptedServer, callers: Callers, time: FakeTime
) -> None:
    ahead = NOON + timedelta(minutes=7)
    server.scripts["/rows"] = Reply({}, headers={"Date": format_datetime(ahead, usegmt=True)})
    caller = callers.open()
    caller.call(ROWS, time.limit())
    time.advance(30)
    assert caller.source_time(time.limit()) == ahead + timedelta(seconds=30)
    assert len(server.requests) == 1


def test_before_the_first_answer_the_source_is_asked_for_its_clock(
    server: ScriptedServer, callers: Callers, time: FakeTime
) -> None:
    behind = NOON - timedelta(minutes=7)
    headers = {"Date": format_datetime(behind, usegmt=True)}
    server.scripts["/"] = [Reply(fault=Fault.DROPPED), Reply(b"no", status=404, headers=headers)]
    assert callers.open().source_time(time.limit()) == behind


def test_a_source_that_tells_no_time_is_taken_to_share_ours(
    server: ScriptedServer, callers: Callers, time: FakeTime
) -> None:
    server.scripts["/rows"] = Reply({}, headers={"Date": "whenever"})
    caller = callers.open()
    caller.call(ROWS, time.limit())
    assert caller.source_time(time.limit()) == NOON


def test_the_clock_of_a_source_that_is_down_is_unknown(
    server: ScriptedServer, callers: Callers, time: FakeTime
) -> None:
    server.scripts["/"] = Reply(fault=Fault.DROPPED)
    with pytest.raises(Transient) as caught:
        callers.open().source_time(time.limit())
    assert caught.value.reason is Reason.UNREACHABLE
