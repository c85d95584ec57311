"""Streams made up for watches: a context, rows as sampling brings them, and what a watch says."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from monitor.core.breaks import Finding
from monitor.core.calendar import working_time
from monitor.core.entities import ENTITIES
from monitor.core.flows import CalendarSettings
from monitor.core.model import Record, Reject, RejectReason, StreamId
from monitor.core.plugins import RuleContext, WatchContext
from monitor.core.profiling import Fresh, profile_rows
from monitor.core.shapes import ValueType
from monitor.core.statistics import Statistics, StreamProfile
from monitor.core.watches import ESTATE, NOWHERE, Survey, Watch
from reconcilers.watches import WATCHES

DEALS = StreamId("crm", "deals")
PROJECTS = StreamId("psa", "projects")
NOW = datetime(2026, 3, 16, 12, 0, tzinfo=UTC)
"""A Monday."""

CONTEXT = WatchContext(
    RuleContext(
        flow=ESTATE,
        root=NOWHERE,
        entities={DEALS: "opportunity", PROJECTS: "project"},
        fields={DEALS: ENTITIES["opportunity"], PROJECTS: ENTITIES["project"]},
        owners={"crm": "sales", "psa": "delivery"},
        calendars={"office": working_time(CalendarSettings())},
    ),
    hand_offs={"sales": {"won-to-project": (DEALS, PROJECTS)}},
)


def build(check: str, **settings: object) -> Watch:
    row = WATCHES[check]
    return row.build("watch", row.settings.model_validate({"check": check, **settings}), CONTEXT)


def found(
    watch: Watch,
    statistics: Statistics,
    now: datetime = NOW,
    seen: Iterable[StreamId] = (DEALS, PROJECTS),
) -> list[Finding]:
    survey = Survey({}, dict.fromkeys(seen, now), now, statistics)
    return list(watch.evaluate(survey).findings)


_TYPES: Mapping[type, ValueType] = {str: ValueType.TEXT, int: ValueType.NUMBER}


class Stream:
    """A stream whose rows are profiled as they come, one a minute."""

    def __init__(self, stream: StreamId = DEALS, now: datetime = NOW - timedelta(days=60)) -> None:
        self.stream, self.now, self.profile = stream, now, StreamProfile()

    def catch_up(self, rows: Iterable[Mapping[str, Any]]) -> "Stream":
        """The first complete look."""
        self.now += timedelta(minutes=1)
        fresh = Fresh(arrived=[self._record(row) for row in rows])
        self.profile = profile_rows(self.profile, fresh, None, self.now)
        return self

    def show(self, *rows: Mapping[str, Any]) -> "Stream":
        """Rows come one by one; a value that is a list is one that does not fit."""
        for row in rows:
            self.now += timedelta(minutes=1)
            is_unfit = any(isinstance(value, list) for value in row.values())
            fresh = (
                Fresh(rejects=[self._reject(row)])
                if is_unfit
                else Fresh(arrived=[self._record(row)])
            )
            self.profile = profile_rows(self.profile, fresh, self.now, self.now)
        return self

    def later(self, **by: float) -> "Stream":
        self.now += timedelta(**by)
        return self

    @property
    def statistics(self) -> Statistics:
        return Statistics(profiles={self.stream: self.profile})

    def _record(self, row: Mapping[str, Any]) -> Record:
        fields = {name: row.get(name) for name in ("status", "amount", "region")}
        return Record(self.stream, "opportunity", "1", fields, (), self.now, shape=_shape(row))

    def _reject(self, row: Mapping[str, Any]) -> Reject:
        return Reject("1", RejectReason.WRONG_TYPE, "", "", shape=_shape(row))


def _shape(row: Mapping[str, Any]) -> tuple[tuple[str, ValueType], ...]:
    return tuple((name, _type(row, name)) for name in ("status", "amount", "region"))


def _type(row: Mapping[str, Any], name: str) -> ValueType:
    if name not in row:
        return ValueType.ABSENT
    if row[name] is None:
        return ValueType.BLANK
    return _TYPES.get(type(row[name]), ValueType.UNFIT)
