"""What a plug-in's row in its folder's table holds, and what it is built with."""

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, TypeVar

import polars as pl

from monitor.core.clock import Clock
from monitor.core.entities import EntityFields
from monitor.core.flows import HandOffSettings, RuleSettings
from monitor.core.model import StreamId
from monitor.core.ports import Channel, LivingChannel, Probe, Rule
from monitor.core.rates import RATES
from monitor.core.streams import Settings, StreamSettings, SystemSettings
from monitor.core.watches import Watch, WatchSettings
from monitor.core.wording import Slot, TemplateSettings


class WorkingTime(Protocol):
    """Counts in the time that a team works."""

    def add(self, start: datetime, allowed: timedelta) -> datetime:
        """The instant by which so much time has been worked since `start`, both aware UTC."""

    def add_all(self, starts: pl.Series, allowed: timedelta) -> pl.Series:
        """The same for a column of instants, at the speed of a column; null stays null."""

    def worked_all(self, starts: pl.Series, ends: pl.Series) -> pl.Series:
        """Time worked from each start to its end, as Duration; null where either is null."""


@dataclass(frozen=True, slots=True)
class ProbeContext:
    """What a probe gets beside its settings.

    Attributes:
        system: its name in the landscape.
        entities: canonical fields by entity name, the landscape's own included.
        clock: the present.
        sleep: waits that many seconds.
        calls_today: calls already made since midnight UTC, from before a restart.
    """

    system: str
    entities: Mapping[str, EntityFields]
    clock: Clock
    sleep: Callable[[float], None]
    calls_today: int = 0


@dataclass(frozen=True, slots=True)
class RuleContext:
    """What a rule gets beside its settings.

    Attributes:
        flow: the flow that it belongs to.
        root: the flow's root stream.
        entities: entity name by stream.
        fields: canonical fields by stream.
        owners: owner by system.
        calendars: working time by calendar name.
        owner_calendars: name of the calendar by owner, of owners that have one.
        value_stream, value_amount, value_currency: where the money of a transaction is stated.
        of_record: by field, the stream that owns it where two disagree.
        mapped: by stream, the fields that its rows fill; all of them where a stream is not named.
        keys: by stream, the key kinds that its records have; any where a stream is not named.
        rates: exchange rates, as `RATES`.
    """

    flow: str
    root: StreamId
    entities: Mapping[StreamId, str]
    fields: Mapping[StreamId, EntityFields]
    owners: Mapping[str, str] = field(default_factory=dict)
    calendars: Mapping[str, WorkingTime] = field(default_factory=dict)
    owner_calendars: Mapping[str, str] = field(default_factory=dict)
    value_stream: StreamId | None = None
    value_amount: str = "amount"
    value_currency: str = "currency"
    of_record: Mapping[str, StreamId] = field(default_factory=dict)
    mapped: Mapping[StreamId, Collection[str]] = field(default_factory=dict)
    keys: Mapping[StreamId, Collection[str]] = field(default_factory=dict)
    rates: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=RATES), compare=False)


@dataclass(frozen=True, slots=True)
class WatchContext:
    """What a watch gets beside its settings.

    Attributes:
        estate: the streams as a rule's context shows them; its flow is `estate`, which has
            neither a root nor money of its own.
        hand_offs: by flow, the steps of it as `from` and `to`, by name.
    """

    estate: RuleContext
    hand_offs: Mapping[str, Mapping[str, tuple[StreamId, StreamId]]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChannelContext:
    """What a channel gets beside its settings.

    Attributes:
        name: as the landscape calls it.
        clock: the present.
        sleep: waits that many seconds.
    """

    name: str
    clock: Clock
    sleep: Callable[[float], None] = time.sleep


@dataclass(frozen=True, slots=True)
class ProbeType:
    """A row of `PROBES`: `build(settings, context)` gets an instance of `settings`."""

    settings: type[SystemSettings]
    build: Callable[[Any, ProbeContext], Probe]


class Misfit(ValueError):  # noqa: N818 - what it is; nothing failed
    """Settings that do not fit the landscape, and where among them.

    Attributes:
        at: keys and list positions from the settings' top down to what does not fit.
    """

    def __init__(self, message: str, *at: str | int) -> None:
        super().__init__(message)
        self.at = at


@dataclass(frozen=True, slots=True)
class RuleType:
    """A row of `RULES`: `build(name, settings, context)`.

    `build` raises ValueError with one clear sentence when the settings do not fit the landscape
    (unknown field, types that cannot be compared); a `Misfit` says where among them.
    """

    settings: type[RuleSettings]
    build: Callable[[str, Any, RuleContext], Rule]


@dataclass(frozen=True, slots=True)
class WatchType:
    """A row of `WATCHES`: `build(name, settings, context)`, which raises as that of a rule."""

    settings: type[WatchSettings]
    build: Callable[[str, Any, WatchContext], Watch]


@dataclass(frozen=True, slots=True)
class ChannelType:
    """A row of `CHANNELS`: `build(settings, context)`."""

    settings: type[Settings]
    build: Callable[[Any, ChannelContext], Channel | LivingChannel]


Row = TypeVar("Row", ProbeType, RuleType, ChannelType, WatchType)


class Rows(Mapping[str, Row]):
    """A table of plug-ins whose rows are loaded when they are asked for.

    What a landscape does not name costs neither time nor memory.
    """

    def __init__(self, loaders: Mapping[str, Callable[[], Row]]) -> None:
        """A table from what loads each row, by the name used in a landscape."""
        self.loaders: dict[str, Callable[[], Row]] = dict(loaders)
        self._loaded: dict[str, Row] = {}

    def __getitem__(self, name: str) -> Row:
        if name not in self._loaded:
            self._loaded[name] = self.loaders[name]()
        return self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.loaders)

    def __len__(self) -> int:
        return len(self.loaders)


def rows_in(row_type: Callable[[Any, Any], Row], places: Mapping[str, str]) -> Rows[Row]:
    """A table of our own plug-ins.

    Args:
        row_type: what a row is; made of a module's settings and its `build`.
        places: by the name used in a landscape, `module:Settings`.
    """
    return Rows({name: partial(_load_row, row_type, place) for name, place in places.items()})


def _load_row(row_type: Callable[[Any, Any], Row], place: str) -> Row:
    name, _, settings = place.partition(":")
    module = import_module(name)
    return row_type(getattr(module, settings), module.build)


@dataclass(frozen=True, slots=True)
class Plugins:
    """Every plug-in that this installation has, by the name used in a landscape."""

    probes: Mapping[str, ProbeType]
    rules: Mapping[str, RuleType]
    channels: Mapping[str, ChannelType]
    check_stream: (
        Callable[[StreamSettings, Mapping[str, EntityFields]], Sequence[str | Misfit]] | None
    ) = None
    """One sentence for each part of a stream's mapping that the probes could not read or write; a
    `Misfit` says where in the stream."""
    watches: Mapping[str, WatchType] = field(default_factory=dict)
    build_hand_off: Callable[[str, HandOffSettings, RuleContext], Rule] | None = None
    """As that of a rule, for the steps of a flow."""
    check_templates: Callable[[TemplateSettings], Iterable[tuple[Slot, str]]] | None = None
    """What is wrong with templates of the firm's own, and of which of them."""
    expand_system: Callable[[dict[str, Any], Path], dict[str, Any]] | None = None
    """A system that uses a ready definition, as its probe takes it; relative to a folder.

    A `Misfit` says where among what was given."""
