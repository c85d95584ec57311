"""The overview, for whoever answers for the firm: is its money flowing, and can we tell?"""

from dashboards.headlines import (
    BILLING_EXCEPTIONS_NOW,
    DUPLICATES_NOW,
    IS_DEAL,
    LANDSCAPE_LOADED,
    MATCHED,
    OVERDUE,
    SEEN_EVERYWHERE,
    SINCE_LAST_CYCLE,
    SOURCES_UP,
    TOUCHLESS,
    VALUE_AT_RISK_NOW,
    VALUE_AT_RISK_OVER_TIME,
)
from dashboards.panels import (
    BAD_WHEN_ANY,
    FLOW,
    MONEY_WAITS,
    REGION,
    SEVERITIES,
    STATUSES,
    SYSTEM,
    Dashboard,
    PageOf,
    Panel,
    PanelType,
    Query,
    Row,
)
from dashboards.queries import chosen
from monitor.core.catalogue import BREAKS_OPEN, SOURCE_BLIND, TRANSACTIONS
from monitor.core.incident_metrics import INCIDENTS
from monitor.core.indicator_metrics import REVENUE_DELAYED, SET_UP_TIME
from monitor.core.metric_types import Rank, TimeKind

_WORKING = f'time="{TimeKind.WORKING.value}"'
_NINE = f'rank="{Rank.NINE_TENTHS.value}"'

_MONEY = Row(
    "Is the firm's money flowing?",
    (
        VALUE_AT_RISK_NOW,
        Panel(
            "Revenue delayed",
            "Money that waits at overdue hand-offs, by currency. Never summed across them.",
            PanelType.STAT,
            "short",
            (Query(f"sum by (currency) ({chosen(REVENUE_DELAYED)})", "{{currency}}"),),
            width=12,
            height=5,
            steps=MONEY_WAITS,
            decimals=2,
            page=PageOf.INDICATORS,
        ),
        MATCHED,
        SEEN_EVERYWHERE,
        TOUCHLESS,
        BILLING_EXCEPTIONS_NOW,
        DUPLICATES_NOW,
        Panel(
            "Project set-up, 9 of 10",
            "From the first hand-off of the set-up to the last, in working time.",
            PanelType.STAT,
            "s",
            (Query(f"max by (flow) ({chosen(SET_UP_TIME, _WORKING, _NINE)})", "{{flow}}"),),
            width=4,
            height=5,
            decimals=1,
            page=PageOf.INDICATORS,
        ),
    ),
)

_WAY = Row(
    "What stands in its way?",
    (
        Panel(
            "Open breaks",
            "Breaks that were confirmed and are not resolved. The page of tieout lists them.",
            PanelType.STAT,
            "short",
            (Query(f"sum({chosen(BREAKS_OPEN)})", "open breaks"),),
            width=6,
            height=5,
            steps=BAD_WHEN_ANY,
            page=PageOf.BREAKS,
        ),
        Panel(
            "Incidents",
            "Causes of breaks that stand, by how urgent they are.",
            PanelType.STAT,
            "short",
            (Query(f"sum by (severity) ({chosen(INCIDENTS)})", "{{severity}}"),),
            width=18,
            height=5,
            colours=SEVERITIES,
            page=PageOf.INCIDENTS,
        ),
        VALUE_AT_RISK_OVER_TIME,
        OVERDUE,
        Panel(
            "Breaks by system",
            "Which system is wrong or lacks the record, and how much that matters.",
            PanelType.TIME_SERIES,
            "short",
            (
                Query(
                    f"sum by (system, severity) ({chosen(BREAKS_OPEN)}) > 0",
                    "{{system}} {{severity}}",
                ),
            ),
            stacked=True,
            page=PageOf.BREAKS_BY_SYSTEM,
        ),
        Panel(
            "Deals by status over time",
            "What the last look at each deal said. Unknown grows while a source is blind.",
            PanelType.TIME_SERIES,
            "short",
            (Query(f"sum by (status) ({chosen(TRANSACTIONS, IS_DEAL)})", "{{status}}"),),
            colours=STATUSES,
            stacked=True,
            page=PageOf.DEALS_BY_STATUS,
        ),
    ),
)

_TRUST = Row(
    "Can these figures be relied on?",
    (
        Panel(
            "Blind streams",
            "Streams that cannot be seen: what needs them is unknown, neither fine nor missing.",
            PanelType.STAT,
            "short",
            (Query(f"sum({chosen(SOURCE_BLIND)})", "blind streams"),),
            width=4,
            steps=BAD_WHEN_ANY,
        ),
        SINCE_LAST_CYCLE.sized(4, 8),
        LANDSCAPE_LOADED.sized(4, 8),
        SOURCES_UP,
    ),
)

OVERVIEW = Dashboard(
    uid="tieout-overview",
    title="tieout / Overview",
    description="Whether the firm's money flows, what stands in its way, and whether we can tell.",
    rows=(_MONEY, _WAY, _TRUST),
    choices=(FLOW, REGION, SYSTEM),
)
