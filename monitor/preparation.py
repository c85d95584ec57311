"""What has to be looked at again because the landscape changed, not the records."""

from datetime import datetime

from monitor.config.effective import as_text
from monitor.core.breaks import LIVE_STATES, BreakState
from monitor.core.lifecycle import settle
from monitor.core.watches import ESTATE
from monitor.estate import Estate, Flow, Source
from monitor.store import breaks, settings, streams, touches, transactions
from monitor.store.audit import append_audit
from monitor.store.configurations import APPLY, SUBJECT, keep_configuration
from monitor.store.database import Connection, Database
from monitor.telling import tell


def prepare_store(estate: Estate, database: Database, now: datetime) -> None:
    """Note a changed landscape, and resolve what was found by what is gone from it.

    Raises:
        Transient, Permanent: the store failed; nothing was noted.
    """
    with database.write() as connection:
        if settings.load_setting(connection, "landscape") != estate.digest:
            append_audit(
                connection,
                at=now,
                who="tieout",
                action=APPLY,
                subject=SUBJECT,
                detail={"digest": estate.digest},
            )
            settings.save_setting(connection, "landscape", estate.digest)
            _retire(estate, connection, now)
        if estate.configuration:
            document = as_text(estate.configuration)
            keep_configuration(connection, estate.digest, document, now)


def _retire(estate: Estate, connection: Connection, now: datetime) -> None:
    """Resolve what was found in flows, or by watches, that are gone: nobody looks there."""
    flows = {flow.name for flow in estate.flows}
    watches = {lookout.watch.name for lookout in estate.lookouts}
    states = LIVE_STATES | {BreakState.SUSPECTED}
    left = [
        each
        for each in breaks.list_breaks(connection, states=states, limit=None)
        if each.finding.flow not in flows
        and not (each.finding.flow == ESTATE and each.finding.rule in watches)
    ]
    rules = {each.finding.rule for each in left}
    steps = settle(left, (), (), confirmed=(), margins={}, now=now, retired=rules)
    breaks.apply_transitions(connection, steps, "tieout")
    tell(connection, estate, steps, left, now)


def prepare_flow(flow: Flow, database: Database, now: datetime) -> None:
    """Note changed rules: every transaction of the flow is looked at anew.

    To be called when a cycle begins. At a reload it would be too early: a cycle that still runs
    by the old rules could end after it, and take what it looked at for done.

    Raises:
        Transient, Permanent: the store failed; nothing was noted.
    """
    name = f"flow:{flow.name}"
    with database.read() as connection:
        if settings.load_setting(connection, name) == flow.digest:
            return
    with database.write() as connection:
        transactions.make_all_due(connection, flow.name, now)
        touches.touch_unlinked(connection, flow.name)
        settings.save_setting(connection, name, flow.digest)


def prepare_stream(source: Source, database: Database) -> None:
    """Note a changed mapping: the next look reads the stream in full.

    To be called when the look begins. At a reload it would be too early: a look that still runs
    by the old mapping could end after it, and meet the request in place of the next one.

    Raises:
        Transient, Permanent: the store failed; nothing was noted.
    """
    name = f"mapping:{source.id}"
    with database.read() as connection:
        if settings.load_setting(connection, name) == source.digest:
            return
    with database.write() as connection:
        streams.request_full(connection, source.id)
        settings.save_setting(connection, name, source.digest)
