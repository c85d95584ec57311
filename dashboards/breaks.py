"""Breaks and value at risk: what stands, what it may cost, and for how long it has stood."""

from dashboards.headlines import VALUE_AT_RISK_NOW, VALUE_AT_RISK_OVER_TIME
from dashboards.panels import (
    BAD_WHEN_ANY,
    FLOW,
    SEVERITIES,
    SYSTEM,
    Dashboard,
    PageOf,
    Panel,
    PanelType,
    Query,
    Row,
)
from dashboards.queries import chosen, increase
from monitor.core.catalogue import (
    BREAK_TRANSITIONS,
    BREAKS_OPEN,
    BREAKS_SUPPRESSED,
    OLDEST_BREAK,
)
from monitor.core.incident_metrics import (
    CHANNEL_FAILING,
    INCIDENTS,
    INCIDENTS_ESCALATED,
    INCIDENTS_OPENED,
    INCIDENTS_RESOLVED,
    SILENCES,
)
from monitor.core.indicator_metrics import BREAKS_BY_AGE
from monitor.core.indicators import Age


def _of_age(age: Age) -> str:
    return f'age="{age.value}"'


_NOW = Row(
    "What stands?",
    (
        Panel(
            "Open breaks by severity",
            "Breaks that were confirmed, are not resolved and are not ignored.",
            PanelType.STAT,
            "short",
            (Query(f"sum by (severity) ({chosen(BREAKS_OPEN)})", "{{severity}}"),),
            width=6,
            height=5,
            colours=SEVERITIES,
            page=PageOf.BREAKS_BY_SEVERITY,
        ),
        VALUE_AT_RISK_NOW,
        Panel(
            "Oldest break",
            "For how long the oldest break that stands has been standing, by severity.",
            PanelType.STAT,
            "s",
            (Query(f"time() - min by (severity) ({chosen(OLDEST_BREAK)})", "{{severity}}"),),
            width=6,
            height=5,
            colours=SEVERITIES,
        ),
    ),
)

_COURSE = Row(
    "How did it come to that?",
    (
        Panel(
            "By kind",
            "What kind of break stands. A sudden step points at one change or outage.",
            PanelType.TIME_SERIES,
            "short",
            (Query(f"sum by (kind) ({chosen(BREAKS_OPEN)}) > 0", "{{kind}}"),),
            stacked=True,
            page=PageOf.BREAKS_BY_KIND,
        ),
        Panel(
            "By system",
            "Which system is wrong or lacks the record.",
            PanelType.TIME_SERIES,
            "short",
            (Query(f"sum by (system) ({chosen(BREAKS_OPEN)})", "{{system}}"),),
            stacked=True,
            page=PageOf.BREAKS_BY_SYSTEM,
        ),
        VALUE_AT_RISK_OVER_TIME,
        Panel(
            "By age",
            "How long it has been wrong. What grows old is nobody's.",
            PanelType.TIME_SERIES,
            "short",
            tuple(
                Query(f"sum({chosen(BREAKS_BY_AGE, _of_age(age))})", age.value.replace("_", " "))
                for age in Age
            ),
            stacked=True,
        ),
        Panel(
            "Steps in the lives of breaks",
            "Opened, changed, resolved, reopened. More opened than resolved for long:"
            " the queue grows.",
            PanelType.TIME_SERIES,
            "short",
            (Query(f"sum by (kind) ({increase(chosen(BREAK_TRANSITIONS))})", "{{kind}}"),),
        ),
        Panel(
            "Ignored",
            "Breaks that stand and that somebody ignores for now, by system.",
            PanelType.TIME_SERIES,
            "short",
            (Query(f"sum by (system) ({chosen(BREAKS_SUPPRESSED)})", "{{system}}"),),
            stacked=True,
        ),
    ),
)

_PEOPLE = Row(
    "Does somebody look after it?",
    (
        Panel(
            "Incidents",
            "Incidents that stand: breaks of one cause. Open ones are nobody's yet.",
            PanelType.TIME_SERIES,
            "short",
            (
                Query(
                    f"sum by (severity, state) ({chosen(INCIDENTS)})",
                    "{{severity}}, {{state}}",
                ),
            ),
            stacked=True,
            page=PageOf.INCIDENTS,
        ),
        Panel(
            "Incidents opened and resolved",
            "More opened than resolved for long: people cannot keep up.",
            PanelType.TIME_SERIES,
            "short",
            (
                Query(f"sum({increase(chosen(INCIDENTS_OPENED))})", "opened"),
                Query(f"sum({increase(chosen(INCIDENTS_RESOLVED))})", "resolved"),
            ),
        ),
        Panel(
            "Escalated",
            "Incidents that nobody acknowledged in time, so that more people were told.",
            PanelType.STAT,
            "short",
            (Query(f"sum by (severity) ({chosen(INCIDENTS_ESCALATED)})", "{{severity}}"),),
            width=8,
            height=5,
            steps=BAD_WHEN_ANY,
        ),
        Panel(
            "Silences",
            "Silences in force: incidents that fit them are told to nobody.",
            PanelType.STAT,
            "short",
            (Query(f"sum({chosen(SILENCES)})", "in force"),),
            width=8,
            height=5,
        ),
        Panel(
            "Channels that fail",
            "Incidents of which a channel could not be told at its last try.",
            PanelType.STAT,
            "short",
            (Query(f"sum by (channel) ({chosen(CHANNEL_FAILING)})", "{{channel}}"),),
            width=8,
            height=5,
            steps=BAD_WHEN_ANY,
        ),
    ),
)

BREAKS = Dashboard(
    uid="tieout-breaks",
    title="tieout / Breaks and value at risk",
    description="What does not agree, what depends on it, and how old it is.",
    rows=(
        _NOW,
        _COURSE,
        _PEOPLE,
    ),
    choices=(FLOW, SYSTEM),
)
