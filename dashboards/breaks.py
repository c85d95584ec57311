"""Breaks and value at risk: what stands, what it may cost, and for how long it has stood."""

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
from dashboards.queries import increase, of
from monitor.core.catalogue import (
    BREAK_TRANSITIONS,
    BREAKS_OPEN,
    BREAKS_SUPPRESSED,
    OLDEST_BREAK,
    VALUE_AT_RISK,
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

_SYSTEM = 'system=~"$system"'

_NOW = Row(
    "What stands?",
    (
        Panel(
            "Open breaks by severity",
            "Breaks that were confirmed, are not resolved and are not ignored.",
            PanelType.STAT,
            "short",
            (Query(f"sum by (severity) ({of(BREAKS_OPEN, _SYSTEM)})", "{{severity}}"),),
            width=8,
            height=5,
        ),
        Panel(
            "Value at risk",
            "Money that depends on the breaks that stand, by currency, in all systems.",
            PanelType.STAT,
            "short",
            (Query(f"sum by (currency) ({of(VALUE_AT_RISK)})", "{{currency}}"),),
            width=10,
            height=5,
            decimals=2,
        ),
        Panel(
            "Oldest break",
            "For how long the oldest break that stands has been standing, by"
            " severity, in all systems.",
            PanelType.STAT,
            "s",
            (Query(f"time() - min by (severity) ({of(OLDEST_BREAK)})", "{{severity}}"),),
            width=6,
            height=5,
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
            (Query(f"sum by (kind) ({of(BREAKS_OPEN, _SYSTEM)}) > 0", "{{kind}}"),),
            stacked=True,
        ),
        Panel(
            "By system",
            "Which system is wrong or lacks the record.",
            PanelType.TIME_SERIES,
            "short",
            (Query(f"sum by (system) ({of(BREAKS_OPEN, _SYSTEM)})", "{{system}}"),),
            stacked=True,
        ),
        Panel(
            "Value at risk over time",
            "Money that depends on the breaks that stand.",
            PanelType.TIME_SERIES,
            "short",
            (Query(f"sum by (currency) ({of(VALUE_AT_RISK)})", "{{currency}}"),),
        ),
        Panel(
            "By age",
            "How long it has been wrong, in all systems. What moves to the right is nobody's.",
            PanelType.TIME_SERIES,
            "short",
            (Query(f"sum by (age) ({of(BREAKS_BY_AGE)})", "{{age}}"),),
            stacked=True,
        ),
        Panel(
            "Steps in the lives of breaks",
            "Opened, changed, resolved, reopened. More opened than resolved for long:"
            " the queue grows.",
            PanelType.TIME_SERIES,
            "short",
            (Query(f"sum by (kind) ({increase(of(BREAK_TRANSITIONS))})", "{{kind}}"),),
        ),
        Panel(
            "Ignored",
            "Breaks that stand and that somebody ignores for now, by system.",
            PanelType.TIME_SERIES,
            "short",
            (Query(f"sum by (system) ({of(BREAKS_SUPPRESSED, _SYSTEM)})", "{{system}}"),),
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
                    f"sum by (severity, state) ({of(INCIDENTS)})",
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
                Query(f"sum({increase(of(INCIDENTS_OPENED))})", "opened"),
                Query(f"sum({increase(of(INCIDENTS_RESOLVED))})", "resolved"),
            ),
        ),
        Panel(
            "Escalated",
            "Incidents that nobody acknowledged in time, so that more people were told.",
            PanelType.STAT,
            "short",
            (Query(f"sum by (severity) ({of(INCIDENTS_ESCALATED)})", "{{severity}}"),),
            width=8,
            height=5,
            steps=BAD_WHEN_ANY,
        ),
        Panel(
            "Silences",
            "Silences in force: incidents that fit them are told to nobody.",
            PanelType.STAT,
            "short",
            (Query(f"sum({of(SILENCES)})", "in force"),),
            width=8,
            height=5,
        ),
        Panel(
            "Channels that fail",
            "Incidents of which a channel could not be told at its last try.",
            PanelType.STAT,
            "short",
            (Query(f"sum by (channel) ({of(CHANNEL_FAILING)})", "{{channel}}"),),
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
    choices=(SYSTEM,),
)
