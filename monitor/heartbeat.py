"""Heartbeat: a sign of life to a dead-man's switch outside, for as long as all is well inside.

Silence is the alarm: nothing is sent while cycles do not end well, so that whoever listens hears
of a daemon that hangs just as of one that is gone.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from pydantic import AnyHttpUrl, Secret

from monitor.core.clock import TimeLimit
from monitor.core.errors import TieoutError
from monitor.transport import Transport

log = structlog.get_logger(__name__)

_TIMEOUT = timedelta(seconds=10)
_MAX_ANSWER = 64 * 1024
_SUCCESS = range(200, 300)


@dataclass
class Pulse:
    """When a cycle last ended well; None before the first one."""

    last: datetime | None = None


def is_well(last_cycle: datetime | None, every: timedelta, now: datetime) -> bool:
    """Whether cycles end as they should: the last one no longer ago than it may take to notice."""
    return last_cycle is not None and now - last_cycle <= max(10 * every, timedelta(minutes=5))


def beat(address: Secret[AnyHttpUrl]) -> bool:
    """Say that all is well; returns whether it was heard. Failing to is no failure of ours."""
    url = address.get_secret_value()
    transport = Transport(f"{url.scheme}://{url.host}:{url.port}", max_bytes=_MAX_ANSWER)
    try:
        answer = transport.request("POST", str(url), time_limit=TimeLimit.of(_TIMEOUT))
    except TieoutError as error:
        log.warning("heartbeat was not heard", reason=error.reason)
        return False
    finally:
        transport.close()
    if answer.status not in _SUCCESS:
        log.warning("heartbeat was refused", status=answer.status)
    return answer.status in _SUCCESS
