"""PromQL over the catalogue, bound to what a dashboard's variables choose."""

from monitor.core.metric_types import Bound, Metric

RATE = "$__rate_interval"

VARIABLES = {Bound.SOURCES: "system", Bound.FLOWS: "flow"}
"""Labels that a dashboard lets people choose, by what bounds them."""


def of(metric: Metric, *matchers: str, suffix: str = "") -> str:
    """The series of a metric that are chosen."""
    bound = ('job=~"$job"', 'instance=~"$instance"')
    return f"{metric.name}{suffix}{{{','.join((*bound, *matchers))}}}"


def chosen(metric: Metric, *matchers: str, suffix: str = "") -> str:
    """The same on a dashboard with the variables of systems and flows."""
    own = (
        f'{label.name}=~"${VARIABLES[label.values]}"'
        for label in metric.labels
        if isinstance(label.values, Bound) and label.values in VARIABLES
    )
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
