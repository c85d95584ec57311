"""The faults that can be planted: a function each, and the table that names them.

A function looks at a deal and decides what to write and which one break must follow; None where
the deal does not suit, mostly because a second break would follow as well.
"""

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from random import Random

from monitor.core.breaks import BreakKind
from monitor.simulation.deals import ACTIVE, CURRENCIES, LOST, canonical_key, spell
from monitor.simulation.drifts import (
    drift_budget,
    drift_contract,
    drift_currency,
    drift_quote,
    drift_start,
)
from monitor.simulation.ledger import FaultKind
from monitor.simulation.plans import Plan, Planner, absence, lateness, only, symptom
from monitor.simulation.rows import (
    Assignment,
    BillingLine,
    ChangeOrder,
    Contract,
    ErpChangeOrder,
    ErpProject,
    Invoice,
    Message,
    Milestone,
    Opportunity,
    Project,
    PsaChangeOrder,
    Row,
)
from monitor.simulation.world import World

_BOOKED: tuple[type[Row], ...] = (ErpProject, BillingLine, Invoice)
_STAFFED: tuple[type[Row], ...] = (Project, Milestone, Assignment, *_BOOKED)


def _lose(*kinds: type[Row]) -> Planner:
    """The hand-off to the first kind failed, and so nothing that builds on it exists."""

    def plan(world: World, deal: str, _: Random) -> Plan | None:
        if not world.rows(kinds[0], deal) or world.rows(ChangeOrder, deal):
            return None
        gone = tuple(row for kind in kinds for row in world.rows(kind, deal))
        return Plan(absence(kinds[0]), remove=gone)

    return plan


def _delay_project(world: World, deal: str, random: Random) -> Plan | None:
    """PSA got its project more than 4 hours after signing; ERP followed in time."""
    contract = only(world.rows(Contract, deal))
    project = only(world.rows(Project, deal))
    booking = only(world.rows(ErpProject, deal))
    if contract is None or project is None or booking is None:
        return None
    created_at = contract.signed_at + timedelta(hours=4, minutes=random.randrange(5, 2_880))
    late = replace(project, created_at=created_at)
    followed = replace(booking, created_at=created_at + timedelta(minutes=random.randrange(5, 110)))
    return Plan(lateness(late), write=(late, followed))


def _delay_booking(world: World, deal: str, random: Random) -> Plan | None:
    """ERP got its project more than 2 hours after PSA."""
    project = only(world.rows(Project, deal))
    booking = only(world.rows(ErpProject, deal))
    if project is None or booking is None:
        return None
    delay = timedelta(hours=2, minutes=random.randrange(5, 2_880))
    late = replace(booking, created_at=project.created_at + delay)
    return Plan(lateness(late), write=(late,))


def _contradict(world: World, deal: str, random: Random) -> Plan | None:
    """The deal was marked lost after all, and delivery goes on."""
    opportunity = only(world.rows(Opportunity, deal))
    project = only(world.rows(Project, deal))
    if opportunity is None or project is None:
        return None
    lost = replace(opportunity, stage=random.choice(LOST))
    active = replace(project, status=random.choice(ACTIVE))
    return Plan(symptom(BreakKind.CONTRADICTION, active, "status"), write=(lost, active))


def _repeat_project(kind: type[Project | ErpProject]) -> Planner:
    """A replayed message made the project a second time, under another spelling of the key."""

    def plan(world: World, deal: str, random: Random) -> Plan | None:
        project = only(world.rows(kind, deal))
        if project is None:
            return None
        again = replace(
            project,
            id=f"{project.id}-2",
            created_at=project.created_at + timedelta(minutes=random.randrange(5, 90)),
            reference=spell(deal, random),
        )
        return Plan(symptom(BreakKind.DUPLICATE, again), write=(again,))

    return plan


def _orphan_invoice(world: World, deal: str, random: Random) -> Plan | None:
    """A bill for a deal that CRM never had."""
    issued_at = world.now() - timedelta(minutes=random.randrange(5, 400_000))
    orphan = Invoice(
        id=f"INV-X-{deal}",
        deal=deal,
        created_at=issued_at,
        reference=spell(deal, random),
        status="open",
        amount=Decimal(random.randrange(10_000, 900_000)) / 100,
        currency=random.choice(CURRENCIES),
        issued_at=issued_at,
    )
    return Plan(symptom(BreakKind.ORPHAN, orphan), write=(orphan,))


def _orphan_project(world: World, deal: str, random: Random) -> Plan | None:
    """A project in PSA for a deal that CRM never had; it is on hold, so ERP awaits nothing."""
    created_at = world.now() - timedelta(minutes=random.randrange(5, 400_000))
    orphan = Project(
        id=f"PRJ-X-{deal}",
        deal=deal,
        created_at=created_at,
        reference=spell(deal, random),
        name="Unsold work",
        status="On Hold",
        budget=Decimal(random.randrange(10_000, 900_000)) / 100,
        currency=random.choice(CURRENCIES),
        start_at=created_at + timedelta(days=3),
        offset_minutes=0,
        billing_rule="",
    )
    return Plan(symptom(BreakKind.ORPHAN, orphan), write=(orphan,))


