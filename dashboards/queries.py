"""PromQL over the catalogue, bound to what a dashboard's variables choose."""

from collections.abc import Iterable

from dashboards.panels import ALWAYS, Choice
from monitor.core.metric_types import Bound, Metric

RATE = "$__rate_interval"

VARIABLES = {Bound.SOURCES: "system", Bound.FLOWS: "flow", Bound.SLICES: "region"}
"""Labels that a dashboard lets people choose, by what bounds them."""

_WHOLE_OR_REGION = 'dimension=~"all|region"'
"""Where every region is chosen the variable stands for the whole firm, not for each of its parts:
shares of regions cannot be added up."""


def of(metric: Metric, *matchers: str, suffix: str = "") -> str:
    """The series of a metric that are chosen."""
    bound = ('job=~"$job"', 'instance=~"$instance"')
    return f"{metric.name}{suffix}{{{','.join((*bound, *matchers))}}}"


def chosen(metric: Metric, *matchers: str, suffix: str = "") -> str:
    """The same on a dashboard with variables: each label that one of them is of is bound to it."""
    bounds = {
        label.values: label.name for label in metric.labels if isinstance(label.values, Bound)
    }
    own = [f'{name}=~"${VARIABLES[bound]}"' for bound, name in bounds.items() if bound in VARIABLES]
    if Bound.SLICES in bounds:
        own.insert(-1, _WHOLE_OR_REGION)
    return of(metric, *own, *matchers, suffix=suffix)


def rate(series: str) -> str:
    """How fast counters grow."""
    return f"rate({series}[{RATE}])"


def increase(series: str) -> str:
    """By how much counters grew."""
    return f"increase({series}[{RATE}])"


def quantile(share: float, buckets: str, *labels: str) -> str:
    """What so large a share of a histogram's values is below."""
    by = ", ".join(("le", *labels))
    return f"histogram_quantile({share}, sum by ({by}) ({rate(buckets)}))"


def chosen_everywhere(expression: str, choices: Iterable[Choice], interval: str = "30s") -> str:
    """As Grafana asks it where everything is chosen."""
    filled = expression.replace(RATE, interval)
    for choice in (*ALWAYS, *choices):
        filled = filled.replace(f"${choice.name}", choice.every)
    return filled
