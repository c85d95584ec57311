"""Corrections: what is planned, written and proven, and what holds it back."""

from dashboards.panels import (
    BAD_WHEN_ANY,
    FLOW,
    SYSTEM,
    Dashboard,
    PageOf,
    Panel,
    PanelType,
    Query,
    Row,
)
from dashboards.queries import chosen, quantile
from monitor.core.catalogue import (
    BREAKER_OPEN,
    CORRECTIONS,
    CORRECTIONS_HALTED,
    CORRECTIONS_REFUSED,
    PLANS,
    REPAIR_DURATION,
)
from monitor.core.corrections import CorrectionState

_UNKNOWN = f'state="{CorrectionState.UNKNOWN.value}"'

_SAFE = Row(
    "Is it safe?",
    (
        Panel(
            "Halted",
            "Whether the kill switch is on, so that nothing is written.",
            PanelType.STAT,
            "bool_yes_no",
            (Query(f"max({chosen(CORRECTIONS_HALTED)})", "halted"),),
            width=6,
            height=5,
            steps=BAD_WHEN_ANY,
        ),
        Panel(
            "Unknown outcomes",
            "Writes of which nobody knows yet whether they took effect. Nothing is"
            " written again before that is known.",
            PanelType.STAT,
            "short",
            (Query(f"max({chosen(CORRECTIONS, _UNKNOWN)})", "unknown"),),
            width=6,
            height=5,
            steps=BAD_WHEN_ANY,
            page=PageOf.CORRECTIONS,
        ),
        Panel(
            "Breakers",
            "Systems to which nothing is written for a while, because writes failed in a row.",
            PanelType.STATE_TIMELINE,
            "bool_yes_no",
            (Query(f"max by (source) ({chosen(BREAKER_OPEN)})", "{{source}}"),),
            height=5,
            steps=BAD_WHEN_ANY,
        ),
    ),
)

_WORK = Row(
    "What becomes of it?",
    (
        Panel(
            "Corrections",
            "Corrections that were ever planned, by where they are. Verified: read"
            " back, and as intended.",
            PanelType.TIME_SERIES,
            "short",
            (Query(f"max by (state) ({chosen(CORRECTIONS)}) > 0", "{{state}}"),),
            stacked=True,
            page=PageOf.CORRECTIONS,
        ),
        Panel(
            "Plans",
            "Plans that were ever kept, by where they are. Proposed ones wait for"
            " somebody to approve them.",
            PanelType.TIME_SERIES,
            "short",
            (Query(f"max by (state) ({chosen(PLANS)}) > 0", "{{state}}"),),
            stacked=True,
            page=PageOf.PLANS,
        ),
        Panel(
            "Breaks left alone",
            "Breaks that are not corrected, by the guard that last refused it.",
            PanelType.TIME_SERIES,
            "short",
            (Query(f"max by (guard) ({chosen(CORRECTIONS_REFUSED)}) > 0", "{{guard}}"),),
            stacked=True,
        ),
        Panel(
            "Time to repair",
            "From the opening of a break until its correction was verified.",
            PanelType.TIME_SERIES,
            "s",
            (
                Query(
                    quantile(0.5, chosen(REPAIR_DURATION, suffix="_bucket"), "flow"),
                    "{{flow}} half of them",
                ),
                Query(
                    quantile(0.95, chosen(REPAIR_DURATION, suffix="_bucket"), "flow"),
                    "{{flow}} 95 of 100",
                ),
            ),
        ),
    ),
)

CORRECTIONS_BOARD = Dashboard(
    uid="tieout-corrections",
    title="tieout / Corrections",
    description="What tieout changes in other systems, whether it worked, and what stops it.",
    rows=(
        _SAFE,
        _WORK,
    ),
    choices=(FLOW, SYSTEM),
)
