"""A firm of two systems in memory: a CRM with opportunities, a PSA with projects.

The probe over it keeps the port's word exactly, so that what is tested is the cycle.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from monitor.calls import CallLedger
from monitor.core.breaks import Severity
from monitor.core.entities import ENTITIES
from monitor.core.errors import Reason, Transient
from monitor.core.flows import HandOffSettings
from monitor.core.metrics import Metrics
from monitor.core.model import KeyRole, KeyUse, Page, Record, Reject, StreamId, Window
from monitor.core.plugins import RuleContext
from monitor.core.ports import Capabilities
from monitor.core.routes import RouteSettings
from monitor.core.streams import CursorSettings, DeletesSettings, StreamSettings
from monitor.estate import Estate, Flow, HandOff, Source
from monitor.jobs import Runtime
from monitor.simulation.clock import VirtualClock
from monitor.store.database import Database
from reconcilers import RULES
from reconcilers.hand_off import build_hand_off
from tests.cycle.recorder import Recorder

OPPORTUNITY = StreamId("crm", "opportunity")
PROJECT = StreamId("psa", "project")
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@dataclass
class MemorySystem:
    """Rows by native id; `down` makes every call fail; `hidden` rows are not committed yet."""

    clock: VirtualClock
    stream: StreamId
    able: Capabilities = field(
        default_factory=lambda: Capabilities(True, frozenset({"deal"}), True)
    )
    rows: dict[str, Record] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    rejects: tuple[Reject, ...] = ()
    down: bool = False
    calls: int = 0
    page: int = 3

    def put(self, native_id: str, deal: str, at: datetime | None = None, **fields: object) -> None:
        """Write a row, stamped now unless told otherwise."""
        role = KeyRole.DEFINES if self.stream == OPPORTUNITY else KeyRole.REFERS
        entity = self.stream.stream
        known: dict[str, object] = dict.fromkeys(ENTITIES[entity])
        if native_id in self.rows:
            known |= self.rows[native_id].fields
        self.rows[native_id] = Record(
            stream=self.stream,
            entity=entity,
            native_id=native_id,
            fields={**known, **fields},  # type: ignore[dict-item]  # the test's own values
            keys=(KeyUse(role, "deal", deal),),
            modified_at=at or self.clock(),
        )

    def _answer(self) -> None:
        self.calls += 1
        if self.down:
            raise Transient("no answer", reason=Reason.UNREACHABLE)

    def _visible(self) -> list[Record]:
        return [row for name, row in self.rows.items() if name not in self.hidden]

    def capabilities(self, stream: str) -> Capabilities:
        return self.able

    def source_time(self) -> datetime:
        return self.clock()

    def changes(self, stream: str, window: Window) -> Iterator[Page]:
        self._answer()
        rows = [
            row
            for row in self._visible()
            if window.since is None or (row.modified_at and row.modified_at >= window.since)
        ]
        for start in range(0, len(rows), self.page):
            yield Page(tuple(rows[start : start + self.page]))
        yield Page((), self.rejects)

    def fetch(self, stream: str, native_ids: Sequence[str]) -> Page:
        self._answer()
        return Page(tuple(row for row in self._visible() if row.native_id in native_ids))

    def lookup(self, stream: str, kind: str, values: Sequence[str]) -> Page:
        self._answer()
        return Page(tuple(row for row in self._visible() if row.keys[0].value in values))

    def native_ids(self, stream: str) -> Iterator[Sequence[str]]:
        self._answer()
        yield [row.native_id for row in self._visible()]

    def calls_remaining(self) -> Mapping[str, float]:
        return {}

    def calls_made(self) -> int:
        return self.calls

    def close(self) -> None:
        self.down = True


@dataclass
class SmallFirm:
    """Both systems, the estate over them, and what people were told."""

    database: Database
    settle: timedelta = timedelta(0)
    severity: Severity = Severity.WARNING
    able: Capabilities = field(
        default_factory=lambda: Capabilities(True, frozenset({"deal"}), True)
    )

    def __post_init__(self) -> None:
        self.clock = VirtualClock(START)
        self.crm = MemorySystem(self.clock, OPPORTUNITY, self.able)
        self.psa = MemorySystem(self.clock, PROJECT, self.able)
        self.told = Recorder()
        self.runtime = Runtime(self.database, Metrics("test"), self.clock, CallLedger())
        self.estate = self._build()

    def win(self, deal: str, amount: str = "1000.00") -> None:
        """A deal is won now."""
        self.crm.put(
            f"o-{deal}",
            deal,
            status="won",
            amount=Decimal(amount),
            currency="EUR",
            closed_at=self.clock(),
        )

    def staff(self, deal: str, amount: str = "1000.00", native_id: str = "") -> None:
        """Its project is created now."""
        self.psa.put(
            native_id or f"p-{deal}",
            deal,
            status="active",
            amount=Decimal(amount),
            currency="EUR",
            created_at=self.clock(),
        )

    def later(self, **by: float) -> None:
        """Time passes."""
        self.clock.advance(timedelta(**by))

    def _build(self) -> Estate:
        settings = StreamSettings(
            entity="project",
            id="id",
            cursor=CursorSettings(field="at", overlap=timedelta(minutes=10)),
            deletes=DeletesSettings(kind="sweep"),
            stale_after=timedelta(minutes=15),
        )
        sources = {
            system.stream: Source(
                system.stream,
                settings.model_copy(update={"entity": system.stream.stream}),
                ENTITIES[system.stream.stream],
                system,
                digest="1",
            )
            for system in (self.crm, self.psa)
        }
        context = RuleContext(
            flow="sales",
            root=OPPORTUNITY,
            entities={stream: stream.stream for stream in sources},
            fields={stream: source.fields for stream, source in sources.items()},
            owners={"crm": "sales", "psa": "delivery"},
            value_stream=OPPORTUNITY,
        )
        hand_off = HandOffSettings.model_validate(
            {
                "from": "crm.opportunity",
                "to": "psa.project",
                "when": {"status": "won"},
                "start": "closed_at",
                "within": "4h",
            }
        )
        rules = (
            build_hand_off("won-to-project", hand_off, context),
            self._rule(
                "budget",
                {
                    "check": "mismatch",
                    "severity": self.severity,
                    "left": "crm.opportunity",
                    "right": "psa.project",
                    "fields": {"amount": {"tolerance": "0.005"}},
                },
                context,
            ),
            self._rule(
                "orphan",
                {"check": "orphan", "stream": "psa.project", "of": "crm.opportunity"},
                context,
            ),
            self._rule(
                "twice", {"check": "duplicate", "stream": "psa.project", "key": "deal"}, context
            ),
        )
        flow = Flow(
            name="sales",
            root=OPPORTUNITY,
            key="deal",
            kinds=frozenset({"deal"}),
            hand_offs=(HandOff("won-to-project", OPPORTUNITY, PROJECT),),
            rules=rules,
            value_stream=OPPORTUNITY,
            margins={rule.name: self.settle for rule in rules},
            digest="1",
        )
        return Estate(
            digest="1",
            sources=sources,
            probes={"crm": self.crm, "psa": self.psa},
            flows=(flow,),
            channels={"people": self.told},
            routes=(RouteSettings(channels=("people",)),),
            every=timedelta(seconds=15),
            address="",
            titles={"crm": "CRM"},
            owners={"crm": "sales", "psa": "delivery"},
        )

    def _rule(self, name: str, settings: dict[str, object], context: RuleContext):  # type: ignore[no-untyped-def]  # a rule
        row = RULES[str(settings["check"])]
        return row.build(name, row.settings.model_validate(settings), context)
