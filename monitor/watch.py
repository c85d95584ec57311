"""Watch: one look of a check over whole sources and streams, settled like everything else.

What a watch finds needs no reading again by key, because it is not about single records: the
watch has looked at all of the source there is, and its own settling margin is what it waits for.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog

from monitor.core.breaks import (
    HINTS,
    LIVE_STATES,
    Break,
    BreakState,
    Finding,
    Severity,
    Transition,
)
from monitor.core.clock import Clock
from monitor.core.ignores import suppress
from monitor.core.lifecycle import settle
from monitor.core.model import StreamId, encode_value
from monitor.core.watches import ESTATE, Survey, Timing
from monitor.deciding import known_clusters
from monitor.estate import Estate, Lookout
from monitor.sight import Sight, see
from monitor.store import breaks, turns
from monitor.store.database import Connection, Database
from monitor.store.ignores import load_in_force
from monitor.store.matching import load_decisions
from monitor.store.statistics import forget_statistics, load_statistics
from monitor.store.watching import Watching, load_watching, save_watching
from monitor.store.whole_streams import WholeStreams
from monitor.telling import tell
from monitor.transits import measure_transits

log = structlog.get_logger(__name__)

WATCH = "tieout"
"""Who took a step that no person took."""

CONFIRMED = "looking at the whole source again confirmed it"


def is_due(lookout: Lookout, database: Database, now: datetime) -> bool:
    """Whether it is time for the watch to look; that it looked is remembered over restarts."""
    with database.read() as connection:
        known = load_watching(connection, lookout.watch.name)
    return known is None or known.digest != lookout.digest or known.due_at <= now


def keep_watch(
    lookout: Lookout, estate: Estate, database: Database, clock: Clock
) -> tuple[Transition, ...]:
    """One look of one watch; all stays as it is where a stream that it needs cannot be seen.

    Returns:
        What happened to its breaks.

    Raises:
        Transient, Permanent: the store failed; nothing was settled.
    """
    sight = see(estate, database, clock())
    if not sight.looked_until or not lookout.watch.needs <= sight.looked_until.keys():
        return ()
    if isinstance(lookout.watch, Timing):
        measure_transits(estate, lookout.watch.hops, database, clock())
    while (steps := _settle(lookout, estate, sight, database, clock())) is None:
        log.info("another look of the watch was quicker; looking again")
    return steps


def _settle(
    lookout: Lookout, estate: Estate, sight: Sight, database: Database, now: datetime
) -> tuple[Transition, ...] | None:
    """Ask the watch and settle; None where somebody else settled it meanwhile."""
    watch = lookout.watch
    with database.read() as connection:
        turn = turns.turn_of(connection, _name(lookout))
        stored = breaks.breaks_of_rule(connection, ESTATE, watch.name)
        ignores = load_in_force(connection, now, [each.fingerprint for each in stored])
        survey = _survey(lookout, estate, sight, connection, now)
        verdict = watch.evaluate(survey)
    known = [each for each in stored if _is_seen(each.finding, estate, sight)]
    found = [_modest(each) for each in verdict.findings if _is_seen(each, estate, sight)]
    steps = settle(
        known,
        found,
        {watch.name},
        confirmed={each.fingerprint for each in found},
        margins={watch.name: lookout.margin},
        now=now,
        confirmation=CONFIRMED,
    )
    after = {each.fingerprint: each for each in known}
    after |= {step.after.fingerprint: step.after for step in steps}
    steps += suppress(after.values(), ignores, now)
    watching = Watching(lookout.digest, now, _next_look(lookout, known, steps, now))
    evidence = _evidence(lookout, sight, steps)
    moved = {step.after.fingerprint for step in steps}
    standing = {each.fingerprint for each in known if each.state in LIVE_STATES} - moved
    with database.write() as connection:
        if not turns.take_turn(connection, _name(lookout), turn):
            return None
        breaks.apply_transitions(connection, steps, WATCH, evidence)
        breaks.note_seen(connection, standing, now)
        forget_statistics(connection, now)
        save_watching(connection, watch.name, watching)
        tell(connection, estate, steps, after.values(), now)
    return tuple(steps)


def _survey(
    lookout: Lookout, estate: Estate, sight: Sight, connection: Connection, now: datetime
) -> Survey:
    needed = {stream: estate.sources[stream].fields for stream in lookout.watch.needs}
    return Survey(
        frames=WholeStreams(connection, needed),
        looked_until=sight.looked_until,
        now=now,
        statistics=load_statistics(connection, now),
        decisions=load_decisions(connection),
        clusters=known_clusters(connection, lookout.watch.name),
    )


def _modest(finding: Finding) -> Finding:
    """The finding, brought down to information where its kind is a hint."""
    return replace(finding, severity=Severity.INFO) if finding.kind in HINTS else finding


def _is_seen(finding: Finding, estate: Estate, sight: Sight) -> bool:
    """Whether something can be said of what a finding is about; what is gone can be judged too.

    A finding about a whole system can be judged while any stream of it is seen.
    """
    if finding.stream:
        stream = StreamId(finding.system, finding.stream)
        return stream in sight.looked_until or stream not in estate.sources
    streams = [stream for stream in estate.sources if stream.system == finding.system]
    return not streams or any(stream in sight.looked_until for stream in streams)


def _next_look(
    lookout: Lookout, known: Sequence[Break], steps: Sequence[Transition], now: datetime
) -> datetime:
    """After the usual time, or as soon as a suspicion has stood for its margin."""
    after = {each.fingerprint: each for each in known}
    after |= {step.after.fingerprint: step.after for step in steps}
    ripe = [
        max(each.suspected_at + lookout.margin, now)
        for each in after.values()
        if each.state is BreakState.SUSPECTED
    ]
    return min([now + lookout.every, *ripe])


def _evidence(
    lookout: Lookout, sight: Sight, steps: Sequence[Transition]
) -> dict[str, dict[str, Any]]:
    """By fingerprint: how far the streams that count had been read."""
    seen: dict[str, dict[str, Any]] = {}
    for step in steps:
        found = step.after.finding
        about = lookout.watch.needs or {
            stream
            for stream in sight.looked_until
            if stream.system == found.system and found.stream in ("", stream.stream)
        }
        seen[step.after.fingerprint] = {
            str(stream): {"looked_until": encode_value(sight.looked_until.get(stream))}
            for stream in sorted(about)
        }
    return seen


def _name(lookout: Lookout) -> str:
    return f"watch:{lookout.watch.name}"
