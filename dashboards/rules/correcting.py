"""Does what is corrected come out as it was meant?"""

from dashboards.rules.rule import Alert, Group, Level, Owner, Page
from monitor.core.catalogue import (
    BREAKER_OPEN,
    CORRECTIONS,
    CORRECTIONS_ENDED,
    CORRECTIONS_HALTED,
)
from monitor.core.corrections import CorrectionState
from monitor.core.metric_types import CorrectionOutcome

_WRONG = "|".join((CorrectionOutcome.FAILED, CorrectionOutcome.DIFFERENT))

ALERTS = Group(
    "tieout-corrections",
    (
        Alert(
            "TieoutCorrectionFailed",
            f'sum by (job) (increase({CORRECTIONS_ENDED.name}{{outcome=~"{_WRONG}"}}[1h])) > 0',
            "Corrections failed within the last hour, or came out otherwise than meant",
            "The target refused them, or holds something else than what was approved.",
            Level.CRITICAL,
            Owner.OPERATIONS,
            Page.CORRECTIONS,
        ),
        Alert(
            "TieoutCorrectionUnknown",
            f'max by (job) ({CORRECTIONS.name}{{state="{CorrectionState.UNKNOWN.value}"}}) > 0',
            "Of {{ $value }} corrections nobody knows whether they took effect",
            "The target does not answer when it is looked at. Nothing is written twice meanwhile.",
            Level.CRITICAL,
            Owner.OPERATIONS,
            Page.CORRECTIONS,
            "15m",
        ),
        Alert(
            "TieoutBreakerOpen",
            f"max by (job, source) ({BREAKER_OPEN.name}) == 1",
            "Nothing is written to {{ $labels.source }}, because writes to it failed in a row",
            "Approved plans for it wait. It is tried again by itself after a while.",
            Level.WARNING,
            Owner.INTEGRATION,
            Page.CORRECTIONS,
            "5m",
        ),
        Alert(
            "TieoutCorrectionsHalted",
            f"max by (job) ({CORRECTIONS_HALTED.name}) == 1",
            "The kill switch has been on for an hour",
            "Somebody stopped every correction. Approved plans expire meanwhile.",
            Level.WARNING,
            Owner.OPERATIONS,
            Page.CORRECTIONS,
            "1h",
        ),
    ),
)
