"""Hand-offs: where deals are, how long each step takes, and where they are stuck."""

from dashboards.headlines import IS_DEAL, MATCHED, OVERDUE, SEEN_EVERYWHERE, TOUCHLESS
from dashboards.panels import (
    FLOW,
    REGION,
    STATUSES,
    Dashboard,
    PageOf,
    Panel,
    PanelType,
    Query,
    Row,
)
from dashboards.queries import chosen, increase, of, quantile
from monitor.core.catalogue import TRANSACTIONS
from monitor.core.indicator_metrics import (
    BILLING_EXCEPTIONS,
    DEALS_MATCHED,
    DUPLICATES,
    HAND_OFF_DURATION,
    HAND_OFF_TIME,
    HAND_OFF_VALUE_AT_RISK,
    HAND_OFFS_ARRIVED,
    RECOVERY_TIME,
    REVENUE_DELAYED,
    SET_UP_TIME,
    TIME_SAVED,
)
from monitor.core.metric_types import Punctuality, Rank, TimeKind

_LATE = f'outcome="{Punctuality.LATE.value}"'
_PLAIN = f'time="{TimeKind.PLAIN.value}"'
_WORKING = f'time="{TimeKind.WORKING.value}"'
_NINE = f'rank="{Rank.NINE_TENTHS.value}"'
_PARTS = 'flow=~"$flow",dimension!="all"'

_FUNNEL = Row(
    "Do deals get through?",
    (
        Panel(
            "Deals by status",
            "What the last look at each deal said. In flight: something is awaited in time.",
            PanelType.STAT,
            "short",
            (Query(f"sum by (status) ({chosen(TRANSACTIONS, IS_DEAL)})", "{{status}}"),),
            width=12,
            height=5,
            colours=STATUSES,
            page=PageOf.DEALS_BY_STATUS,
        ),
        MATCHED,
        SEEN_EVERYWHERE,
        TOUCHLESS,
        Panel(
            "Arrivals by hand-off",
            "The funnel: hand-offs seen to arrive within the time shown. A step that"
            " falls to nothing while the one before it goes on stands still.",
            PanelType.TIME_SERIES,
            "short",
            (Query(f"sum by (hop) ({increase(chosen(HAND_OFFS_ARRIVED))})", "{{hop}}"),),
            stacked=True,
        ),
        Panel(
            "Late arrivals",
            "Arrivals after their time, by hand-off.",
            PanelType.TIME_SERIES,
            "short",
            (Query(f"sum by (hop) ({increase(chosen(HAND_OFFS_ARRIVED, _LATE))})", "{{hop}}"),),
        ),
    ),
)

_STUCK = Row(
    "Where are deals stuck?",
    (
        OVERDUE,
        Panel(
            "Revenue delayed",
            "Money that waits at overdue hand-offs. Never summed across currencies.",
            PanelType.TIME_SERIES,
            "short",
            (Query(f"sum by (hop, currency) ({chosen(REVENUE_DELAYED)})", "{{hop}} {{currency}}"),),
            page=PageOf.INDICATORS,
        ),
        Panel(
            "Value at risk by hand-off",
            "Money that depends on the breaks of a hand-off, each deal with its dearest one.",
            PanelType.TIME_SERIES,
            "short",
            (
                Query(
                    f"sum by (hop, currency) ({chosen(HAND_OFF_VALUE_AT_RISK)})",
                    "{{hop}} {{currency}}",
                ),
            ),
        ),
        Panel(
            "Recovery time",
            "How long it took until what was not carried on had arrived after all:"
            " half of them, 9 of 10, 99 of 100.",
            PanelType.TIME_SERIES,
            "s",
            (Query(f"max by (flow, rank) ({chosen(RECOVERY_TIME)})", "{{flow}} {{rank}}"),),
            page=PageOf.BREAKS_BY_FLOW,
            decimals=1,
        ),
    ),
)

_TIME = Row(
    "How long does each step take?",
    (
        Panel(
            "Time taken by hand-off, 9 of 10",
            "Of the hand-offs that arrived within the flow's period, in plain time.",
            PanelType.TIME_SERIES,
            "s",
            (Query(f"max by (hop) ({chosen(HAND_OFF_TIME, _PLAIN, _NINE)})", "{{hop}}"),),
            decimals=1,
        ),
        Panel(
            "Working time by hand-off, 9 of 10",
            "The same in working time: nights, week-ends and holidays do not count.",
            PanelType.TIME_SERIES,
            "s",
            (Query(f"max by (hop) ({chosen(HAND_OFF_TIME, _WORKING, _NINE)})", "{{hop}}"),),
            decimals=1,
        ),
        Panel(
            "Time taken as seen now, 95 of 100",
            "Of the hand-offs seen to arrive lately. A point leads to the trace of such a deal.",
            PanelType.TIME_SERIES,
            "s",
            (Query(quantile(0.95, chosen(HAND_OFF_DURATION, suffix="_bucket"), "hop"), "{{hop}}"),),
            exemplars=True,
            decimals=1,
        ),
        Panel(
            "Project set-up time",
            "From the first hand-off of the set-up to the last, in plain and in working time.",
            PanelType.TIME_SERIES,
            "s",
            (Query(f"max by (time, rank) ({chosen(SET_UP_TIME)})", "{{time}} {{rank}}"),),
            decimals=1,
        ),
    ),
)

_QUALITY = Row(
    "What does it cost?",
    (
        Panel(
            "Matched by part of the firm",
            "Share of deals that agree in everything, by region, legal entity and service line.",
            PanelType.TIME_SERIES,
            "percentunit",
            (
                Query(
                    f"min by (dimension, slice) ({of(DEALS_MATCHED, _PARTS)})",
                    "{{dimension}} {{slice}}",
                ),
            ),
        ),
        Panel(
            "Billing exceptions over time",
            "Share of the deals billed which had something wrong in billing.",
            PanelType.TIME_SERIES,
            "percentunit",
            (Query(f"max by (flow, slice) ({chosen(BILLING_EXCEPTIONS)})", "{{flow}} {{slice}}"),),
        ),
        Panel(
            "Duplicates over time",
            "Share of new records that are copies of what their system held already.",
            PanelType.TIME_SERIES,
            "percentunit",
            (Query(f"max by (flow, slice) ({chosen(DUPLICATES)})", "{{flow}} {{slice}}"),),
        ),
        Panel(
            "Time saved",
            "What the checks would have taken by hand, by the landscape's own assumption.",
            PanelType.TIME_SERIES,
            "s",
            (Query(f"sum by (flow) ({chosen(TIME_SAVED)})", "{{flow}}"),),
            decimals=1,
        ),
    ),
)

HAND_OFFS = Dashboard(
    uid="tieout-hand-offs",
    title="tieout / Hand-offs",
    description="How deals move from system to system, and where they stand still.",
    rows=(
        _FUNNEL,
        _STUCK,
        _TIME,
        _QUALITY,
    ),
    choices=(FLOW, REGION),
)
