"""The JSON (v1 schema) that Grafana imports.

It is what every Grafana in use reads: newer ones migrate it when they load it. Its keys and words
are those of npm's `@grafana/schema`, against which the files are compiled.
"""

from collections.abc import Iterator
from typing import Any

from dashboards.panels import ALWAYS, Choice, Dashboard, Panel, PanelType, Query
from monitor.core.catalogue import BUILD_INFO, CONFIG_RELOAD_SUCCESS
from monitor.core.incident_metrics import INCIDENTS_OPENED

SCHEMA_VERSION = 41
TAG = "tieout"
WIDTH = 24
"""Columns of Grafana's grid."""

Json = dict[str, Any]

_DATASOURCE: Json = {"type": "prometheus", "uid": "${datasource}"}


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
            _link("tieout", "dashboards", "dashboard", tooltip="The other dashboards"),
            *(
                _link(title, "link", "external link", f"{page}/{title.lower()}")
                for title in ("Transactions", "Breaks", "Incidents")
            ),
        ],
        "templating": {
            "list": [_datasource_variable(), *map(_variable, (*ALWAYS, *dashboard.choices))]
        },
        "panels": list(_lay_out(dashboard, page)),
    }


def _link(title: str, kind: str, icon: str, url: str = "", tooltip: str = "") -> Json:
    """To the other dashboards, with what is chosen on this one, or to a page of tieout."""
    is_inside = kind == "dashboards"
    return {
        "title": title,
        "type": kind,
        "icon": icon,
        "tooltip": tooltip or f"{title} on the page of tieout",
        "url": url,
        "tags": [TAG] if is_inside else [],
        "asDropdown": is_inside,
        "includeVars": is_inside,
        "keepTime": is_inside,
        "targetBlank": not is_inside,
    }


def _annotations() -> Iterator[Json]:
    """When another version or landscape came, an incident was opened, or an alert fired."""
    bound = '{job=~"$job",instance=~"$instance"}'
    opened = INCIDENTS_OPENED.name + bound[:-1] + ',severity="critical"}'
    for name, colour, expression, text in (
        (
            "Deployments",
            "blue",
            f"{BUILD_INFO.name}{bound} unless {BUILD_INFO.name}{bound} offset 5m",
            "tieout {{version}} on {{instance}}",
        ),
        (
            "Landscapes",
            "purple",
            f"changes({CONFIG_RELOAD_SUCCESS.name}{bound}[2m]) > 0",
            "Another landscape on {{instance}}",
        ),
        ("Incidents", "orange", f"increase({opened}[2m]) > 0", "Critical incident opened"),
        (
            "Alerts",
            "red",
            'ALERTS{alertname=~"Tieout.+",severity="critical",alertstate="firing"}',
            "{{alertname}} {{source}}{{system}}{{hop}}",
        ),
    ):
        yield {
            "name": name,
            "datasource": _DATASOURCE,
            "enable": True,
            "iconColor": colour,
            "target": {"refId": "Anno", "expr": expression, "interval": "1m"},
            "titleFormat": name,
            "textFormat": text,
        }


def _lay_out(dashboard: Dashboard, page: str) -> Iterator[Json]:
    """Panels from left to right; a row's heading and every full line start a new one."""
    number, top = 0, 0
    for row in dashboard.rows:
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
            yield {**_panel(panel, number, place, page), "description": describe(panel, dashboard)}
            left += panel.width
            line_height = max(line_height, panel.height)
        top += line_height


def describe(panel: Panel, dashboard: Dashboard) -> str:
    """Its own words, and which of the page's variables do not narrow it down."""
    text = "\n".join(query.expression for query in panel.queries)
    wide = [choice.name for choice in dashboard.choices if f"${choice.name}" not in text]
    return " ".join([panel.description, *(f"Of every {name}." for name in wide)])


def _panel(panel: Panel, number: int, place: dict[str, int], page: str) -> Json:
    steps = [{"color": step.colour.value, "value": step.value} for step in panel.steps]
    defaults: Json = {
        "unit": panel.unit,
        "thresholds": {"mode": "absolute", "steps": steps},
        "color": {"mode": "thresholds"},
    }
    if panel.decimals is not None:
        defaults["decimals"] = panel.decimals
    if panel.page is not None:
        link = {"title": "On the page of tieout", "url": page + panel.page, "targetBlank": True}
        defaults["links"] = [link]
    if panel.type is PanelType.TIME_SERIES:
        defaults["min"] = 0
        defaults["color"] = {"mode": "palette-classic"}
        defaults["custom"] = {
            "axisSoftMax": 1,  # nothing at all is drawn at the foot, not in the middle of a hundred
            "fillOpacity": 30 if panel.stacked else 0,
            "stacking": {"mode": "normal" if panel.stacked else "none"},
        }
    return {
        "id": number,
        "type": panel.type.value,
        "title": panel.title,
        "datasource": _DATASOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": defaults, "overrides": list(_overrides(panel))},
        "options": _options(panel),
        "targets": [_target(query, index, panel) for index, query in enumerate(panel.queries)],
    }


def _overrides(panel: Panel) -> Iterator[Json]:
    """The series that have a colour of their own."""
    for name, colour in panel.colours.items():
        fixed = {"mode": "fixed", "fixedColor": colour.value}
        yield {
            "matcher": {"id": "byName", "options": name},
            "properties": [{"id": "color", "value": fixed}],
        }


_LEGEND: Json = {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []}


def _options(panel: Panel) -> Json:
    match panel.type:
        case PanelType.STAT:
            return {
                "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
                "colorMode": _colour_mode(panel),
                "graphMode": "none",
                "textMode": _text_mode(panel),
            }
        case PanelType.TIME_SERIES:
            return {
                "legend": _LEGEND,
                "tooltip": {"mode": "multi", "sort": "desc"},
            }
        case PanelType.STATE_TIMELINE:
            return {"showValue": "never", "mergeValues": True, "legend": _LEGEND}


def _colour_mode(panel: Panel) -> str:
    """Colour says something or is left out."""
    if len(panel.steps) > 1:
        return "background_solid"
    return "value" if panel.colours else "none"


def _text_mode(panel: Panel) -> str:
    """A number whose name is the panel's own needs no second one; a word needs no number."""
    if panel.is_word:
        return "name"
    return "value_and_name" if any("{{" in query.legend for query in panel.queries) else "value"


def _target(query: Query, index: int, panel: Panel) -> Json:
    return {
        "refId": chr(ord("A") + index),
        "datasource": _DATASOURCE,
        "expr": query.expression,
        "legendFormat": query.legend,
        # A number is of now or of nothing: what was last known is not how things stand.
        "instant": panel.type is PanelType.STAT,
        "range": panel.type is not PanelType.STAT,
        "exemplar": panel.exemplars,
        "format": "time_series",
    }


def _datasource_variable() -> Json:
    return {"name": "datasource", "label": "Data source", "type": "datasource",
            "query": "prometheus", "hide": 0, "refresh": 1}  # fmt: skip


def _variable(choice: Choice) -> Json:
    job = "" if choice in ALWAYS else 'job=~"$job"'
    matchers = ",".join(each for each in (job, choice.matchers) if each)
    selector = f"{choice.metric}{{{matchers}}}" if matchers else choice.metric
    return {
        "name": choice.name,
        "label": choice.name.capitalize(),
        "type": "query",
        "datasource": _DATASOURCE,
        "query": f"label_values({selector}, {choice.label})",
        "includeAll": True,
        "multi": True,
        "allValue": choice.every,
        "current": {"text": "All", "value": "$__all"},
        "refresh": 2,
        "sort": 1,
    }
