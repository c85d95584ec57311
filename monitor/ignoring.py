"""Ignoring: what people decide not to hear of takes effect, and ends, in the store.

A decision takes effect in the transaction that keeps it. What ends by itself is noticed by the next
cycle. Both come to the same state however often they are done.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime

from monitor.core.breaks import Break, BreakState, Transition
from monitor.core.clock import Clock
from monitor.core.errors import Permanent, Reason
from monitor.core.ignores import Decided, Decision, Ignore, suppress
from monitor.core.model import encode_value
from monitor.estate import Estate
from monitor.store import breaks
from monitor.store.audit import append_audit
from monitor.store.database import Connection, Database
from monitor.store.ignores import add_ignore, end_ignore, list_ignores, load_in_force
from monitor.store.settings import load_setting, save_setting
from monitor.store.turns import pass_turn
from monitor.telling import tell

WATCH = "tieout"
"""Who took a step that no person took."""

_APPLIED = "ignores"


def decide(
    estate: Estate,
    database: Database,
    decision: Decision,
    named: Sequence[Break],
    clock: Clock,
    *,
    dry_run: bool = False,
) -> Decided:
    """Ignore what stands and is named, or fits a pattern, from now on.

    Args:
        estate: for its flows and routes.
        database: the store.
        decision: what is decided.
        named: breaks to cover one by one, as they were judged.
        clock: the present.
        dry_run: write nothing and only say what it would come to.

    Raises:
        Transient, Permanent: the store failed; nothing was decided.
    """
    if dry_run:
        return _foresee(database, decision, named, clock())
    with database.write() as connection:
        _hold_flows(connection, estate)
        now = clock()
        made = add_ignore(connection, decision, named, now)
        append_audit(
            connection,
            at=now,
            who=decision.owner,
            action="baseline" if decision.is_baseline else "ignore",
            subject=f"ignore {made.id}",
            detail=_detail(made),
        )
        steps = _apply(connection, estate, now, decision.owner)
        waiting = _unconfirmed(connection)
    return Decided(made, _silent(steps), (), waiting)


def decide_baseline(
    estate: Estate, database: Database, decision: Decision, clock: Clock, *, dry_run: bool = False
) -> Decided:
    """Ignore everything that stands now, as it stands; what is new, or says more, is heard.

    Raises:
        Transient, Permanent: the store failed; nothing was decided.
    """
    with database.read() as connection:
        standing = breaks.list_breaks(connection, states={BreakState.OPEN}, limit=None)
        standing += breaks.list_breaks(connection, states={BreakState.ACKNOWLEDGED}, limit=None)
    return decide(estate, database, decision, standing, clock, dry_run=dry_run)


def withdraw(
    estate: Estate, database: Database, number: int, who: str, why: str, clock: Clock
) -> Decided:
    """End an ignore before its time; what it covered and still stands is heard again.

    Raises:
        Permanent: the ignore is unknown or not in force, or the store failed.
        Transient: the store failed.
    """
    with database.write() as connection:
        _hold_flows(connection, estate)
        now = clock()
        if not end_ignore(connection, number, now, who, why):
            raise Permanent(f"no ignore {number} is in force", reason=Reason.REFUSED)
        append_audit(
            connection,
            at=now,
            who=who,
            action="ignore_ended",
            subject=f"ignore {number}",
            detail={"why": why},
        )
        steps = _apply(connection, estate, now, who)
        ended = next(each for each in list_ignores(connection) if each.id == number)
    again = [step.after for step in steps if step.after.state is not BreakState.SUPPRESSED]
    return Decided(ended, _silent(steps), again)


def refresh_ignores(estate: Estate, database: Database, now: datetime) -> tuple[Transition, ...]:
    """Let ignores that came into force, or ended by themselves, have their effect.

    Costs one small query while nothing changes.

    Raises:
        Transient, Permanent: the store failed.
    """
    with database.read() as connection:
        if load_setting(connection, _APPLIED) in (_in_force(connection, now), None):
            return ()
    with database.write() as connection:
        _hold_flows(connection, estate)
        return _apply(connection, estate, now, WATCH)


def _apply(
    connection: Connection, estate: Estate, now: datetime, who: str
) -> tuple[Transition, ...]:
    """Bring every break that stands to what the ignores in force say, and tell who is to hear."""
    standing = breaks.standing_breaks(connection)
    ignores = load_in_force(connection, now, [each.fingerprint for each in standing])
    steps = suppress(standing, ignores, now)
    breaks.apply_transitions(connection, steps, who)
    save_setting(connection, _APPLIED, _in_force(connection, now))
    tell(connection, estate, steps, standing, now)
    return tuple(steps)


def _in_force(connection: Connection, now: datetime) -> str:
    return " ".join(str(number) for number in load_in_force(connection, now, ()).all)


def _hold_flows(connection: Connection, estate: Estate) -> None:
    """Nobody settles from here to the end, and who has read before reads again."""
    for flow in estate.flows:
        pass_turn(connection, flow.name)
    for lookout in estate.lookouts:
        pass_turn(connection, f"watch:{lookout.watch.name}")


def _foresee(
    database: Database, decision: Decision, named: Sequence[Break], now: datetime
) -> Decided:
    with database.read() as connection:
        standing = breaks.standing_breaks(connection)
        waiting = _unconfirmed(connection)
    chosen = {each.fingerprint for each in named}
    silent = [
        each
        for each in standing
        if each.state in (BreakState.OPEN, BreakState.ACKNOWLEDGED)
        and (each.fingerprint in chosen or decision.pattern.fits(each.finding))
    ]
    return Decided(Ignore(0, decision, now, len(named)), silent, (), waiting)


def _unconfirmed(connection: Connection) -> int:
    return len(breaks.list_breaks(connection, states={BreakState.SUSPECTED}, limit=None))


def _silent(steps: Sequence[Transition]) -> list[Break]:
    return [step.after for step in steps if step.after.state is BreakState.SUPPRESSED]


def _detail(made: Ignore) -> dict[str, object]:
    decision = made.decision
    return {
        "reason": decision.reason,
        "until": encode_value(decision.until),
        "pattern": asdict(decision.pattern),
        "breaks": made.named,
    }
