"""See: which streams can be believed now, and what follows when one goes blind or comes back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from alerts.compose import blind_notice, sighted_notice
from alerts.routing import route
from monitor.core.model import StreamId
from monitor.core.sight import Blindness, blindness
from monitor.core.transactions import TransactionStatus
from monitor.estate import Estate
from monitor.incidents.raising import end_blindness, raise_blindness
from monitor.store import outbox, settings, streams, transactions
from monitor.store.database import Connection, Database
from monitor.store.streams import StreamState


@dataclass(frozen=True, slots=True)
class Sight:
    """What can be seen at one instant.

    Attributes:
        looked_until: by stream that can be seen, the server time up to which absence is believed.
        began_at: by stream that was ever seen, when its last complete look began by our clock.
        blind: by stream that cannot be seen, why.
    """

    looked_until: Mapping[StreamId, datetime]
    began_at: Mapping[StreamId, datetime]
    blind: Mapping[StreamId, Blindness]


def see(estate: Estate, database: Database, now: datetime) -> Sight:
    """Tell the sighted streams from the blind ones, without any effect."""
    with database.read() as connection:
        states = {
            stream: streams.load_stream_state(connection, stream) for stream in estate.sources
        }
    blind = {
        stream: why
        for stream, state in states.items()
        if (why := _why_blind(estate, stream, state, now)) is not None
    }
    looked_until = {
        stream: estate.sources[stream].believed_until(state.looked_until)
        for stream, state in states.items()
        if stream not in blind and state.looked_until is not None
    }
    began_at = {
        stream: state.look_began_at
        for stream, state in states.items()
        if state.look_began_at is not None
    }
    return Sight(looked_until, began_at, blind)


def note_changes(estate: Estate, database: Database, sight: Sight, now: datetime) -> None:
    """Remember since when each stream is blind; tell people; look again at what was unknown."""
    with database.write() as connection:
        for stream in estate.sources:
            name = f"blind_since:{stream}"
            stored = settings.load_setting(connection, name)
            since = None if stored is None else datetime.fromisoformat(stored)
            if stream in sight.blind and since is None:
                settings.save_setting(connection, name, now.isoformat())
            elif stream in sight.blind and since is not None:
                _tell_blind(estate, connection, stream, since, now)
            elif since is not None:
                settings.forget_setting(connection, name)
                _welcome_back(estate, connection, stream, since, now)


def _why_blind(
    estate: Estate, stream: StreamId, state: StreamState, now: datetime
) -> Blindness | None:
    stale_after = estate.sources[stream].settings.stale_after
    return blindness(state.last_success_at, state.failing_since, stale_after, now)


def _tell_blind(
    estate: Estate, connection: Connection, stream: StreamId, since: datetime, now: datetime
) -> None:
    """Once, and only after the stream's own patience has run out: one failed look is no news."""
    if _is_news(estate, stream, since, now):
        notice = blind_notice(
            stream,
            since,
            now,
            reason=streams.load_stream_state(connection, stream).failure_reason,
            owner=estate.owners[stream.system],
            titles=estate.titles,
        )
        feeds = estate.only_feeds(route(notice, estate.routing))
        outbox.enqueue(connection, notice, feeds, now)
        raise_blindness(connection, estate, stream, notice, now)


def _welcome_back(
    estate: Estate, connection: Connection, stream: StreamId, since: datetime, now: datetime
) -> None:
    """Look again at what could not be judged; a broken transaction may hide more of it."""
    if _is_news(estate, stream, since, now):
        owner = estate.owners[stream.system]
        notice = sighted_notice(stream, since, now, owner=owner, titles=estate.titles)
        feeds = estate.only_feeds(route(notice, estate.routing))
        outbox.enqueue(connection, notice, feeds, now)
        end_blindness(connection, estate, stream, notice, now)
    for flow in estate.flows:
        if stream in flow.needs:
            for status in (TransactionStatus.UNKNOWN, TransactionStatus.BROKEN):
                transactions.make_due(connection, flow.name, status, now)


def _is_news(estate: Estate, stream: StreamId, since: datetime, now: datetime) -> bool:
    return now - since >= estate.sources[stream].settings.stale_after
