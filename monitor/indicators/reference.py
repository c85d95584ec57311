"""The reference page of indicators, written from their definitions."""

from monitor.indicators.definition import Definition
from monitor.indicators.table import INDICATORS

_INTRODUCTION = """\
# Business indicators

What each number means, of what it is counted, and what is left out of it and why. Written from
`monitor/indicators`, where each stands beside the function that computes it: the gauges on
`/metrics`, `tieout indicators`, the page and reports all tell the same figures.

Indicators are counted from what was measured of each deal: its hand-offs with their starts and
arrivals by the systems' own stamps, what it is worth, and where it belongs. A deal is measured
again when a cycle has looked at it again, so that the cost follows the change; the daemon counts
every 30 seconds over the deals of the flow's `period`. Times and counts are of the period; levels
(what stands, what is matched or overdue) are of the present, whatever the period.

Each figure is told for the whole flow and, where the landscape says where deals belong, for each
region, legal entity and service line: at most so many parts as `most` says, those with the most
deals; the others count together as `other`, and deals that do not say as `unstated`. Money is
never added up across currencies. A share of nothing has no value, and no series.
"""


def indicator_reference() -> str:
    """The page in Markdown."""
    return "\n".join([_INTRODUCTION, *map(_section, INDICATORS.values())])


def _section(definition: Definition) -> str:
    rows = (
        ("Name", f"`{definition.indicator.value}`"),
        ("Formula", definition.formula),
        ("Unit", definition.unit),
        ("Counted", definition.population),
        ("Left out", definition.excluded),
    )
    told = "\n".join(f"- **{name}:** {text}" for name, text in rows)
    return f"## {definition.title}\n\n{definition.meaning}\n\n{told}\n"
