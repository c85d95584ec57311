"""What a whole reconciliation of extracts comes to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from monitor.core.model import StreamId
from monitor.extracts.reconciling import Reconciled


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What was looked at, and what was found.

    Attributes:
        as_of: the instant at which the estate was judged.
        rows: of each extract.
        absent: streams without an extract.
        not_asked: by flow, rules that need one of these; what they would say is unknown. Watches
            stand under `estate`.
        result: breaks and unreadable records.
        known: what was seen after this was left out; None for extracts, which hold what they hold.
    """

    as_of: datetime
    rows: Mapping[StreamId, int]
    absent: tuple[StreamId, ...]
    not_asked: Mapping[str, tuple[str, ...]]
    result: Reconciled
    known: datetime | None = None
