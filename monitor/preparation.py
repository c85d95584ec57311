"""What has to be looked at again because the landscape changed, not the records."""

from datetime import datetime

from monitor.estate import Estate
from monitor.store import settings, streams, touches, transactions
from monitor.store.audit import append_audit
from monitor.store.database import Database


def prepare_store(estate: Estate, database: Database, now: datetime) -> None:
    """Note a changed landscape: remapped streams are read in full, flows looked at anew.

    Raises:
        Transient, Permanent: the store failed; nothing was noted.
    """
    with database.write() as connection:
        if settings.load_setting(connection, "landscape") != estate.digest:
            append_audit(
                connection,
                at=now,
                who="tieout",
                action="apply",
                subject="landscape",
                detail={"digest": estate.digest},
            )
            settings.save_setting(connection, "landscape", estate.digest)
        for source in estate.sources.values():
            name = f"mapping:{source.id}"
            if settings.load_setting(connection, name) != source.digest:
                streams.request_full(connection, source.id)
                settings.save_setting(connection, name, source.digest)
        for flow in estate.flows:
            name = f"flow:{flow.name}"
            if settings.load_setting(connection, name) != flow.digest:
                transactions.make_all_due(connection, flow.name, now)
                touches.touch_unlinked(connection)
                settings.save_setting(connection, name, flow.digest)
