"""Prometheus rules as typed values, and the document that Prometheus loads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from io import StringIO
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

from dashboards.addresses import Addresses


class Level(StrEnum):
    """How soon somebody has to look; NONE is for what must always fire."""

    CRITICAL = "critical"
    WARNING = "warning"
    NONE = "none"


class Owner(StrEnum):
    """Who is asked first. Alertmanager's routes may send each somewhere else."""

    OPERATIONS = "operations"
    """Whoever runs tieout."""
    INTEGRATION = "integration"
    """Whoever runs the systems and the middleware between them."""
    BUSINESS = "business"
    """Whoever answers for the deals."""


class Page(StrEnum):
    """The dashboard to look at first, by its uid."""

    OVERVIEW = "tieout-overview"
    HAND_OFFS = "tieout-hand-offs"
    SYSTEMS = "tieout-systems"
    BREAKS = "tieout-breaks"
    CORRECTIONS = "tieout-corrections"
    DAEMON = "tieout-daemon"


@dataclass(frozen=True, slots=True)
class Recording:
    """A series that Prometheus keeps of others.

    Attributes:
        name: `level:metric:operations`; the level names the labels that are left beside the job.
        expression: PromQL.
        labels: beside those of the expression.
    """

    name: str
    expression: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Alert:
    """Something that somebody has to do something about.

    Attributes:
        name: also of its runbook.
        expression: PromQL; every series that it yields is one alert.
        summary: one line, with the labels that tell alerts apart.
        description: what it means for the firm.
        level: how soon.
        owner: who.
        page: the dashboard that shows it.
        hold: how long it must be so; empty: not at all.
    """

    name: str
    expression: str
    summary: str
    description: str
    level: Level
    owner: Owner
    page: Page
    hold: str = ""


Rule = Recording | Alert


@dataclass(frozen=True, slots=True)
class Group:
    """Rules that are evaluated together, in order."""

    name: str
    rules: tuple[Rule, ...]
    interval: str = ""
    """How often; empty: as Prometheus evaluates everything."""


def to_prometheus(groups: tuple[Group, ...], addresses: Addresses) -> str:
    """The rule file, as YAML."""
    document = {"groups": [_group(group, addresses) for group in groups]}
    yaml = YAML()
    yaml.width = 2**16
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = StringIO()
    yaml.dump(document, out)
    return out.getvalue()


def _group(group: Group, addresses: Addresses) -> dict[str, Any]:
    every = {"interval": group.interval} if group.interval else {}
    return {"name": group.name, **every, "rules": [_rule(rule, addresses) for rule in group.rules]}


def _rule(rule: Rule, addresses: Addresses) -> dict[str, Any]:
    expression = (
        LiteralScalarString(rule.expression) if "\n" in rule.expression else rule.expression
    )
    if isinstance(rule, Recording):
        labels = {"labels": dict(rule.labels)} if rule.labels else {}
        return {"record": rule.name, "expr": expression, **labels}
    return {
        "alert": rule.name,
        "expr": expression,
        **({"for": rule.hold} if rule.hold else {}),
        "labels": {"severity": rule.level.value, "owner": rule.owner.value},
        "annotations": {
            "summary": rule.summary,
            "description": rule.description,
            "runbook_url": f"{addresses.runbooks}/{rule.name}.md",
            "dashboard_url": f"{addresses.grafana}/d/{rule.page.value}",
        },
    }
