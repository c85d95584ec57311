"""A firm in memory whose systems can be written to: deals, projects, dead letters."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from monitor.calls import CallLedger
from monitor.core.breaks import Break
from monitor.core.entities import ENTITIES
from monitor.core.flows import HandOffSettings, RuleSettings
from monitor.core.metrics import Metrics
from monitor.core.model import KeyRole, KeyUse, Record, StreamId, Value
from monitor.core.plugins import RuleContext
from monitor.core.policies import CorrectionSettings, PolicySettings
from monitor.core.ports import Capabilities, Rule
from monitor.core.rates import RateSettings, rate_table
from monitor.core.routes import RouteSettings
from monitor.core.streams import CursorSettings, DeletesSettings, StreamSettings
from monitor.core.writing import Abilities, Operation, Safety
from monitor.correcting.planning import Draft, Request, draft_plan
from monitor.estate import Estate, Flow, HandOff, Source
from monitor.jobs import Runtime
from monitor.simulation.clock import VirtualClock
from monitor.single_pass import Pass, pass_once
from monitor.store.breaks import standing_breaks
from monitor.store.database import Database
from reconcilers import RULES
from reconcilers.hand_off import build_hand_off
from tests.correcting.pen import WritableSystem
from tests.cycle.recorder import Recorder

OPPORTUNITY = StreamId("crm", "opportunity")
PROJECT = StreamId("psa", "project")
MESSAGE = StreamId("mq", "message")
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

POLICIES: Mapping[str, Mapping[str, Any]] = {
    "won-to-project": {
        "mode": "propose",
        "fix": "create",
        "fields": {"amount": "amount", "currency": "currency", "start_on": "start_on"},
        "set": {"status": "active"},
    },
    "budget": {"mode": "propose"},
    "twice": {"mode": "propose", "set": {"status": "cancelled"}},
    "dead": {"mode": "propose", "effect": "psa.project"},
}

CORRECTIONS: Mapping[str, Any] = {
    "limits": {"corrections": 20, "share": 0.2},
    "approvers": {"ann": {"roles": ["finance"]}, "bob": {}, "cy": {}},
}

_KEYED = Abilities(
    {Operation.CREATE: Safety.KEYED, Operation.UPDATE: Safety.CONDITIONAL,
     Operation.DELETE: Safety.CONDITIONAL},
    frozenset({"amount", "currency", "status", "start_on", "name"}),
    frozenset({"deal"}),
)  # fmt: skip


@dataclass
class Firm:
    """The systems, the estate over them, and what people were told."""

    database: Database
    policies: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: POLICIES)
    corrections: Mapping[str, Any] = field(default_factory=lambda: CORRECTIONS)

    def __post_init__(self) -> None:
        self.clock = VirtualClock(START)
        able = Capabilities(True, frozenset({"deal"}), True)
        self.crm = WritableSystem(self.clock, OPPORTUNITY, able)
        self.psa = WritableSystem(self.clock, PROJECT, able, writable=_KEYED)
        self.mq = WritableSystem(
            self.clock,
            MESSAGE,
            replace(able, may_be_empty=True),
            writable=Abilities({Operation.REPLAY: Safety.CONDITIONAL}),
            deliver=self._deliver,
        )
        self.systems = {"crm": self.crm, "psa": self.psa, "mq": self.mq}
        self.told = Recorder()
        self.runtime = Runtime(self.database, Metrics("test"), self.clock, CallLedger())
        self.estate = self._build()

    def agree(self, count: int, first: int = 1) -> None:
        """So many deals that have their projects."""
        for number in range(first, first + count):
            self.win(f"OPP-{number}")
            self.staff(f"OPP-{number}")

    def win(self, deal: str, amount: str = "1000.00", **fields: Value) -> None:
        """A deal is won now."""
        row = {"status": "won", "closed_at": self.clock(), **_worth(amount), **fields}
        self.crm.write_row(f"o-{deal}", (KeyUse(KeyRole.DEFINES, "deal", deal),), row)

    def staff(
        self, deal: str, amount: str = "1000.00", native_id: str = "", **fields: Value
    ) -> None:
        """Its project is created now."""
        row = {"status": "active", **_worth(amount), **fields}
        self.psa.write_row(native_id or f"p-{deal}", (key_of(deal),), row)

    def fail_delivery(self, deal: str, native_id: str = "") -> None:
        """A message about a deal ends as a dead letter."""
        self.mq.put(native_id or f"m-{deal}", deal, status="dead", updated_at=self.clock())

    def later(self, **by: float) -> None:
        """Time passes."""
        self.clock.advance(timedelta(**by))

    def look(self) -> Pass:
        """Everything is sampled and settled."""
        return pass_once(self.estate, self.runtime)

    def settle_down(self) -> list[Break]:
        """Time enough passes for everything to be due, and it is looked at."""
        self.later(hours=5)
        self.look()
        return self.breaks()

    def breaks(self, rule: str = "") -> list[Break]:
        """The breaks that stand."""
        with self.database.read() as connection:
            return [each for each in standing_breaks(connection) if rule in ("", each.finding.rule)]

    def draft(self, **asked: Any) -> Draft:
        """What would be planned."""
        request = Request("sales", **{"requester": "rita", **asked})
        return draft_plan(self.estate, request, self.database, self.clock)

    def change(
        self,
        policies: Mapping[str, Mapping[str, Any]] | None = None,
        corrections: Mapping[str, Any] | None = None,
    ) -> None:
        """Another landscape is loaded."""
        self.policies = self.policies if policies is None else policies
        self.corrections = self.corrections if corrections is None else corrections
        self.estate = self._build()

    def _deliver(self, message: Record) -> None:
        deal = message.keys[0].value
        self.staff(deal)

    def _build(self) -> Estate:
        sources = {
            system.stream: Source(
                system.stream,
                StreamSettings(
                    entity=system.stream.stream,
                    id="id",
                    map={name: name for name in ENTITIES[system.stream.stream]},
                    defines={"deal": "deal"} if system.stream == OPPORTUNITY else {},
                    refers={} if system.stream == OPPORTUNITY else {"deal": "deal"},
                    cursor=CursorSettings(field="at", overlap=timedelta(minutes=10)),
                    deletes=DeletesSettings(kind="sweep"),
                    stale_after=timedelta(minutes=15),
                ),
                ENTITIES[system.stream.stream],
                system,
                digest="1",
            )
            for system in self.systems.values()
        }
        return Estate(
            digest="1",
            sources=sources,
            probes=self.systems,
            flows=(self._flow(sources),),
            channels={"people": self.told},
            routes=(RouteSettings(channels=("people",)),),
            every=timedelta(seconds=15),
            address="",
            titles={},
            owners={"crm": "sales", "psa": "delivery", "mq": "integration"},
            corrections=CorrectionSettings.model_validate(self.corrections),
            currency="EUR",
            rates=rate_table(
                [RateSettings(base="USD", quote="EUR", date=START.date(), rate=Decimal("0.9"))]
            ),
        )

    def _flow(self, sources: Mapping[StreamId, Source]) -> Flow:
        context = RuleContext(
            flow="sales",
            root=OPPORTUNITY,
            entities={stream: stream.stream for stream in sources},
            fields={stream: source.fields for stream, source in sources.items()},
            owners={"crm": "sales", "psa": "delivery", "mq": "integration"},
            value_stream=OPPORTUNITY,
            of_record={"amount": OPPORTUNITY},
        )
        settings = dict(_settings())
        rules = [_build_rule(name, each, context) for name, each in settings.items()]
        policies = {
            name: PolicySettings.model_validate(each) for name, each in self.policies.items()
        }
        return Flow(
            name="sales",
            root=OPPORTUNITY,
            key="deal",
            kinds=frozenset({"deal"}),
            hand_offs=(HandOff("won-to-project", OPPORTUNITY, PROJECT),),
            rules=tuple(rules),
            value_stream=OPPORTUNITY,
            margins=dict.fromkeys(settings, timedelta(0)),
            digest="1",
            settings=settings,
            of_record=context.of_record,
            policies=policies,
            policies_digest=hashlib.sha256(
                repr((self.policies, self.corrections)).encode()
            ).hexdigest(),
        )


def _settings() -> Iterator[tuple[str, RuleSettings]]:
    yield (
        "won-to-project",
        HandOffSettings.model_validate(
            {
                "from": "crm.opportunity",
                "to": "psa.project",
                "when": {"status": "won"},
                "start": "closed_at",
                "within": "4h",
            }
        ),
    )
    for name, each in (
        (
            "budget",
            {
                "check": "mismatch",
                "left": "crm.opportunity",
                "right": "psa.project",
                "fields": {"amount": {"tolerance": "0.005"}, "name": {}},
                "where": {"right": {"status": "active"}},
            },
        ),
        (
            "twice",
            {
                "check": "duplicate",
                "stream": "psa.project",
                "key": "deal",
                "where": {"status": "active"},
            },
        ),
        ("dead", {"check": "dead_letter", "stream": "mq.message"}),
    ):
        yield name, RULES[str(each["check"])].settings.model_validate(each)


def _build_rule(name: str, settings: RuleSettings, context: RuleContext) -> Rule:
    if isinstance(settings, HandOffSettings):
        return build_hand_off(name, settings, context)
    return RULES[str(getattr(settings, "check", ""))].build(name, settings, context)


def _worth(amount: str) -> dict[str, Value]:
    return {"amount": Decimal(amount), "currency": "EUR"}


def fingerprints(breaks: Sequence[Break]) -> set[str]:
    return {each.fingerprint for each in breaks}


def key_of(deal: str) -> KeyUse:
    return KeyUse(KeyRole.REFERS, "deal", deal)
