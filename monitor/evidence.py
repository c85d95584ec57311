"""Evidence: what was looked at when a break took a step."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import polars as pl

from monitor.core.breaks import Transition
from monitor.core.model import StreamId, encode_value
from monitor.estate import Flow


def evidence_of(
    flow: Flow,
    steps: Sequence[Transition],
    frames: Mapping[StreamId, pl.DataFrame],
    looked_until: Mapping[StreamId, datetime],
) -> dict[str, dict[str, Any]]:
    """By fingerprint: for each stream that the rule needs, how far and which versions were seen.

    A record is named by its native id and the instant since when tieout knows this version of
    it; with both, the history gives back what the rule saw.
    """
    needs = {rule.name: rule.needs for rule in flow.rules}
    versions = {
        stream: _versions(frames[stream], deals)
        for stream, deals in _involved(steps, needs).items()
    }
    return {
        step.after.fingerprint: {
            str(stream): {
                "looked_until": encode_value(looked_until.get(stream)),
                "records": versions[stream].get(step.after.finding.transaction, {}),
            }
            for stream in sorted(needs.get(step.after.finding.rule, ()))
        }
        for step in steps
    }


def _involved(
    steps: Sequence[Transition], needs: Mapping[str, frozenset[StreamId]]
) -> Mapping[StreamId, set[str]]:
    """Transactions that some step looked at, by stream."""
    found: defaultdict[StreamId, set[str]] = defaultdict(set)
    for step in steps:
        for stream in needs.get(step.after.finding.rule, ()):
            found[stream].add(step.after.finding.transaction)
    return found


def _versions(frame: pl.DataFrame, transactions: Collection[str]) -> dict[str, dict[str, Any]]:
    """By transaction: the records that were seen, and since when each was known so."""
    found: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    seen = frame.filter(pl.col("_transaction").is_in(list(transactions)))
    for transaction, native_id, observed_at in seen.select(
        "_transaction", "_record", "_observed_at"
    ).iter_rows():
        found[transaction][native_id] = encode_value(observed_at)
    return found
