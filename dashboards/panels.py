"""Grafana dashboards as typed values, and the JSON (v1 schema) that Grafana imports.

The v1 schema is what every Grafana in use reads: newer ones migrate it when they load it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from monitor.core.catalogue import BUILD_INFO, CONFIG_RELOAD_SUCCESS

SCHEMA_VERSION = 41
TAG = "tieout"
WIDTH = 24
"""Columns of Grafana's grid."""

Json = dict[str, Any]

_DATASOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}


class PanelType(StrEnum):
    """Grafana's names of the panels in use."""

    STAT = "stat"
    TABLE = "table"
    TIME_SERIES = "timeseries"
    STATE_TIMELINE = "state-timeline"


class Colour(StrEnum):
    """Grafana's names of the colours in use."""

    GREEN = "green"
    ORANGE = "orange"
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True)
class Step:
    """From this value on, that colour; None begins at the bottom."""

    value: float | None
    colour: Colour


BAD_WHEN_ANY = (Step(None, Colour.GREEN), Step(1, Colour.RED))
GOOD_WHEN_ONE = (Step(None, Colour.RED), Step(1, Colour.GREEN))


@dataclass(frozen=True, slots=True)
class Query:
    """One PromQL expression and what its series are called."""

    expression: str
    legend: str
    instant: bool = False


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
        decimals: places; None leaves it to Grafana.
        stacked: areas upon one another.
        exemplars: single observations too, each with a link to its trace.
    """

    title: str
    description: str
    type: PanelType
    unit: str
    queries: tuple[Query, ...]
    width: int = 12
    height: int = 8
    steps: tuple[Step, ...] = (Step(None, Colour.BLUE),)
    decimals: int | None = None
    stacked: bool = False
    exemplars: bool = False


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


_ALWAYS = tuple(Choice(label, BUILD_INFO.name, label) for label in ("job", "instance"))


def to_grafana(dashboard: Dashboard, page: str) -> Json:
    """The document that Grafana imports; not editable there, because the code is its source.

    Args:
        dashboard: what it shows.
        page: address of tieout's own page, for the links to it.
    """
    return {
        "uid": dashboard.uid,
        "title": dashboard.title,
        "description": dashboard.description,
        "tags": [TAG],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "timezone": "browser",
        "time": {"from": "now-6h", "to": "now"},
        "annotations": {"list": list(_annotations())},
        "links": [
            {
                "title": "tieout",
                "type": "dashboards",
                "tags": [TAG],
                "asDropdown": True,
                "includeVars": True,
                "keepTime": True,
            },
            {"title": "Deals", "type": "link", "url": f"{page}/transactions", "targetBlank": True},
        ],
        "templating": {
            "list": [_datasource_variable(), *map(_variable, (*_ALWAYS, *dashboard.choices))]
        },
        "panels": list(_lay_out(dashboard.rows)),
    }


def _annotations() -> Iterator[Json]:
    """When another version began to run, another landscape was loaded, or an alert fired."""
    bound = '{job=~"$job",instance=~"$instance"}'
    for name, colour, expression in (
        ("Version", "blue", f"{BUILD_INFO.name}{bound} unless {BUILD_INFO.name}{bound} offset 5m"),
        ("Landscape", "purple", f"changes({CONFIG_RELOAD_SUCCESS.name}{bound}[2m]) > 0"),
        ("Alerts", "red", 'ALERTS{alertname=~"Tieout.+",severity="critical",alertstate="firing"}'),
    ):
        yield {
            "name": name,
            "datasource": _DATASOURCE,
            "enable": True,
            "iconColor": colour,
            "expr": expression,
            "titleFormat": name,
            "textFormat": "{{alertname}} {{version}}",
            "step": "1m",
        }


def _lay_out(rows: tuple[Row, ...]) -> Iterator[Json]:
    """Panels from left to right; a row's heading and every full line start a new one."""
    number, top = 0, 0
    for row in rows:
        number += 1
        yield {
            "id": number,
            "type": "row",
            "title": row.title,
            "collapsed": False,
            "panels": [],
            "gridPos": {"h": 1, "w": WIDTH, "x": 0, "y": top},
        }
        top, left, line_height = top + 1, 0, 0
        for panel in row.panels:
            if left + panel.width > WIDTH:
                top, left, line_height = top + line_height, 0, 0
            number += 1
            place = {"h": panel.height, "w": panel.width, "x": left, "y": top}
            yield _panel(panel, number, place)
            left += panel.width
            line_height = max(line_height, panel.height)
        top += line_height


def _panel(panel: Panel, number: int, place: dict[str, int]) -> Json:
    steps = [{"color": step.colour.value, "value": step.value} for step in panel.steps]
    defaults: Json = {
        "unit": panel.unit,
        "thresholds": {"mode": "absolute", "steps": steps},
        "color": {"mode": "palette-classic" if len(steps) == 1 else "thresholds"},
    }
    if panel.decimals is not None:
        defaults["decimals"] = panel.decimals
    if panel.type is PanelType.TIME_SERIES:
        defaults["min"] = 0
        defaults["color"] = {"mode": "palette-classic"}
        defaults["custom"] = {
            "fillOpacity": 30 if panel.stacked else 5,
            "stacking": {"mode": "normal" if panel.stacked else "none"},
        }
    return {
        "id": number,
        "type": panel.type.value,
        "title": panel.title,
        "description": panel.description,
        "datasource": _DATASOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": _options(panel),
        "targets": [_target(query, index, panel) for index, query in enumerate(panel.queries)],
    }


def _options(panel: Panel) -> Json:
    match panel.type:
        case PanelType.STAT:
            return {
                "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
                "colorMode": "background",
                "graphMode": "none",
                "textMode": "value_and_name",
            }
        case PanelType.TIME_SERIES:
            return {
                "legend": {"displayMode": "list", "placement": "bottom"},
                "tooltip": {"mode": "multi", "sort": "desc"},
            }
        case PanelType.STATE_TIMELINE:
            return {"showValue": "never", "mergeValues": True, "legend": {"displayMode": "list"}}
        case PanelType.TABLE:
            return {"showHeader": True}


def _target(query: Query, index: int, panel: Panel) -> Json:
    return {
        "refId": chr(ord("A") + index),
        "datasource": _DATASOURCE,
        "expr": query.expression,
        "legendFormat": query.legend,
        "instant": query.instant,
        "range": not query.instant,
        "exemplar": panel.exemplars,
    }


def _datasource_variable() -> Json:
    return {"name": "datasource", "label": "Data source", "type": "datasource",
            "query": "prometheus", "current": {}, "hide": 0, "refresh": 1}  # fmt: skip


def _variable(choice: Choice) -> Json:
    return {
        "name": choice.name,
        "label": choice.name.capitalize(),
        "type": "query",
        "datasource": _DATASOURCE,
        "query": f"label_values({choice.metric}, {choice.label})",
        "includeAll": True,
        "multi": True,
        "allValue": ".+",
        "current": {"text": "All", "value": "$__all"},
        "refresh": 2,
        "sort": 1,
    }
