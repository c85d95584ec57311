"""Notify: drain the outbox, in a job of its own, so that a slow channel delays nothing else.

At least once: a notice is claimed before it is sent and marked after. What a crash leaves in
between is looked for at the channel, where the channel can tell, and sent again otherwise, under
the same notice id.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from monitor.core.clock import Clock
from monitor.core.errors import Permanent, Reason, TieoutError, Transient
from monitor.core.metric_types import NoticeOutcome
from monitor.core.ports import Channel, LivingChannel
from monitor.core.wording import Slot
from monitor.store import outbox
from monitor.store.database import Database

log = structlog.get_logger(__name__)

Channels = Mapping[str, Channel | LivingChannel]
"""By name; only those that carry notices one by one get any from here."""

BATCH = 50
FIRST_WAIT = timedelta(seconds=2)
LONGEST_WAIT = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try to deliver one notice.

    Attributes:
        channel: its name.
        outcome: how it ended.
        failure: why it was not sent; None if it was.
        until: when it is tried again; None where it is not.
        unfit: templates of the firm's own that could not be used for it.
    """

    channel: str
    outcome: NoticeOutcome
    failure: Reason | None = None
    until: datetime | None = None
    unfit: tuple[Slot, ...] = ()


def deliver(channels: Channels, database: Database, clock: Clock) -> tuple[Attempt, ...]:
    """Send what is due, in order; a channel that cannot take one now is left alone with the rest.

    So a channel that is down costs the others one call's patience, not one a notice.
    """
    with database.write() as connection:
        parcels = outbox.claim_due(connection, clock(), BATCH)
    attempts: list[Attempt] = []
    resting: dict[str, Attempt] = {}
    for parcel in parcels:
        if parcel.channel in resting:
            attempts.append(_put_off(parcel, resting[parcel.channel], database))
            continue
        attempt = _send(parcel, channels, database, clock)
        if attempt.outcome is NoticeOutcome.POSTPONED:
            resting[parcel.channel] = attempt
        attempts.append(attempt)
    return tuple(attempts)


def recover(channels: Channels, database: Database, clock: Clock) -> int:
    """Settle what a crash left between sending and noting it; returns how many there were.

    To be called before the first `deliver` of a process, by one process a store.
    """
    with database.read() as connection:
        parcels = outbox.interrupted(connection)
    for parcel in parcels:
        delivery = None
        try:
            channel = channels.get(parcel.channel)
            if channel is not None and not isinstance(channel, LivingChannel):
                delivery = channel.find(parcel.notice)
        except TieoutError as error:
            log.warning("look-up of a notice failed", channel=parcel.channel, reason=error.reason)
        with database.write() as connection:
            if delivery is not None:
                outbox.mark_sent(connection, parcel.id, delivery.reference, clock())
            else:
                outbox.postpone(connection, parcel.id, clock(), Reason.INTERNAL)
    return len(parcels)


def next_try(attempts: int, now: datetime, retry_after: float | None) -> datetime:
    """When to try again: as long as the channel asks, else twice as long each time."""
    doubled = min(FIRST_WAIT * (1 << min(attempts, 16)), LONGEST_WAIT)
    asked = timedelta(seconds=retry_after or 0)
    return now + max(doubled, asked)


def _send(parcel: outbox.Parcel, channels: Channels, database: Database, clock: Clock) -> Attempt:
    channel = channels.get(parcel.channel)
    if channel is None or isinstance(channel, LivingChannel):
        return _give_up(parcel, Reason.CONFIGURATION, database)
    try:
        # An earlier try may have arrived although its answer did not.
        known = channel.find(parcel.notice) if parcel.attempts > 1 else None
        delivery = known or channel.send(parcel.notice)
    except Transient as error:
        at = next_try(parcel.attempts, clock(), error.retry_after)
        put_off = Attempt(parcel.channel, NoticeOutcome.POSTPONED, error.reason, at)
        return _put_off(parcel, put_off, database)
    except Permanent as error:
        return _give_up(parcel, error.reason, database)
    with database.write() as connection:
        outbox.mark_sent(connection, parcel.id, delivery.reference, clock())
    return Attempt(parcel.channel, NoticeOutcome.SENT)


def _put_off(parcel: outbox.Parcel, attempt: Attempt, database: Database) -> Attempt:
    """Give a notice back until the channel is tried again."""
    if attempt.until is not None and attempt.failure is not None:
        with database.write() as connection:
            outbox.postpone(connection, parcel.id, attempt.until, attempt.failure)
    return attempt


def _give_up(parcel: outbox.Parcel, reason: Reason, database: Database) -> Attempt:
    log.error("notice cannot be delivered", channel=parcel.channel, reason=reason)
    with database.write() as connection:
        outbox.mark_dead(connection, parcel.id, reason)
    return Attempt(parcel.channel, NoticeOutcome.DEAD, reason)
