"""The landscape made ready to run: sources that can be read, flows with their rules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from alerts.routing import Routing
from alerts.wording import Wording
from monitor.core.controls import ControlSettings
from monitor.core.duty import Duty
from monitor.core.entities import EntityFields
from monitor.core.exchange import Exchange
from monitor.core.flows import Condition, RuleSettings
from monitor.core.indicators import IndicatorPlan
from monitor.core.model import StreamId
from monitor.core.people import People
from monitor.core.policies import CorrectionSettings, PolicySettings
from monitor.core.ports import Capabilities, Channel, LivingChannel, Probe, Rule
from monitor.core.rates import RATES
from monitor.core.routes import RouteSettings
from monitor.core.signing import EvidenceSettings
from monitor.core.streams import StreamSettings
from monitor.core.telemetry import SpanExporter
from monitor.core.telling import HeartbeatSettings, IncidentSettings
from monitor.core.watches import Watch, WatchSettings
from monitor.core.writing import Writable, Writer


@dataclass(frozen=True, slots=True)
class Source:
    """One stream and the probe that reads it.

    Attributes:
        id: system and stream.
        settings: how its rows become records.
        fields: canonical fields of its entity.
        probe: of its system.
        digest: hash of the settings; another one means that the rows read differently.
    """

    id: StreamId
    settings: StreamSettings
    fields: EntityFields
    probe: Probe
    digest: str

    @property
    def capabilities(self) -> Capabilities:
        """What can be asked of it."""
        return self.probe.capabilities(self.id.stream)

    def believed_until(self, looked_until: datetime) -> datetime:
        """Up to when absence is believed: an eventually consistent source shows changes late."""
        if self.settings.consistency == "eventual":
            return looked_until - self.settings.stale_after
        return looked_until


@dataclass(frozen=True, slots=True)
class HandOff:
    """A step of a flow.

    Attributes:
        name: as the landscape calls it.
        source: the stream that it starts from.
        to: the stream in which it arrives.
        start: instant field of the upstream record from which its time runs; empty: not measured.
        arrival: instant field of the downstream record that says when it arrived.
        match: key kind that pairs single records; None: any downstream record will do.
        that: the state in which a downstream record has arrived.
    """

    name: str
    source: StreamId
    to: StreamId
    start: str = ""
    arrival: str = "created_at"
    match: str | None = None
    that: Condition = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Flow:
    """A business process ready to be looked at.

    Attributes:
        name: as the landscape calls it.
        root: stream whose records start transactions.
        key: key kind that names them.
        kinds: every key kind along which records belong to a transaction, `key` included.
        hand_offs: its steps, in the landscape's order.
        rules: hand-offs and checks.
        value_stream: where the money of a transaction is stated.
        margins: how old a suspicion must be before it is told, by rule.
        digest: hash of its settings; another one means that everything is looked at anew.
        settings: of each rule, as the landscape has them.
        indicators: how it is measured; None: it is not.
        of_record: by field, the stream that owns it.
        policies: by rule, what may be done about its breaks; nothing where none is named.
        policies_digest: hash of all that corrections follow from; plans are bound to it.
    """

    name: str
    root: StreamId
    key: str
    kinds: frozenset[str]
    hand_offs: tuple[HandOff, ...]
    rules: tuple[Rule, ...]
    value_stream: StreamId
    margins: Mapping[str, timedelta]
    digest: str
    settings: Mapping[str, RuleSettings] = field(default_factory=dict)
    indicators: IndicatorPlan | None = None
    of_record: Mapping[str, StreamId] = field(default_factory=dict)
    policies: Mapping[str, PolicySettings] = field(default_factory=dict)
    policies_digest: str = ""

    @property
    def needs(self) -> frozenset[StreamId]:
        """Every stream that some rule looks at."""
        return frozenset().union(*(rule.needs for rule in self.rules))


@dataclass(frozen=True, slots=True)
class Lookout:
    """A watch and when it looks.

    Attributes:
        watch: the check.
        every: how often it looks.
        margin: how old a suspicion must be before it is told.
        digest: hash of its settings; another one means that it looks at once.
        settings: as the landscape has them; None where nobody asks for them.
    """

    watch: Watch
    every: timedelta
    margin: timedelta
    digest: str
    settings: WatchSettings | None = None


@dataclass(frozen=True, slots=True)
class Traces:
    """Where traces go.

    Attributes:
        exporter: takes them.
        quiet: how long a deal that ties out must have been left alone until it counts as closed.
    """

    exporter: SpanExporter
    quiet: timedelta


@dataclass(frozen=True, slots=True)
class Estate:
    """Everything that a landscape names, built.

    Attributes:
        digest: hash of the landscape without its secrets.
        sources: by stream.
        probes: by system.
        flows: in the landscape's order.
        lookouts: the watches, in the landscape's order.
        channels: by name.
        routes: in the landscape's order.
        every: how often touched transactions are looked at.
        address: start of links for people; empty where none is known.
        titles: what people call each system; only of those that have a title.
        owners: who holds each system.
        incidents: when breaks are one incident, and how it is told.
        heartbeat: who hears that tieout is alive; None where nobody does.
        corrections: what holds for every correction.
        currency: of the firm, in which money at stake is summed.
        rates: exchange rates, as `RATES`.
        exchange: the same for single amounts.
        duty: when who works.
        people: who may act.
        traces: where they go, and when a deal counts as closed; None: nowhere.
        evidence: how it is signed; None: it is not.
        wording: the firm's own words for what people are told.
        controls: what auditors rely on, by name.
        configuration: the landscape that all of it was built from, without its secrets.
    """

    digest: str
    sources: Mapping[StreamId, Source]
    probes: Mapping[str, Probe]
    flows: tuple[Flow, ...]
    channels: Mapping[str, Channel | LivingChannel]
    routes: tuple[RouteSettings, ...]
    every: timedelta
    address: str
    titles: Mapping[str, str]
    owners: Mapping[str, str]
    lookouts: tuple[Lookout, ...] = ()
    incidents: IncidentSettings = field(default_factory=IncidentSettings)
    heartbeat: HeartbeatSettings | None = None
    corrections: CorrectionSettings = field(default_factory=CorrectionSettings)
    currency: str = "EUR"
    rates: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=RATES), compare=False)
    traces: Traces | None = None
    evidence: EvidenceSettings | None = None
    exchange: Exchange = field(default_factory=Exchange)
    duty: Duty = field(default_factory=Duty)
    people: People = field(default_factory=lambda: People({}))
    wording: Wording = field(default_factory=Wording)
    controls: Mapping[str, ControlSettings] = field(default_factory=dict)
    configuration: Mapping[str, Any] = field(default_factory=dict, compare=False)

    def only_feeds(self, names: Iterable[str]) -> list[str]:
        """Of some channels, those that carry notices one by one."""
        known = ((name, self.channels.get(name)) for name in names)
        return [name for name, each in known if not isinstance(each, LivingChannel)]

    def only_living(self, names: Iterable[str]) -> list[str]:
        """Of some channels, those that show incidents as they stand."""
        known = ((name, self.channels.get(name)) for name in names)
        return [name for name, each in known if isinstance(each, LivingChannel)]

    def flow(self, name: str) -> Flow | None:
        """The flow of this name; None where there is none."""
        return next((flow for flow in self.flows if flow.name == name), None)

    def writer(self, system: str) -> Writer | None:
        """What writes to a system; None where nothing may."""
        probe: object = self.probes.get(system)
        return probe.writer() if isinstance(probe, Writable) else None

    @property
    def routing(self) -> Routing:
        """Who hears of what, and when."""
        return Routing(self.routes, self.duty, self.exchange)

    @property
    def fields(self) -> Mapping[StreamId, EntityFields]:
        """Canonical fields by stream."""
        return {stream: source.fields for stream, source in self.sources.items()}

    def close(self) -> None:
        """Let go of every connection."""
        for probe in self.probes.values():
            probe.close()
        for channel in self.channels.values():
            channel.close()
        if self.traces is not None:
            self.traces.exporter.close()
