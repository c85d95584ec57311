"""The state of a transaction: one deal's records in every system, taken together."""

from collections.abc import Mapping
from enum import StrEnum


class TransactionStatus(StrEnum):
    """What the last look at a transaction said."""

    MATCHED = "matched"
    IN_FLIGHT = "in_flight"
    BROKEN = "broken"
    UNKNOWN = "unknown"
    EMPTY = "empty"


def judge(
    *, has_records: bool, has_live_breaks: bool, all_rules_judged: bool, is_awaited: bool
) -> TransactionStatus:
    """The status that the facts allow: a break outranks unknown, unknown outranks all-clear."""
    if has_live_breaks:
        return TransactionStatus.BROKEN
    if not has_records:
        return TransactionStatus.EMPTY
    if not all_rules_judged:
        return TransactionStatus.UNKNOWN
    if is_awaited:
        return TransactionStatus.IN_FLIGHT
    return TransactionStatus.MATCHED


def shown_status(status: TransactionStatus, *, is_blind: bool) -> TransactionStatus:
    """What people and metrics are told: nothing is in order while a needed source is blind."""
    hopeful = {TransactionStatus.MATCHED, TransactionStatus.IN_FLIGHT}
    return TransactionStatus.UNKNOWN if is_blind and status in hopeful else status


def shown_counts(
    counts: Mapping[TransactionStatus, int], *, is_blind: bool
) -> dict[TransactionStatus, int]:
    """Counts by the status that is shown; every status has an entry."""
    shown = dict.fromkeys(TransactionStatus, 0)
    for status, count in counts.items():
        shown[shown_status(status, is_blind=is_blind)] += count
    return shown
