"""Recall: a plan that was kept, as it is told to people."""

from monitor.core.approvals import unmet
from monitor.core.clock import Clock
from monitor.core.corrections import PlanState
from monitor.correcting.approving import load_named
from monitor.correcting.situation import money_at_stake
from monitor.correcting.survey import in_currency
from monitor.estate import Estate
from monitor.reports.planned import Planned
from monitor.store.database import Database


def recall_plan(estate: Estate, database: Database, name: str, clock: Clock) -> Planned:
    """The plan whose hash starts so, what it costs, what it lacks and what people said of it.

    Raises:
        Permanent: there is none, the start is too short or means several, or the plan was altered
            or does not fit the landscape any more.
        Transient: the store failed.
    """
    kept = load_named(estate, database, name)
    money = money_at_stake(kept.plan, in_currency(kept.plan.corrections, estate, clock().date()))
    settings = estate.corrections
    yes = [said.who for said in kept.approvals if said.is_approved]
    is_open = kept.state is PlanState.PROPOSED
    lacking = unmet(settings.quorum, settings.approvers, yes, money) if is_open else ()
    return Planned(
        kept.plan,
        money,
        estate.currency,
        lacking=lacking,
        entry=kept.entry,
        approvals=kept.approvals,
    )
