"""A whole reconciliation of the store at an instant, with the outcome that extracts have."""

from collections import Counter, defaultdict

import polars as pl

from monitor.as_of import open_shards, see_as_of
from monitor.core.model import StreamId
from monitor.core.ports import FINDINGS
from monitor.estate import Estate
from monitor.extracts.outcome import Reconciliation
from monitor.extracts.reconciling import UNREADABLE, Reconciled
from monitor.past_doubt import find_doubts
from monitor.store.database import Database
from monitor.store.past import AsOf


def reconcile_store(estate: Estate, database: Database, as_of: AsOf) -> Reconciliation:
    """Every flow's rules over everything that the store had at an instant.

    Args:
        estate: whose flows are asked.
        database: the store; nothing is written.
        as_of: the instant, and by when it should be known. `(now, now)` is the present.

    Returns:
        The outcome: `rows` counts the records in transactions, and `absent` names the streams that
        were not looked at then.

    Raises:
        ValueError: the instant lies after the moment by which it should be known.
        Transient, Permanent: the store failed.
    """
    sight = see_as_of(estate, database, as_of)
    rows: defaultdict[StreamId, int] = defaultdict(int)
    found = [pl.DataFrame(schema=FINDINGS)]
    unreadable = [pl.DataFrame(schema=UNREADABLE)]
    for flow in estate.flows:
        counts = Counter[StreamId]()
        for shard in open_shards(flow, estate, database, *as_of):
            scope = shard.scope(as_of.at, sight)
            found.append(shard.judge(scope, sight))
            unreadable.append(find_doubts(scope, sight.set_aside))
            counts.update(
                {stream: frame["_record"].n_unique() for stream, frame in scope.frames.items()}
            )
        # A record may be in several flows, and is one all the same.
        for stream, count in counts.items():
            rows[stream] = max(rows[stream], count)
    return Reconciliation(
        as_of=as_of.at,
        rows=dict(sorted(rows.items())),
        absent=tuple(sorted(sight.blind)),
        not_asked={
            flow.name: tuple(rule.name for rule in flow.rules if rule not in sight.rules(flow))
            for flow in estate.flows
        },
        result=Reconciled(pl.concat(found), pl.concat(unreadable).unique(maintain_order=True)),
        known=as_of.known,
    )
