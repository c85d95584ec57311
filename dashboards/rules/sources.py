"""Is every source seen, and lately?"""

from dashboards.rules.rule import Alert, Group, Level, Owner, Page, Recording
from monitor.core.catalogue import (
    CALLS_REMAINING,
    QUARANTINE_DEPTH,
    SAMPLE_FAILURES,
    SOURCE_BLIND,
    SOURCE_INTERVAL,
    SOURCE_LAST_SUCCESS,
    SOURCE_UP,
)
from monitor.core.errors import Reason

STALENESS = "source_stream:tieout_source_staleness_seconds:max"
AVAILABILITY = "source:tieout_source_up:avg_over_time1d"
SEEN = "source:tieout_source_seen:ratio"
FAILURES = "source_reason:tieout_sample_failures:increase15m"

_CHANGED = "|".join((Reason.SCHEMA, Reason.MALFORMED, Reason.EMPTY_SOURCE, Reason.NOT_FOUND))

RECORDED = Group(
    "tieout-sources-recorded",
    (
        Recording(
            STALENESS,
            f"time() - max by (job, source, stream) ({SOURCE_LAST_SUCCESS.name})",
        ),
        Recording(
            AVAILABILITY,
            f"avg by (job, source) (avg_over_time({SOURCE_UP.name}[1d]))",
        ),
        Recording(SEEN, f"1 - avg by (job, source) ({SOURCE_BLIND.name})"),
        Recording(
            FAILURES,
            f"sum by (job, source, reason) (increase({SAMPLE_FAILURES.name}[15m]))",
        ),
    ),
)

ALERTS = Group(
    "tieout-sources",
    (
        Alert(
            "TieoutSourceDown",
            f"min by (job, source) ({SOURCE_UP.name}) == 0",
            "Calls to {{ $labels.source }} have been failing for ten minutes",
            "Its streams go blind soon. Nothing is reported missing meanwhile, and nothing fine.",
            Level.WARNING,
            Owner.INTEGRATION,
            Page.SYSTEMS,
            "10m",
        ),
        Alert(
            "TieoutSourceBlind",
            f"min by (job, source) ({SOURCE_BLIND.name}) == 1",
            "Nothing of {{ $labels.source }} can be seen",
            "Every answer that needs the system is unknown: breaks in it stay unfound.",
            Level.CRITICAL,
            Owner.INTEGRATION,
            Page.SYSTEMS,
            "15m",
        ),
        Alert(
            "TieoutStreamBlind",
            f"max by (job, source, stream) ({SOURCE_BLIND.name}) == 1",
            "{{ $labels.source }}.{{ $labels.stream }} cannot be seen",
            "Rules that need the stream say unknown until it was looked at completely again.",
            Level.WARNING,
            Owner.INTEGRATION,
            Page.SYSTEMS,
            "15m",
        ),
        Alert(
            "TieoutStreamStale",
            f"{STALENESS}\n  > 3 * max by (job, source, stream) ({SOURCE_INTERVAL.name}) + 300",
            "{{ $labels.source }}.{{ $labels.stream }} was last seen"
            " {{ $value | humanizeDuration }} ago",
            "At least two looks in a row were missed, so what is shown of it is old.",
            Level.WARNING,
            Owner.INTEGRATION,
            Page.SYSTEMS,
            "5m",
        ),
        Alert(
            "TieoutSourceRefusesCredentials",
            f'max by (job, source) ({FAILURES}{{reason="{Reason.CREDENTIALS.value}"}}) > 0',
            "{{ $labels.source }} refuses the credentials that it is read with",
            "Trying again does not help. Too many tries may lock the account.",
            Level.CRITICAL,
            Owner.INTEGRATION,
            Page.SYSTEMS,
        ),
        Alert(
            "TieoutSourceChanged",
            f'max by (job, source, reason) ({FAILURES}{{reason=~"{_CHANGED}"}}) > 0',
            "{{ $labels.source }} answers otherwise than the landscape says: {{ $labels.reason }}",
            "A field, a path or the whole answer is gone or has another form. Its rows are not"
            " taken until the landscape or the system is mended.",
            Level.WARNING,
            Owner.INTEGRATION,
            Page.SYSTEMS,
            "5m",
        ),
        Alert(
            "TieoutCallBudgetSpent",
            f'min by (job, source, budget) ({CALLS_REMAINING.name}{{budget=~"day|vendor"}}) <= 0',
            "The {{ $labels.budget }} budget of {{ $labels.source }} is spent",
            "No call is made until it is refilled; the source goes blind meanwhile.",
            Level.WARNING,
            Owner.INTEGRATION,
            Page.SYSTEMS,
            "5m",
        ),
        Alert(
            "TieoutRowsInQuarantine",
            f"sum by (job, source, stream) ({QUARANTINE_DEPTH.name}) > 0",
            "{{ $value }} rows of {{ $labels.source }}.{{ $labels.stream }} could not be read",
            "They are set aside with their reason. Deals that they belong to may look incomplete.",
            Level.WARNING,
            Owner.INTEGRATION,
            Page.SYSTEMS,
            "30m",
        ),
    ),
)
