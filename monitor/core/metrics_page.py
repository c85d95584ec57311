"""The reference page of the metrics, made of the catalogue."""

from collections.abc import Iterable

from monitor.core.catalogue import CATALOGUE
from monitor.core.metric_types import Bound, Label, Metric


def reference_page(metrics: Iterable[Metric] = CATALOGUE) -> str:
    """The reference page in Markdown."""
    return _INTRODUCTION + "\n".join(_section(metric) for metric in metrics)


_INTRODUCTION = """\
# Metrics

Served on `/metrics`, as OpenMetrics and in gzip where the caller accepts them. Generated from
`monitor/core/catalogue.py`. Counters start at 0 for every label set that is known when the
landscape is loaded, and breaks for every kind that its rules can find in a system. The series of a
system, stream, flow, hand-off, channel or watch that leaves the landscape disappear with it.

"""


def _section(metric: Metric) -> str:
    lines = [f"## `{metric.name}`", "", metric.help, "", f"- Type: {metric.type}"]
    lines.append(f"- Unit: {metric.unit}")
    if metric.buckets:
        lines.append(f"- Buckets: {', '.join(f'{bound:g}' for bound in metric.buckets)}")
    lines.extend(f"- Label `{label.name}`: {_describe(label)}" for label in metric.labels)
    return "\n".join(lines) + "\n"


def _describe(label: Label) -> str:
    if isinstance(label.values, Bound):
        return label.values.value
    return ", ".join(f"`{member.value}`" for member in label.values)
