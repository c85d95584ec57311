"""Show: bring every channel that hears of an incident to how it stands, in a job of its own.

At least once: a telling is claimed before and noted after. What a crash leaves in between is
looked for at the channel, where the channel can tell. A channel that is away costs the others
nothing, and catches up in one step when it is back. More new incidents than a channel shall be
told one by one wait behind a digest.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

import structlog

from monitor.core.breaks import Severity
from monitor.core.clock import Clock
from monitor.core.duty import next_opening
from monitor.core.errors import Permanent, Reason, Transient
from monitor.core.incidents import CauseKind, Incident, IncidentState, Message, Told, is_worse
from monitor.core.metric_types import NoticeOutcome
from monitor.core.ports import LivingChannel
from monitor.delivery import Attempt, next_try
from monitor.estate import Estate
from monitor.incidents.circumstances import complete_message
from monitor.incidents.digests import open_digest
from monitor.incidents.reviewing import review_incidents
from monitor.store import incidents, tellings
from monitor.store.database import Connection, Database
from monitor.store.tellings import Behind

log = structlog.get_logger(__name__)

BATCH = 50

_DIGESTS = frozenset({CauseKind.STORM, CauseKind.SILENCE})
"""What stands for others is told whatever else waits, and even when it is over."""


def show_incidents(estate: Estate, database: Database, clock: Clock) -> tuple[Attempt, ...]:
    """Tell channels what they are behind on; one that cannot take it now is left alone.

    Raises:
        Transient, Permanent: the store failed; what was told before stays noted.
    """
    review_incidents(estate, database, clock())
    with database.write() as connection:
        due = tellings.claim_behind(connection, clock(), BATCH)
        told_now = _hold_back(connection, estate, due, clock())
    attempts: list[Attempt] = []
    resting: dict[str, Attempt] = {}
    for behind in told_now:
        if (rest := resting.get(behind.channel)) is not None:
            _put_back(database, behind, rest)
            attempts.append(rest)
            continue
        attempt = _show(behind, estate, database, clock)
        if attempt is not None:
            attempts.append(attempt)
            if attempt.outcome is NoticeOutcome.POSTPONED:
                resting[behind.channel] = attempt
    return tuple(attempts)


def _hold_back(
    connection: Connection, estate: Estate, due: Sequence[Behind], now: datetime
) -> list[Behind]:
    """What is told now; the rest waits behind a digest of its channel."""
    storm = estate.incidents.storm
    left = {
        channel: storm.messages - tellings.first_told_since(connection, channel, now - storm.within)
        for channel in {behind.channel for behind in due}
    }
    told_now: list[Behind] = []
    held: dict[str, list[Behind]] = defaultdict(list)
    for behind in due:
        incident = incidents.load_incident(connection, behind.incident)
        if incident is None:
            told_now.append(behind)
        elif (until := quiet_until(estate, behind.channel, incident.severity, now)) is not None:
            tellings.wait(connection, behind.incident, behind.channel, until)
        elif behind.told is not None or incident.cause.kind in _DIGESTS:
            told_now.append(behind)
        elif _is_over(incident):
            if behind.attempts > 1:  # a try may have arrived, and would say for ever that it stands
                told_now.append(behind)
                continue
            tellings.let_pass(connection, behind.incident, behind.channel, incident.version)
        elif left[behind.channel] > 0:
            left[behind.channel] -= 1
            told_now.append(behind)
        else:
            held[behind.channel].append(behind)
    for channel, waiting in held.items():
        for behind in waiting:
            tellings.hold_back(connection, behind.incident, channel, now + storm.within)
        tellings.hold_rest_back(connection, channel, now, now + storm.within)
        open_digest(connection, channel, now)
    return told_now


def quiet_until(estate: Estate, channel: str, severity: Severity, now: datetime) -> datetime | None:
    """When a channel may be told something so urgent; None: now."""
    ends = [
        next_opening(estate.duty.calendars[quiet.calendar], now)
        for quiet in estate.incidents.quiet
        if (not quiet.channels or channel in quiet.channels) and is_worse(quiet.below, severity)
    ]
    return max((end for end in ends if end > now), default=None)


def _is_over(incident: Incident) -> bool:
    """What came and went untold is no news, unless it was critical and is told nowhere else."""
    if incident.merged_into is not None:
        return True
    is_critical = incident.severity is Severity.CRITICAL
    return incident.state is IncidentState.RESOLVED and not is_critical


def _show(behind: Behind, estate: Estate, database: Database, clock: Clock) -> Attempt | None:
    """Tell one channel of one incident; None where there is nothing to tell."""
    channel = estate.channels.get(behind.channel)
    message = complete_message(estate, database, behind.incident, clock())
    if not isinstance(channel, LivingChannel):
        return _give_up(database, behind, Reason.CONFIGURATION)
    if message is None:
        return None
    try:
        told = channel.tell(message, _known(channel, message, behind))
    except Transient as error:
        until = next_try(behind.attempts, clock(), error.retry_after)
        put_off = Attempt(behind.channel, NoticeOutcome.POSTPONED, error.reason, until)
        with database.write() as connection:
            tellings.postpone(connection, behind.incident, behind.channel, until, error.reason)
        return put_off
    except Permanent as error:
        return _give_up(database, behind, error.reason)
    with database.write() as connection:
        version = message.incident.version
        tellings.mark_told(connection, behind.incident, behind.channel, version, told, clock())
    unfit = tuple(fault.slot for fault in message.words.faults)
    return Attempt(behind.channel, NoticeOutcome.SENT, unfit=unfit)


def _known(channel: LivingChannel, message: Message, behind: Behind) -> Told | None:
    """What the channel was told: after a try that may have arrived, it knows best itself."""
    found = channel.find(message) if behind.attempts > 1 else None
    return found or behind.told


def _put_back(database: Database, behind: Behind, attempt: Attempt) -> None:
    """Another incident was tried, and the channel could not take it."""
    if attempt.until is not None and attempt.failure is not None:
        with database.write() as connection:
            tellings.put_back(
                connection, behind.incident, behind.channel, attempt.until, attempt.failure
            )


def _give_up(database: Database, behind: Behind, reason: Reason) -> Attempt:
    log.error("incident cannot be told", channel=behind.channel, reason=reason)
    with database.write() as connection:
        tellings.give_up(connection, behind.incident, behind.channel, reason)
    return Attempt(behind.channel, NoticeOutcome.DEAD, reason)
