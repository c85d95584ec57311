"""The overview: is everything that should agree in agreement, and do we see everything?"""

from dashboards.panels import (
    BAD_WHEN_ANY,
    GOOD_WHEN_ONE,
    Colour,
    Dashboard,
    Panel,
    PanelType,
    Query,
    Row,
    Step,
)
from dashboards.queries import RATE, of, quantile, rate
from monitor.core.catalogue import (
    BREAK_TRANSITIONS,
    BREAKS_OPEN,
    CALLS,
    CALLS_REMAINING,
    CONFIG_RELOADED,
    CYCLE_DURATION,
    CYCLE_LAST_SUCCESS,
    DELIVERY_FAILURES,
    NOTICES,
    OUTBOX_DEPTH,
    QUARANTINE_DEPTH,
    RECORDS_SAMPLED,
    SAMPLE_DURATION,
    SAMPLE_FAILURES,
    SOURCE_BLIND,
    SOURCE_LAST_SUCCESS,
    SOURCE_UP,
    TOUCHED_DEPTH,
    TRANSACTIONS,
    VALUE_AT_RISK,
)
from monitor.core.metric_types import Metric


def _rate(metric: Metric) -> str:
    return rate(of(metric))


def _quantile(share: float, metric: Metric, *labels: str) -> str:
    return quantile(share, of(metric, suffix="_bucket"), *labels)


_ANSWER = Row(
    "Is everything in agreement?",
    (
        Panel(
            "Open breaks",
            "Breaks that were confirmed and are not resolved. The page of tieout lists them.",
            PanelType.STAT,
            "short",
            (Query(f"sum({of(BREAKS_OPEN)})", "open breaks"),),
            width=4,
            height=5,
            steps=BAD_WHEN_ANY,
        ),
        Panel(
            "Value at risk",
            "Money that depends on the breaks that stand, by currency. Never summed across them.",
            PanelType.STAT,
            "short",
            (Query(f"sum by (currency) ({of(VALUE_AT_RISK)})", "{{currency}}"),),
            width=8,
            height=5,
            steps=BAD_WHEN_ANY,
            decimals=2,
        ),
        Panel(
            "Blind streams",
            "Streams that cannot be seen: what needs them is unknown, neither fine nor missing.",
            PanelType.STAT,
            "short",
            (Query(f"sum({of(SOURCE_BLIND)})", "blind streams"),),
            width=4,
            height=5,
            steps=BAD_WHEN_ANY,
        ),
        Panel(
            "Time since the last cycle",
            "Grows while no cycle ends well. Far above the landscape's `every`: read the logs.",
            PanelType.STAT,
            "s",
            (Query(f"time() - max({of(CYCLE_LAST_SUCCESS)})", "since the last cycle"),),
            width=4,
            height=5,
            steps=(Step(None, Colour.GREEN), Step(120, Colour.ORANGE), Step(600, Colour.RED)),
        ),
        Panel(
            "Landscape loaded",
            "No: the last try to load the landscape failed, and the one before it runs on.",
            PanelType.STAT,
            "bool_yes_no",
            (Query(f"min({of(CONFIG_RELOADED)})", "landscape loaded"),),
            width=4,
            height=5,
            steps=GOOD_WHEN_ONE,
        ),
        Panel(
            "Open breaks by kind",
            "What kind of break stands, over time. A sudden step points at one change or outage.",
            PanelType.TIME_SERIES,
            "short",
            (Query(f"sum by (kind) ({of(BREAKS_OPEN)})", "{{kind}}"),),
            stacked=True,
        ),
        Panel(
            "Open breaks by system",
            "Which system is wrong or lacks the record.",
            PanelType.TIME_SERIES,
            "short",
            (Query(f"sum by (system, severity) ({of(BREAKS_OPEN)})", "{{system}} {{severity}}"),),
            stacked=True,
        ),
        Panel(
            "Transactions by status",
            "What the last look at each deal said. Unknown grows while a source is blind.",
            PanelType.TIME_SERIES,
            "short",
            (Query(f"sum by (status) ({of(TRANSACTIONS)})", "{{status}}"),),
            stacked=True,
        ),
        Panel(
            "Breaks opened and resolved",
            "Steps in the lives of breaks. More opened than resolved for long: the queue grows.",
            PanelType.TIME_SERIES,
            "short",
            (
                Query(
                    f"sum by (kind) (increase({of(BREAK_TRANSITIONS)}[{RATE}]))",
                    "{{kind}}",
                ),
            ),
        ),
    ),
)

