"""Good rows, and bad ones with the reason for which each is to be set aside."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from monitor.core.model import RejectReason

GOOD: tuple[Mapping[str, Any], ...] = (
    {"id": "1", "deal": "D1", "budget": "11.00", "status": "active", "starts": "2026-01-05"},
    {"id": "2", "deal": "D2", "budget": "10.00", "status": "active", "starts": "2026-01-05"},
)
"""The first differs from its deal."""

LONG = "".join(Random(1).choices("0123456789abcdef", k=1_000_000))
"""A megabyte that cannot be made much smaller."""


@dataclass(frozen=True)
class Bad:
    """A row that differs from a good one by these values; `...` leaves a value out."""

    reason: RejectReason
    values: Mapping[str, Any]

    def row(self, number: int) -> dict[str, Any]:
        whole = {"id": str(number), "deal": f"D{number}", "budget": "10.00", "status": "active"}
        return {
            name: value
            for name, value in {**whole, "starts": "2026-01-05", **self.values}.items()
            if value is not ...
        }


BAD: Mapping[str, Bad] = {
    "no id": Bad(RejectReason.NO_ID, {"id": ...}),
    "blank id": Bad(RejectReason.NO_ID, {"id": "  "}),
    "id of 10 kB": Bad(RejectReason.OUT_OF_RANGE, {"id": LONG[:10_240]}),
    "id with NUL": Bad(RejectReason.OUT_OF_RANGE, {"id": "3\x00"}),
    "no key": Bad(RejectReason.NO_KEY, {"deal": ...}),
    "blank key": Bad(RejectReason.NO_KEY, {"deal": " \t"}),
    "key of 1 MB": Bad(RejectReason.OUT_OF_RANGE, {"deal": LONG}),
    "text for money": Bad(RejectReason.WRONG_TYPE, {"budget": "ten"}),
    "NaN": Bad(RejectReason.OUT_OF_RANGE, {"budget": "NaN"}),
    "huge": Bad(RejectReason.OUT_OF_RANGE, {"budget": "1e300"}),
    "too fine": Bad(RejectReason.OUT_OF_RANGE, {"budget": "0.123456789"}),
    "month 13": Bad(RejectReason.WRONG_TYPE, {"starts": "2026-13-01"}),
    "year 20000": Bad(RejectReason.WRONG_TYPE, {"starts": "20000-01-01"}),
    "NUL in text": Bad(RejectReason.OUT_OF_RANGE, {"status": "act\x00ive"}),
    "half a pair": Bad(RejectReason.OUT_OF_RANGE, {"status": "act\ud800ive"}),
}
"""Whatever can be said in text, and so by every source."""

TYPED: Mapping[str, Bad] = {
    "object for money": Bad(RejectReason.WRONG_TYPE, {"budget": {"value": 10}}),
    "list for text": Bad(RejectReason.WRONG_TYPE, {"status": ["active"]}),
    "truth for money": Bad(RejectReason.WRONG_TYPE, {"budget": True}),
    "number for a date": Bad(RejectReason.WRONG_TYPE, {"starts": 20260105}),
    "truth for an id": Bad(RejectReason.NO_ID, {"id": True}),
}
"""What needs JSON's types."""
