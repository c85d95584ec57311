"""The sections of a landscape.

Systems, rules and channels are unions over the installed plug-ins, so the model is made for the
plug-ins at hand: unknown keys, and the JSON Schema for editors, follow from it.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import reduce
from operator import or_
from types import GenericAlias
from typing import Annotated, Any, Literal

from pydantic import AnyHttpUrl, Field, PrivateAttr, create_model

from monitor.config.issues import KeyPath
from monitor.core.controls import ControlSettings
from monitor.core.duty import ShiftSettings
from monitor.core.flows import (
    CalendarSettings,
    HandOffSettings,
    RuleSettings,
    StreamName,
    ValueSettings,
)
from monitor.core.indicators import IndicatorSettings
from monitor.core.model import FieldType
from monitor.core.people import PersonSettings
from monitor.core.plugins import Plugins
from monitor.core.policies import CorrectionSettings, PolicySettings
from monitor.core.rates import RatesSettings
from monitor.core.routes import RouteSettings
from monitor.core.signing import EvidenceSettings
from monitor.core.streams import Duration, Name, Settings, SystemSettings
from monitor.core.telemetry import TelemetrySettings
from monitor.core.telling import HeartbeatSettings, IncidentSettings
from monitor.core.watches import WatchSettings


class FirmSettings(Settings):
    """Who is being watched."""

    name: str
    """What reports and pages call it."""
    currency: str = Field(default="EUR", pattern=r"^[A-Z]{3}$")
    """Currency in which value at risk is summed where records name none."""


class StoreSettings(Settings):
    """Where tieout keeps what it has seen."""

    url: str = "sqlite:///tieout.db"
    """SQLAlchemy URL; `postgresql+psycopg://…` for PostgreSQL."""


class ServerSettings(Settings):
    """Where the page, the metrics and the management calls are served."""

    host: Literal["127.0.0.1", "::1", "localhost"] = "127.0.0.1"
    """Loopback only: from elsewhere people come through a proxy that speaks TLS, and log in."""
    port: int = Field(default=9464, ge=0, le=65535)
    """0 takes any free port."""
    address: AnyHttpUrl | None = None
    """Address that people's links shall point at."""


class OwnerSettings(Settings):
    """A team that holds systems or breaks."""

    title: str = ""
    """What people call it."""
    contact: str = ""
    """Where it can be reached."""
    calendar: str = ""
    """Its working time: what counts for its hand-offs and rules that name no calendar."""
    shifts: tuple[ShiftSettings, ...] = ()
    """Who of it holds what stands, and when; the first that is on duty."""


class WorkerSettings(Settings):
    """Where the shards of a full reconciliation are worked on."""

    processes: int = Field(default=1, ge=1)
    """Processes on this machine."""
    cluster: str | None = None
    """Address of a dask.distributed scheduler, `tcp://host:8786`, whose workers do it instead;
    they must see the landscape and the extracts under the same paths."""
    rows: int = Field(default=16_000_000, ge=1)
    """Rows that a shard has at most, about; bounds the memory of each worker."""

    @property
    def stays_here(self) -> bool:
        """Whether this process does all the work itself."""
        return self.cluster is None and self.processes == 1


class EntitySettings(Settings):
    """Fields that the firm adds to an entity, or an entity of its own."""

    fields: dict[Name, FieldType]
    """Field to type; the fields that an entity has anyway keep theirs."""


class FlowSettings(Settings):
    """A business process: its root, the keys that carry it on, hand-offs and rules."""

    root: StreamName
    """Stream whose records each start a transaction."""
    key: Name
    """Key kind that the root defines; its value names the transaction."""
    through: tuple[Name, ...] = ()
    """Further key kinds along which records belong to the transaction."""
    value: ValueSettings | None = None
    """Where the money of a transaction is stated; None: the root's amount and currency."""
    of_record: dict[str, StreamName] = {}
    """Field to the stream that owns it: where two streams disagree, the other one is wrong."""
    hand_offs: dict[Name, HandOffSettings] = {}
    """Steps that carry a transaction on."""
    rules: dict[Name, RuleSettings] = {}
    """Checks over the records of a transaction."""
    corrections: dict[Name, PolicySettings] = {}
    """By rule or hand-off, what may be done about its breaks; nothing where none is named."""
    indicators: IndicatorSettings = IndicatorSettings()
    """How its business indicators are counted."""


