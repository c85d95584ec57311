"""Scopes made of a few rows, and the rules asked about them."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from monitor.core.breaks import Finding
from monitor.core.calendar import working_time
from monitor.core.entities import ENTITIES
from monitor.core.flows import CalendarSettings, HandOffSettings
from monitor.core.model import FieldType, StreamId
from monitor.core.plugins import RuleContext
from monitor.core.ports import Deadline, Rule, Scope, Verdict
from reconcilers import RULES
from reconcilers.hand_off import build_hand_off

NOW = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)
"""A Wednesday."""

STREAMS: Mapping[StreamId, str] = {
    StreamId("crm", "opportunity"): "opportunity",
    StreamId("crm", "change_order"): "change_order",
    StreamId("cpq", "quote"): "quote",
    StreamId("contracts", "contract"): "contract",
    StreamId("psa", "project"): "project",
    StreamId("psa", "assignment"): "assignment",
    StreamId("psa", "milestone"): "milestone",
    StreamId("psa", "timecard"): "timecard",
    StreamId("psa", "change_order"): "change_order",
    StreamId("erp", "project"): "project",
    StreamId("erp", "change_order"): "change_order",
    StreamId("erp", "invoice"): "invoice",
    StreamId("bus", "message"): "message",
}

CONTEXT = RuleContext(
    flow="sales-to-cash",
    root=StreamId("crm", "opportunity"),
    entities=STREAMS,
    fields={stream: ENTITIES[entity] for stream, entity in STREAMS.items()},
    owners={
        "crm": "sales",
        "contracts": "legal",
        "psa": "delivery",
        "erp": "finance",
        "bus": "integration",
    },
    calendars={"office": working_time(CalendarSettings(zone="Europe/Berlin"))},
    value_stream=StreamId("crm", "opportunity"),
)

FRAME_TYPES: Mapping[FieldType, pl.DataType | type[pl.DataType]] = {
    FieldType.TEXT: pl.String,
    FieldType.INTEGER: pl.Int64,
    FieldType.DECIMAL: pl.Decimal(38, 6),
    FieldType.BOOLEAN: pl.Boolean,
    FieldType.INSTANT: pl.Datetime("us", "UTC"),
    FieldType.DATE: pl.Date,
}

Row = Mapping[str, Any]


def at(hours: float) -> datetime:
    """So many hours from now, past ones negative."""
    return NOW + timedelta(hours=hours)


def row(transaction: str, record: str, *, keys: Sequence[str] = (), **fields: Any) -> Row:
    """One record in one transaction; `modified_at` and `observed_at` as they usually are."""
    return {
        "_transaction": transaction,
        "_record": record,
        "_keys": list(keys),
        "_modified_at": fields.pop("modified_at", at(-48)),
        "_observed_at": fields.pop("observed_at", at(-47)),
        **fields,
    }


def frame(stream: StreamId, rows: Sequence[Row]) -> pl.DataFrame:
    schema: dict[str, pl.DataType | type[pl.DataType]] = {
        "_transaction": pl.String,
        "_record": pl.String,
        "_keys": pl.List(pl.String),
        "_modified_at": FRAME_TYPES[FieldType.INSTANT],
        "_observed_at": FRAME_TYPES[FieldType.INSTANT],
        **{name: FRAME_TYPES[kind] for name, kind in CONTEXT.fields[stream].items()},
    }
    unknown = {name for each in rows for name in each} - schema.keys()
    assert not unknown
    return pl.DataFrame([{name: each.get(name) for name in schema} for each in rows], schema=schema)


@dataclass(frozen=True)
class Scene:
    """Rows by stream, and how far each stream was looked at: until now, if not said otherwise."""

    rows: Mapping[str, Sequence[Row]]
    looked: Mapping[str, datetime | None] = field(default_factory=dict)
    now: datetime = NOW

    def scope(self, shuffle: random.Random | None = None) -> Scope:
        """The scope; with `shuffle`, its rows in any order, some of them twice."""
        frames = {}
        for stream in STREAMS:
            rows = list(self.rows.get(str(stream), ()))
            if shuffle is not None and rows:
                rows += shuffle.choices(rows, k=shuffle.randint(0, 3))
                shuffle.shuffle(rows)
            frames[stream] = frame(stream, rows)
        looked = {stream: self.looked.get(str(stream), self.now) for stream in STREAMS}
        seen = {stream: until for stream, until in looked.items() if until is not None}
        return Scope("sales-to-cash", frames, seen, self.now)

    def with_rows(self, **rows: Sequence[Row]) -> "Scene":
        """The scene with other rows in some streams, written `system__stream`."""
        named = {name.replace("__", "."): each for name, each in rows.items()}
        return replace(self, rows={**self.rows, **named})


def rule(check: str, name: str = "the-rule", **settings: Any) -> Rule:
    row_type = RULES[check]
    return row_type.build(
        name, row_type.settings.model_validate({"check": check, **settings}), CONTEXT
    )


def hand_off(name: str = "deal-to-project", **settings: Any) -> Rule:
    values = {
        "from": "crm.opportunity",
        "to": "psa.project",
        "when": {"status": "won"},
        "start": "closed_at",
        "within": "4h",
        **settings,
    }
    return build_hand_off(name, HandOffSettings.model_validate(values), CONTEXT)


def findings(asked: Rule, scene: Scene) -> tuple[Finding, ...]:
    return asked.evaluate(scene.scope()).findings


def in_order(verdict: Verdict) -> "Said":
    """The verdict as a set would compare it."""
    return sorted(verdict.findings, key=repr), sorted(verdict.deadlines, key=repr)


Said = tuple[list[Finding], list[Deadline]]


def said(*deadlines: Deadline) -> Said:
    """What a verdict without findings says."""
    return [], sorted(deadlines, key=repr)
