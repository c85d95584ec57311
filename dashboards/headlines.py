"""Panels that stand on more than one dashboard, said once."""

from dashboards.panels import (
    GOOD_WHEN_ONE,
    MONEY_WAITS,
    Colour,
    PageOf,
    Panel,
    PanelType,
    Query,
    Step,
)
from dashboards.queries import chosen
from monitor.core.catalogue import (
    CONFIG_RELOADED,
    CYCLE_LAST_SUCCESS,
    SOURCE_UP,
    VALUE_AT_RISK,
)
from monitor.core.indicator_metrics import (
    BILLING_EXCEPTIONS,
    DEALS_MATCHED,
    DEALS_VISIBLE,
    DUPLICATES,
    HAND_OFFS_OVERDUE,
    HAND_OFFS_TOUCHLESS,
)
from monitor.core.metric_types import Metric
from monitor.core.transactions import TransactionStatus

IS_DEAL = f'status!="{TransactionStatus.EMPTY.value}"'


def _share(title: str, description: str, metric: Metric, worst: str) -> Panel:
    """A share now, of each flow; `worst` says whether the least or the most of it is told."""
    return Panel(
        title,
        description,
        PanelType.STAT,
        "percentunit",
        (Query(f"{worst} by (flow, slice) ({chosen(metric)})", "{{flow}} {{slice}}"),),
        width=4,
        height=5,
        decimals=1,
        page=PageOf.INDICATORS,
    )


MATCHED = _share(
    "Matched",
    "Share of the deals that moved lately which agree in everything.",
    DEALS_MATCHED,
    "min",
)
SEEN_EVERYWHERE = _share(
    "Seen everywhere",
    "Share of the deals that are seen in every system in which they should be by now.",
    DEALS_VISIBLE,
    "min",
)
TOUCHLESS = _share(
    "Touchless",
    "Share of hand-offs that neither a person nor a correction had to touch.",
    HAND_OFFS_TOUCHLESS,
    "min",
)
BILLING_EXCEPTIONS_NOW = _share(
    "Billing exceptions",
    "Share of the deals billed which had something wrong in billing.",
    BILLING_EXCEPTIONS,
    "max",
)
DUPLICATES_NOW = _share(
    "Duplicates",
    "Share of new records that are copies of what their system held already.",
    DUPLICATES,
    "max",
)

_AT_RISK = (Query(f"sum by (currency) ({chosen(VALUE_AT_RISK)})", "{{currency}}"),)
VALUE_AT_RISK_NOW = Panel(
    "Value at risk",
    "Money that depends on the breaks that stand, by currency. Never summed across them.",
    PanelType.STAT,
    "short",
    _AT_RISK,
    width=12,
    height=5,
    steps=MONEY_WAITS,
    decimals=2,
    page=PageOf.BREAKS,
)
VALUE_AT_RISK_OVER_TIME = Panel(
    "Value at risk over time",
    "Money that depends on the breaks that stand, by currency.",
    PanelType.TIME_SERIES,
    "short",
    _AT_RISK,
)
OVERDUE = Panel(
    "Overdue hand-offs",
    "Hand-offs whose time has passed, as far as their systems can be seen. Many at one step have"
    " one cause.",
    PanelType.TIME_SERIES,
    "short",
    (Query(f"sum by (flow, hop) ({chosen(HAND_OFFS_OVERDUE)})", "{{flow}} {{hop}}"),),
    stacked=True,
    page=PageOf.DEALS,
)
SOURCES_UP = Panel(
    "Up",
    "Whether the last call to each source succeeded.",
    PanelType.STATE_TIMELINE,
    "bool_on_off",
    (Query(f"min by (source) ({chosen(SOURCE_UP)})", "{{source}}"),),
    steps=GOOD_WHEN_ONE,
)
LANDSCAPE_LOADED = Panel(
    "Landscape loaded",
    "No: the last try to load the landscape failed, and the one before it runs on.",
    PanelType.STAT,
    "bool_yes_no",
    (Query(f"min({chosen(CONFIG_RELOADED)})", "landscape loaded"),),
    width=6,
    height=5,
    steps=GOOD_WHEN_ONE,
)
SINCE_LAST_CYCLE = Panel(
    "Since the last cycle",
    "Grows while no cycle ends well. Far above the landscape's `every`: read the logs.",
    PanelType.STAT,
    "s",
    (Query(f"time() - max({chosen(CYCLE_LAST_SUCCESS)})", "since the last cycle"),),
    width=6,
    height=5,
    steps=(Step(None, Colour.GREEN), Step(120, Colour.ORANGE), Step(600, Colour.RED)),
)
