"""Faults of values: the same fact, retyped wrongly in another system."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random

from monitor.core.breaks import BreakKind
from monitor.simulation.deals import CURRENCIES
from monitor.simulation.plans import Plan, Planner, only, symptom
from monitor.simulation.rows import Contract, ErpProject, Opportunity, Project, Quote
from monitor.simulation.world import World


def _drifted(amount: Decimal, random: Random) -> Decimal:
    """An amount that is wrong by a cent, by two digits swapped, or by up to a fifth."""
    by_share = (amount * random.randrange(1, 20) / 100).quantize(Decimal("0.01"))
    return amount + random.choice((Decimal("0.01"), Decimal("-90.00"), by_share, -by_share))


def drift_quote(world: World, deal: str, random: Random) -> Plan | None:
    """The accepted quote states another total than CRM."""
    opportunity = only(world.rows(Opportunity, deal))
    quote = only(row for row in world.rows(Quote, deal) if row.status == "accepted")
    if opportunity is None or quote is None:
        return None
    wrong = replace(quote, total=_drifted(opportunity.amount, random))
    return Plan(symptom(BreakKind.MISMATCH, wrong, "amount"), write=(wrong,))


def drift_contract(world: World, deal: str, random: Random) -> Plan | None:
    """The contract states another value than CRM."""
    opportunity = only(world.rows(Opportunity, deal))
    contract = only(world.rows(Contract, deal))
    if opportunity is None or contract is None:
        return None
    wrong = replace(contract, value=_drifted(opportunity.amount, random))
    return Plan(symptom(BreakKind.MISMATCH, wrong, "amount"), write=(wrong,))


def drift_budget(kind: type[Project | ErpProject]) -> Planner:
    """A project has another budget than CRM sold."""

    def plan(world: World, deal: str, random: Random) -> Plan | None:
        opportunity = only(world.rows(Opportunity, deal))
        project = only(world.rows(kind, deal))
        if opportunity is None or project is None:
            return None
        wrong = replace(project, budget=_drifted(opportunity.amount, random))
        return Plan(symptom(BreakKind.MISMATCH, wrong, "amount"), write=(wrong,))

    return plan


def drift_currency(kind: type[Project | ErpProject]) -> Planner:
    """A project has the right figure in another currency."""

    def plan(world: World, deal: str, random: Random) -> Plan | None:
        project = only(world.rows(kind, deal))
        if project is None:
            return None
        others = [currency for currency in CURRENCIES if currency != project.currency]
        wrong = replace(project, currency=random.choice(others))
        return Plan(symptom(BreakKind.MISMATCH, wrong, "currency"), write=(wrong,))

    return plan


def drift_start(kind: type[Project | ErpProject]) -> Planner:
    """Another day, or the local hour written as if it were UTC."""

    def plan(world: World, deal: str, random: Random) -> Plan | None:
        project = only(world.rows(kind, deal))
        if project is None:
            return None
        hours = random.choice((1, -1, 2, 24, -24, 240))
        wrong = replace(project, start_at=project.start_at + timedelta(hours=hours))
        return Plan(symptom(BreakKind.MISMATCH, wrong, "start_at"), write=(wrong,))

    return plan
