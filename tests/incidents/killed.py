"""A process of tieout that tells Slack of incidents, and may be killed at a step of it.

It is a real one, ended by SIGKILL: started by a server that has loaded everything once, so that it
takes no second to start.
"""

import logging
import multiprocessing
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

import structlog

from alerts import CHANNELS
from alerts.slack import SlackChannel
from monitor.core.breaks import Severity
from monitor.core.plugins import ChannelContext
from monitor.core.telling import IncidentSettings
from monitor.jobs import deliver_notices
from monitor.store.database import Connection, Database, open_database
from tests.alerts.harness import slack_settings
from tests.cycle.small_firm import SmallFirm

_SETTINGS = IncidentSettings(crowd=1000)


class Step(StrEnum):
    """Where a process is killed.

    WITHIN_WRITE: what it wrote is not durable yet.
    AFTER_WRITE: it is.
    BEFORE_CALL: it is about to call Slack.
    AFTER_CALL: Slack has done what it was asked, and nobody has read the answer.
    """

    WITHIN_WRITE = "within_write"
    AFTER_WRITE = "after_write"
    BEFORE_CALL = "before_call"
    AFTER_CALL = "after_call"


@dataclass(frozen=True)
class Work:
    """What a process does.

    Attributes:
        url: of the store.
        address: of Slack.
        minutes: since the firm began, when it starts.
        turns: how often it delivers, eleven minutes apart.
        dies_at: at which step, and at which time it comes to it; None: it ends by itself.
    """

    url: str
    address: str
    minutes: int
    turns: int = 1
    dies_at: tuple[Step, int] | None = None


def firm_before_slack(database: Database, address: str) -> SmallFirm:
    """A firm whose breaks are critical, and the conversation that shows them."""
    firm = SmallFirm(database, severity=Severity.CRITICAL)
    row = CHANNELS["slack"]
    context = ChannelContext("people", firm.clock, lambda seconds: firm.later(seconds=seconds))
    channel = row.build(row.settings.model_validate(slack_settings(address)), context)
    firm.estate = replace(firm.estate, channels={"people": channel}, incidents=_SETTINGS)
    return firm


def run(works: Sequence[Work]) -> list[bool]:
    """Let processes do their work side by side; which of them were killed."""
    processes = [_STARTER.Process(target=work, args=(each,)) for each in works]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    codes = [process.exitcode for process in processes]
    for process in processes:
        process.close()
    assert set(codes) <= {0, -signal.SIGKILL}, codes
    return [code == -signal.SIGKILL for code in codes]


def work(each: Work) -> None:
    """In a process of its own."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    database = open_database(each.url)
    firm = firm_before_slack(database, each.address)
    firm.later(minutes=each.minutes)
    channel = firm.estate.channels["people"]
    assert isinstance(channel, SlackChannel)
    _arm(database, channel, each.dies_at)
    for _ in range(each.turns):
        deliver_notices(firm.estate, firm.runtime)
        firm.later(minutes=11)
    channel.close()
    database.close()


def _arm(database: Database, channel: SlackChannel, dies_at: tuple[Step, int] | None) -> None:
    seen: Counter[Step] = Counter()

    def reached(step: Step) -> None:
        seen[step] += 1
        if dies_at == (step, seen[step]):
            os.kill(os.getpid(), signal.SIGKILL)

    vars(database)["write"] = _watched_write(database.write, reached)
    transport = channel._transport
    vars(transport)["request"] = _watched_call(transport.request, reached)


def _watched_write(write: Callable[[], Any], reached: Callable[[Step], None]) -> Callable[[], Any]:
    @contextmanager
    def watched() -> Iterator[Connection]:
        with write() as connection:
            yield connection
            reached(Step.WITHIN_WRITE)
        reached(Step.AFTER_WRITE)

    return watched


def _watched_call(call: Callable[..., Any], reached: Callable[[Step], None]) -> Callable[..., Any]:
    def watched(*parts: Any, **named: Any) -> Any:
        reached(Step.BEFORE_CALL)
        answer = call(*parts, **named)
        reached(Step.AFTER_CALL)
        return answer

    return watched


_STARTER = multiprocessing.get_context("forkserver")
_STARTER.set_forkserver_preload([__name__])
