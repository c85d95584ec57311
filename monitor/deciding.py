"""Deciding: people say which records mean the same thing, and the watches honour it."""

from datetime import datetime

import polars as pl

from monitor.core.clock import Clock
from monitor.core.errors import Permanent, Reason
from monitor.core.watches import ESTATE, Asking, MatchDecision, Survey
from monitor.estate import Estate, Lookout
from monitor.sight import see
from monitor.store import breaks
from monitor.store.audit import append_audit
from monitor.store.database import Connection, Database
from monitor.store.matching import has_record, load_decisions, save_decision
from monitor.store.whole_streams import WholeStreams


def open_questions(estate: Estate, database: Database, clock: Clock) -> pl.DataFrame:
    """Pairs that nobody has decided and that watches are not sure of, the likeliest first.

    Returns:
        `watch`, `left`, `right`, and the evidence in bits, whole (`weight`) and by comparison.

    Raises:
        Transient, Permanent: the store failed.
    """
    looked_until = see(estate, database, clock()).looked_until
    asked = []
    with database.read() as connection:
        for lookout in estate.lookouts:
            if isinstance(lookout.watch, Asking) and lookout.watch.needs <= looked_until.keys():
                survey = _survey(connection, lookout, estate, clock())
                found = lookout.watch.candidates(survey)
                asked.append(found.select(pl.lit(lookout.watch.name).alias("watch"), pl.all()))
    return pl.concat(asked) if asked else pl.DataFrame()


def decide_pair(database: Database, decision: MatchDecision, clock: Clock) -> None:
    """Remember what a person decided; the watches follow at their next look.

    Raises:
        Permanent: a record is compared with itself or does not exist, or the store failed.
        Transient: the store failed.
    """
    if decision.left == decision.right:
        raise Permanent("a record is always the same as itself", reason=Reason.REFUSED)
    now = clock()
    with database.write() as connection:
        for name in (decision.left, decision.right):
            if not has_record(connection, name):
                raise Permanent(f"there is no record {name}", reason=Reason.NOT_FOUND)
        save_decision(connection, decision, now)
        append_audit(
            connection,
            at=now,
            who=decision.who,
            action=f"decide {decision.opinion.value}",
            subject=f"{decision.left} {decision.right}",
            detail={"why": decision.why},
        )


def known_clusters(connection: Connection, watch: str) -> dict[str, str]:
    """By record, the group that a watch's breaks have told of until now."""
    stored = breaks.breaks_of_rule(connection, ESTATE, watch)
    return {
        f"{each.finding.system}.{each.finding.stream}/{each.finding.record_id}": (
            each.finding.transaction.removeprefix("same:")
        )
        for each in stored
    }


def _survey(connection: Connection, lookout: Lookout, estate: Estate, now: datetime) -> Survey:
    needed = {stream: estate.sources[stream].fields for stream in lookout.watch.needs}
    frames = WholeStreams(connection, needed)
    return Survey(frames, {}, now, decisions=load_decisions(connection))
