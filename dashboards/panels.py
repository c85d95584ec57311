"""Grafana dashboards as typed values."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Self

from monitor.core.breaks import Severity
from monitor.core.catalogue import BUILD_INFO, SOURCE_UP, TRANSACTIONS
from monitor.core.indicator_metrics import DEALS_MATCHED
from monitor.core.transactions import TransactionStatus


class PanelType(StrEnum):
    """Grafana's names of the panels in use."""

    STAT = "stat"
    TIME_SERIES = "timeseries"
    STATE_TIMELINE = "state-timeline"


class Colour(StrEnum):
    """Grafana's names of the colours in use."""

    GREEN = "green"
    ORANGE = "orange"
    RED = "red"
    BLUE = "blue"
    GREY = "gray"


@dataclass(frozen=True, slots=True)
class Step:
    """From this value on, that colour; None begins at the bottom."""

    value: float | None
    colour: Colour


BAD_WHEN_ANY = (Step(None, Colour.GREEN), Step(1, Colour.RED))
GOOD_WHEN_ONE = (Step(None, Colour.RED), Step(1, Colour.GREEN))
MONEY_WAITS = (Step(None, Colour.GREEN), Step(0.01, Colour.ORANGE))

SEVERITIES: Mapping[str, Colour] = {
    Severity.CRITICAL.value: Colour.RED,
    Severity.WARNING.value: Colour.ORANGE,
    Severity.INFO.value: Colour.BLUE,
}
STATUSES: Mapping[str, Colour] = {
    TransactionStatus.MATCHED.value: Colour.GREEN,
    TransactionStatus.IN_FLIGHT.value: Colour.BLUE,
    TransactionStatus.BROKEN.value: Colour.RED,
    TransactionStatus.UNKNOWN.value: Colour.GREY,
}
"""What is empty holds no record any more: it is no deal."""


@dataclass(frozen=True, slots=True)
class Query:
    """One PromQL expression and what its series are called."""

    expression: str
    legend: str


class PageOf(StrEnum):
    """Pages of tieout that say more than a number: paths with what is chosen."""

    DEALS = "/transactions?flow=${__field.labels.flow}"
    DEALS_BY_STATUS = "/transactions?status=${__field.labels.status}"
    BREAKS = "/breaks"
    BREAKS_BY_KIND = "/breaks?kind=${__field.labels.kind}"
    BREAKS_BY_SYSTEM = "/breaks?system=${__field.labels.system}"
    BREAKS_BY_SEVERITY = "/breaks?severity=${__field.labels.severity}"
    BREAKS_BY_FLOW = "/breaks?flow=${__field.labels.flow}"
    BREAKS_AT_SOURCE = "/breaks?system=${__field.labels.source}"
    INCIDENTS = "/incidents"
    INDICATORS = "/indicators"
    PLANS = "/plans"
    CORRECTIONS = "/corrections"


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture and the question that it answers.

    Attributes:
        title: a few words.
        description: what it says, and what to do when it looks bad.
        type: how it is drawn.
        unit: Grafana's name of the unit (`short`, `s`, `bool_yes_no`, …).
        queries: what is drawn.
        width: columns of 24.
        height: rows.
        steps: colours by value.
        colours: of the series with these names, whatever their values.
        decimals: places; None leaves it to Grafana.
        stacked: areas upon one another.
        is_word: what a number's series is called is told, not the number.
        exemplars: single observations too, each with a link to its trace.
        page: where a click on a value leads; None: nowhere.
    """

    title: str
    description: str
    type: PanelType
    unit: str
    queries: tuple[Query, ...]
    width: int = 12
    height: int = 8
    steps: tuple[Step, ...] = (Step(None, Colour.BLUE),)
    colours: Mapping[str, Colour] = field(default_factory=dict)
    decimals: int | None = None
    stacked: bool = False
    is_word: bool = False
    exemplars: bool = False
    page: PageOf | None = None

    def sized(self, width: int, height: int) -> Self:
        """The same in another size."""
        return replace(self, width=width, height=height)


@dataclass(frozen=True, slots=True)
class Row:
    """Panels that belong together, under a heading."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """What people may narrow a page down to: a label's values, as one metric has them."""

    name: str
    metric: str
    label: str
    matchers: str = ""
    """That narrow the metric down, as in PromQL."""
    every: str = ".+"
    """What fits where all are chosen, as a pattern."""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A page, told from general to specific; `choices` are beside job and instance."""

    uid: str
    title: str
    description: str
    rows: tuple[Row, ...]
    choices: tuple[Choice, ...] = ()

    @property
    def panels(self) -> tuple[Panel, ...]:
        """Every panel, in reading order."""
        return tuple(panel for row in self.rows for panel in row.panels)


ALWAYS = tuple(Choice(label, BUILD_INFO.name, label) for label in ("job", "instance"))
"""What every page can be narrowed down to."""

SYSTEM = Choice("system", SOURCE_UP.name, "source")
FLOW = Choice("flow", TRANSACTIONS.name, "flow")
REGION = Choice("region", DEALS_MATCHED.name, "slice", 'dimension="region"', "all")
