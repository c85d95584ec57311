"""Evidence: what was looked at when a break took a step."""

from collections.abc import Mapping, Sequence
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
    return {
        step.after.fingerprint: {
            str(stream): {
                "looked_until": encode_value(looked_until.get(stream)),
                "records": _versions(frames[stream], step.after.finding.transaction),
            }
            for stream in sorted(needs.get(step.after.finding.rule, ()))
        }
        for step in steps
    }


def _versions(frame: pl.DataFrame, transaction: str) -> dict[str, Any]:
    seen = frame.filter(pl.col("_transaction") == transaction)
    return {
        native_id: encode_value(observed_at)
        for native_id, observed_at in seen.select("_record", "_observed_at").iter_rows()
    }
