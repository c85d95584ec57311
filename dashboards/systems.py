"""Systems: rate, errors and duration by source, budgets, and how fresh the sight is."""

from dashboards.headlines import SOURCES_UP
from dashboards.panels import (
    BAD_WHEN_ANY,
    SYSTEM,
    Dashboard,
    PageOf,
    Panel,
    PanelType,
    Query,
    Row,
)
from dashboards.queries import chosen, increase, quantile, rate
from monitor.core.catalogue import (
    CALLS,
    CALLS_REMAINING,
    QUARANTINE_DEPTH,
    RECORDS_SAMPLED,
    SAMPLE_DURATION,
    SAMPLE_FAILURES,
    SOURCE_BLIND,
    SOURCE_INTERVAL,
    SOURCE_LAST_SUCCESS,
)
from monitor.core.metric_types import SampleOutcome

_CHANGES = f'outcome=~"{SampleOutcome.NEW.value}|{SampleOutcome.CHANGED.value}"'

_SIGHT = Row(
    "Can we see it?",
    (
        SOURCES_UP,
        Panel(
            "Blind",
            "Which streams cannot be seen: what needs them is unknown, neither fine nor missing.",
            PanelType.STATE_TIMELINE,
            "bool_yes_no",
            (Query(f"max by (source, stream) ({chosen(SOURCE_BLIND)})", "{{source}}.{{stream}}"),),
            steps=BAD_WHEN_ANY,
            page=PageOf.BREAKS_AT_SOURCE,
        ),
        Panel(
            "Freshness",
            "Time since each source's stalest stream was last looked at completely.",
            PanelType.TIME_SERIES,
            "s",
            (
                Query(
                    f"time() - min by (source) ({chosen(SOURCE_LAST_SUCCESS)})",
                    "{{source}}",
                ),
            ),
        ),
        Panel(
            "Missed looks",
            "Age in looks: how many times its own interval ago each source's stalest stream was"
            " looked at. Above 3 it is stale.",
            PanelType.TIME_SERIES,
            "short",
            (
                Query(
                    "max by (source) ("
                    f"(time() - max by (source, stream) ({chosen(SOURCE_LAST_SUCCESS)}))"
                    f" / max by (source, stream) ({chosen(SOURCE_INTERVAL)}))",
                    "{{source}}",
                ),
            ),
        ),
    ),
)

_RED = Row(
    "How well does it answer?",
    (
        Panel(
            "Calls",
            "Rate: calls to each source, repeated tries included.",
            PanelType.TIME_SERIES,
            "reqps",
            (Query(f"sum by (source) ({rate(chosen(CALLS))})", "{{source}}"),),
        ),
        Panel(
            "Failed looks",
            "Errors: looks at a stream that ended early, by reason.",
            PanelType.TIME_SERIES,
            "short",
            (
                Query(
                    f"sum by (source, reason) ({increase(chosen(SAMPLE_FAILURES))}) > 0",
                    "{{source}} {{reason}}",
                ),
            ),
        ),
        Panel(
            "Duration of looks, 95 of 100",
            "Duration: how long looks at the streams of each source take.",
            PanelType.TIME_SERIES,
            "s",
            (
                Query(
                    quantile(0.95, chosen(SAMPLE_DURATION, suffix="_bucket"), "source"),
                    "{{source}}",
                ),
            ),
        ),
        Panel(
            "Calls remaining",
            "Calls that each budget still allows. At 0 the source goes blind until it is refilled.",
            PanelType.TIME_SERIES,
            "short",
            (
                Query(
                    f"min by (source, budget) ({chosen(CALLS_REMAINING)})", "{{source}} {{budget}}"
                ),
            ),
        ),
    ),
)

_ROWS = Row(
    "What does it send?",
    (
        Panel(
            "Records by outcome",
            "Rows that sources sent: unchanged ones are the overlap that is read again on purpose.",
            PanelType.TIME_SERIES,
            "cps",
            (Query(f"sum by (outcome) ({rate(chosen(RECORDS_SAMPLED))})", "{{outcome}}"),),
            width=8,
            stacked=True,
        ),
        Panel(
            "Changed records by source",
            "New and changed rows. A step is a mass change, or a full read.",
            PanelType.TIME_SERIES,
            "cps",
            (Query(f"sum by (source) ({rate(chosen(RECORDS_SAMPLED, _CHANGES))})", "{{source}}"),),
            width=8,
        ),
        Panel(
            "Quarantine",
            "Rows set aside because they could not become records.",
            PanelType.TIME_SERIES,
            "short",
            (Query(f"sum by (source) ({chosen(QUARANTINE_DEPTH)})", "{{source}}"),),
            width=8,
        ),
    ),
)

SYSTEMS = Dashboard(
    uid="tieout-systems",
    title="tieout / Systems",
    description="Whether every system can be read, how well, and at what cost.",
    rows=(
        _SIGHT,
        _RED,
        _ROWS,
    ),
    choices=(SYSTEM,),
)