class Landscape(Settings):
    """A firm's systems and what must hold between them."""

    version: Literal[1]
    """Of this format."""
    firm: FirmSettings
    """Who is being watched."""
    store: StoreSettings = StoreSettings()
    """Where what was seen is kept."""
    server: ServerSettings = ServerSettings()
    """Where the page and the metrics are served."""
    workers: WorkerSettings = WorkerSettings()
    """Where full reconciliations are worked on."""
    settle: Duration = timedelta(0)
    """How old a suspicion must be before anyone hears of it."""
    every: Duration = timedelta(seconds=15)
    """How often touched transactions are looked at."""
    owners: dict[Name, OwnerSettings] = {}
    """Teams that hold systems or breaks."""
    people: dict[Name, PersonSettings] = {}
    """Who may act, and in which roles; nobody acts on the page or from Slack where it is empty."""
    entities: dict[Name, EntitySettings] = {}
    """Fields and entities beside the canonical ones."""
    calendars: dict[Name, CalendarSettings] = {}
    """Working times that hand-offs count with."""
    telemetry: TelemetrySettings | None = None
    """Where traces are exported to; None: nowhere."""
    evidence: EvidenceSettings | None = None
    """How evidence is signed; None: it is not."""
    rates: RatesSettings = RatesSettings()
    """Exchange rates by which money in several currencies is compared."""
    systems: dict[Name, SystemSettings]
    """What is sampled; `probe` says how each is read."""
    flows: dict[Name, FlowSettings] = {}
    """Business processes and what must hold in them."""
    controls: dict[Name, ControlSettings] = {}
    """What auditors rely on, and the rules that carry it out."""
    corrections: CorrectionSettings = CorrectionSettings()
    """What holds for every correction, whatever its policy says."""
    watches: dict[Name, WatchSettings] = {}
    """Checks over whole sources and streams."""
    incidents: IncidentSettings = IncidentSettings()
    """When breaks are one incident, and how people are told of it."""
    heartbeat: HeartbeatSettings | None = None
    """Who hears that tieout is alive, for as long as its cycles end well."""
    channels: dict[Name, Settings] = {}
    """How people and machines are told; `channel` says of what kind each is."""
    routes: tuple[RouteSettings, ...] = ()
    """Who hears of what; a notice goes to the channels of every route that fits."""
    _references: Mapping[KeyPath, str] = PrivateAttr(default_factory=dict)

    @property
    def references(self) -> Mapping[KeyPath, str]:
        """By path, the texts of the file that held references, as written."""
        return self._references

    def remember_references(self, written: Mapping[KeyPath, str]) -> None:
        """Keep what is shown in place of values that came from references."""
        self._references = written


_ALTERNATIVES = 2


def _union(models: Iterable[type[Settings]], discriminator: str) -> Any:
    members = list(models)
    if len(members) < _ALTERNATIVES:
        return members[0] if members else Settings
    return Annotated[reduce(or_, members), Field(discriminator=discriminator)]


def landscape_model(plugins: Plugins) -> type[Landscape]:
    """The landscape as these plug-ins allow it.

    Systems are told apart by `probe`, rules and watches by `check`, channels by `channel`.
    """
    system = _union((row.settings for row in plugins.probes.values()), "probe")
    rule = _union((row.settings for row in plugins.rules.values()), "check")
    watch = _union((row.settings for row in plugins.watches.values()), "check")
    channel = _union((row.settings for row in plugins.channels.values()), "channel")
    flow: Any = create_model("Flow", __base__=FlowSettings, rules=(_by_name(rule), {}))
    fields: Mapping[str, Any] = {
        name: (_by_name(member), default)
        for name, member, default in (
            ("systems", system, ...),
            ("flows", flow, {}),
            ("watches", watch, {}),
            ("channels", channel, {}),
        )
    }
    return create_model("Landscape", __base__=Landscape, **fields)


def _by_name(member: Any) -> Any:
    """The type `dict[Name, member]` of a member that is known only while running."""
    return GenericAlias(dict, (Name, member))