_SIGHT = Row(
    "Do we see everything?",
    (
        Panel(
            "Sources up",
            "Whether the last call to each source succeeded.",
            PanelType.STATE_TIMELINE,
            "bool_on_off",
            (Query(f"min by (source) ({of(SOURCE_UP)})", "{{source}}"),),
            steps=GOOD_WHEN_ONE,
        ),
        Panel(
            "Streams blind",
            "Which streams could not be seen, and when.",
            PanelType.STATE_TIMELINE,
            "bool_yes_no",
            (Query(f"max by (source, stream) ({of(SOURCE_BLIND)})", "{{source}}.{{stream}}"),),
            steps=BAD_WHEN_ANY,
        ),
        Panel(
            "Freshness",
            "Time since each stream was last looked at completely.",
            PanelType.TIME_SERIES,
            "s",
            (
                Query(
                    f"time() - max by (source, stream) ({of(SOURCE_LAST_SUCCESS)})",
                    "{{source}}.{{stream}}",
                ),
            ),
        ),
        Panel(
            "Failed looks",
            "Looks at a stream that ended early, by reason.",
            PanelType.TIME_SERIES,
            "short",
            (
                Query(
                    f"sum by (source, reason) (increase({of(SAMPLE_FAILURES)}[{RATE}])) > 0",
                    "{{source}} {{reason}}",
                ),
            ),
        ),
        Panel(
            "Records sampled",
            "Rows that sources sent, by what became of them. Rejected rows are in quarantine.",
            PanelType.TIME_SERIES,
            "cps",
            (Query(f"sum by (outcome) ({_rate(RECORDS_SAMPLED)})", "{{outcome}}"),),
        ),
        Panel(
            "Quarantine",
            "Rows set aside because they could not become records: a mapping or a source is wrong.",
            PanelType.TIME_SERIES,
            "short",
            (
                Query(
                    f"sum by (source, stream) ({of(QUARANTINE_DEPTH)})",
                    "{{source}}.{{stream}}",
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
                    f"min by (source, budget) ({of(CALLS_REMAINING)})",
                    "{{source}} {{budget}}",
                ),
            ),
        ),
        Panel(
            "Calls",
            "Calls to each source, repeated tries included.",
            PanelType.TIME_SERIES,
            "reqps",
            (Query(f"sum by (source) ({_rate(CALLS)})", "{{source}}"),),
        ),
    ),
)

_MACHINE = Row(
    "Does tieout keep up?",
    (
        Panel(
            "Cycle duration",
            "How long cycles take. It follows the change, not the size of the estate.",
            PanelType.TIME_SERIES,
            "s",
            (
                Query(_quantile(0.5, CYCLE_DURATION), "half of them"),
                Query(_quantile(0.95, CYCLE_DURATION), "95 of 100"),
            ),
        ),
        Panel(
            "Sampling duration",
            "How long 95 of 100 looks at a stream take, by source.",
            PanelType.TIME_SERIES,
            "s",
            (Query(_quantile(0.95, SAMPLE_DURATION, "source"), "{{source}}"),),
        ),
        Panel(
            "Transactions waiting",
            "Touched transactions that no cycle has looked at yet.",
            PanelType.TIME_SERIES,
            "short",
            (Query(f"max({of(TOUCHED_DEPTH)})", "waiting"),),
        ),
        Panel(
            "Outbox",
            "Notices that are not delivered. Dead ones were refused for good: see the reason.",
            PanelType.TIME_SERIES,
            "short",
            (Query(f"max by (state) ({of(OUTBOX_DEPTH)})", "{{state}}"),),
        ),
        Panel(
            "Deliveries",
            "Tries to deliver notices, by what became of them.",
            PanelType.TIME_SERIES,
            "short",
            (
                Query(
                    f"sum by (channel, outcome) (increase({of(NOTICES)}[{RATE}]))",
                    "{{channel}} {{outcome}}",
                ),
            ),
        ),
        Panel(
            "Failed deliveries",
            "Why notices could not be delivered. Credentials and not found need somebody.",
            PanelType.TIME_SERIES,
            "short",
            (
                Query(
                    f"sum by (channel, reason) (increase({of(DELIVERY_FAILURES)}[{RATE}])) > 0",
                    "{{channel}} {{reason}}",
                ),
            ),
        ),
    ),
)

OVERVIEW = Dashboard(
    uid="tieout-overview",
    title="tieout / Overview",
    description="Whether every deal ties out, what is at risk, and whether tieout sees it all.",
    rows=(_ANSWER, _SIGHT, _MACHINE),
)
