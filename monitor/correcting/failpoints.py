"""Failpoints: named places between the durable steps of a correction, at which tests end a process.

They do nothing unless something arms them, which tieout itself never does.
"""

from collections.abc import Callable
from enum import StrEnum


class Failpoint(StrEnum):
    """Between which steps one may be killed."""

    PLAN_CLAIMED = "plan_claimed"
    BEFORE_INTENT = "before_intent"
    WITHIN_INTENT = "within_intent"
    AFTER_INTENT = "after_intent"
    AFTER_CALL = "after_call"
    WITHIN_OUTCOME = "within_outcome"
    AFTER_OUTCOME = "after_outcome"
    BEFORE_READ_BACK = "before_read_back"
    AFTER_READ_BACK = "after_read_back"
    WITHIN_VERIFICATION = "within_verification"
    AFTER_VERIFICATION = "after_verification"
    BEFORE_SETTLING = "before_settling"
    WITHIN_SETTLING = "within_settling"
    AFTER_SETTLING = "after_settling"
    WITHIN_LATE_ARRIVAL = "within_late_arrival"
    AFTER_LATE_ARRIVAL = "after_late_arrival"
    WITHIN_HAND_OVER = "within_hand_over"
    AFTER_HAND_OVER = "after_hand_over"
    BEFORE_PLAN_END = "before_plan_end"
    AFTER_PLAN_END = "after_plan_end"


def _nothing(_: Failpoint) -> None:
    """What happens at a failpoint."""


_reached: Callable[[Failpoint], None] = _nothing


def reach(point: Failpoint) -> None:
    """Say that the work has come so far."""
    _reached(point)


def arm(reached: Callable[[Failpoint], None] = _nothing) -> None:
    """Let something happen at failpoints; without it, nothing happens at them again."""
    global _reached  # noqa: PLW0603 - a switch for the whole process, or it would be an argument of everything
    _reached = reached