def _orphan_booking(world: World, deal: str, random: Random) -> Plan | None:
    """A project in ERP for a deal that CRM never had."""
    created_at = world.now() - timedelta(minutes=random.randrange(5, 400_000))
    orphan = ErpProject(
        id=f"EPX-{deal}",
        deal=deal,
        created_at=created_at,
        reference=spell(deal, random),
        customer_id="C000000",
        cost_centre=None,
        budget=Decimal(random.randrange(10_000, 900_000)) / 100,
        currency=random.choice(CURRENCIES),
        start_at=created_at + timedelta(days=3),
    )
    return Plan(symptom(BreakKind.ORPHAN, orphan), write=(orphan,))


def _withhold_change(kind: type[PsaChangeOrder | ErpChangeOrder]) -> Planner:
    def plan(world: World, deal: str, random: Random) -> Plan | None:
        copies = world.rows(kind, deal)
        if not copies:
            return None
        withheld = random.choice(copies)
        pair = f"change_order:{canonical_key(withheld.number)}"
        return Plan(absence(kind, pair), remove=(withheld,))

    return plan


def _kill_message(world: World, deal: str, random: Random) -> Plan | None:
    messages = world.rows(Message, deal)
    if not messages:
        return None
    dead = replace(
        random.choice(messages), status="dead", attempts=5, error="target refused the record"
    )
    return Plan(symptom(BreakKind.DEAD_LETTER, dead), write=(dead,))


def _stall_message(world: World, deal: str, random: Random) -> Plan | None:
    """A message that nobody has tried again since it was sent."""
    messages = world.rows(Message, deal)
    if not messages:
        return None
    message = random.choice(messages)
    stalled = replace(
        message,
        status=random.choice(("pending", "processing")),
        attempts=1,
        attempted_at=message.created_at + timedelta(seconds=30),
    )
    return Plan(symptom(BreakKind.STUCK, stalled), write=(stalled,))


@dataclass(frozen=True, slots=True)
class Fault:
    """A way for the firm to go wrong.

    Attributes:
        kind: what it is called.
        system: where it shows.
        plan: decides what to write.
        is_orphan: it needs a key that no deal has.
    """

    kind: FaultKind
    system: str
    plan: Planner
    is_orphan: bool = False


FAULTS: tuple[Fault, ...] = (
    Fault(FaultKind.MISSING_CONTRACT, "contracts", _lose(Contract, *_STAFFED)),
    Fault(FaultKind.MISSING_PROJECT, "psa", _lose(*_STAFFED)),
    Fault(FaultKind.MISSING_ERP_PROJECT, "erp", _lose(*_BOOKED)),
    Fault(FaultKind.LATE_HAND_OFF, "psa", _delay_project),
    Fault(FaultKind.LATE_HAND_OFF, "erp", _delay_booking),
    Fault(FaultKind.AMOUNT_DRIFT, "cpq", drift_quote),
    Fault(FaultKind.AMOUNT_DRIFT, "contracts", drift_contract),
    Fault(FaultKind.AMOUNT_DRIFT, "psa", drift_budget(Project)),
    Fault(FaultKind.AMOUNT_DRIFT, "erp", drift_budget(ErpProject)),
    Fault(FaultKind.CURRENCY_DRIFT, "psa", drift_currency(Project)),
    Fault(FaultKind.CURRENCY_DRIFT, "erp", drift_currency(ErpProject)),
    Fault(FaultKind.START_DRIFT, "psa", drift_start(Project)),
    Fault(FaultKind.START_DRIFT, "erp", drift_start(ErpProject)),
    Fault(FaultKind.STATUS_CONTRADICTION, "psa", _contradict),
    Fault(FaultKind.DUPLICATE_PROJECT, "psa", _repeat_project(Project)),
    Fault(FaultKind.DUPLICATE_PROJECT, "erp", _repeat_project(ErpProject)),
    Fault(FaultKind.ORPHAN_INVOICE, "erp", _orphan_invoice, is_orphan=True),
    Fault(FaultKind.ORPHAN_PROJECT, "psa", _orphan_project, is_orphan=True),
    Fault(FaultKind.ORPHAN_PROJECT, "erp", _orphan_booking, is_orphan=True),
    Fault(FaultKind.UNPROPAGATED_CHANGE_ORDER, "psa", _withhold_change(PsaChangeOrder)),
    Fault(FaultKind.UNPROPAGATED_CHANGE_ORDER, "erp", _withhold_change(ErpChangeOrder)),
    Fault(FaultKind.DEAD_LETTER, "middleware", _kill_message),
    Fault(FaultKind.STUCK_MESSAGE, "middleware", _stall_message),
)
"""Every fault, a row each."""
