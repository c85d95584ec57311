"""Change orders and middleware messages of a generated estate, with what is wrong with them."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from tests.estates.deals import AS_OF, CURRENCIES, DAY, HOUR, Deals, Flags, Integers
from tests.estates.tables import currency, deal_key, instant, money

_FLOWS = ("opp.closed", "contract.signed", "project.created", "billing.planned")


@dataclass(frozen=True, slots=True)
class ChangeOrders:
    """Approved change orders.

    Attributes:
        deal: number of the deal.
        approved: seconds since 1970.
        lost: systems (psa, erp) that never got it, by system.
    """

    deal: Integers
    approved: Integers
    lost: dict[str, Flags]


def draw_change_orders(deals: Deals, chance: np.random.Generator) -> ChangeOrders:
    """About one for each ninth deal that is set up everywhere."""
    chosen = deals.numbers(deals.has_erp & (chance.random(deals.count) < 0.115))
    approved = deals.erp_created[chosen] + chance.integers(DAY, 60 * DAY, len(chosen))
    kept = approved < AS_OF
    return ChangeOrders(
        deal=chosen[kept],
        approved=approved[kept],
        lost={
            system: chance.random(int(kept.sum())) < rate
            for system, rate in (("psa", 0.025), ("erp", 0.03))
        },
    )


def change_order_tables(orders: ChangeOrders, deals: Deals) -> Iterator[tuple[str, pl.DataFrame]]:
    """Those of the CRM, and the copies that arrived."""
    whole = pl.select(
        co_key=deal_key(orders.deal) + "-CO1",
        opp_key=deal_key(orders.deal),
        amount=money(deals.amount[orders.deal] // 1000 * 100),
        currency=currency(deals.currency[orders.deal] % len(CURRENCIES)),
        approved_at=instant(orders.approved),
        updated_at=instant(orders.approved),
    )
    yield "crm_change_orders", whole
    for system, lost in orders.lost.items():
        yield f"{system}_change_orders", whole.filter(pl.Series(~lost))


@dataclass(frozen=True, slots=True)
class Messages:
    """What the middleware carried; each attribute has one entry a message."""

    deal: Integers
    flow: Integers
    created: Integers
    updated: Integers
    dead: Flags
    unfinished: Flags


def draw_messages(deals: Deals, chance: np.random.Generator) -> Messages:
    """One a hand-off that was begun; a few dead, a few unfinished, some of these only just so."""
    steps = (
        (deals.numbers(), deals.closed),
        (deals.numbers(deals.has_contract), deals.signed),
        (deals.numbers(deals.has_project), deals.project_created),
        (deals.numbers(deals.has_erp), deals.erp_created),
    )
    deal = np.concatenate([numbers for numbers, _ in steps])
    created = np.concatenate([when[numbers] for numbers, when in steps])
    lots = chance.random(len(deal))
    recent = created > AS_OF - 3 * HOUR
    return Messages(
        deal=deal,
        flow=np.repeat(np.arange(len(steps)), [len(numbers) for numbers, _ in steps]),
        created=created,
        updated=created + chance.integers(5, 1200, len(deal)),
        dead=lots < 0.0022,
        unfinished=((lots >= 0.0022) & (lots < 0.0043)) | (recent & (lots > 0.5)),
    )


def message_table(messages: Messages) -> pl.DataFrame:
    """The table of messages, ordered as they were made."""
    count = len(messages.deal)
    unfinished = pl.lit(pl.Series(messages.unfinished))
    status = pl.when(pl.lit(pl.Series(messages.dead))).then(pl.lit("dead")).when(unfinished)
    word = pl.when(pl.lit(pl.Series(messages.deal % 2 == 0))).then(pl.lit("pending"))
    flow = pl.lit(pl.Series(_FLOWS).gather(messages.flow))
    return pl.select(
        msg_id=pl.lit("M") + pl.lit(pl.Series(np.arange(count)).cast(pl.String).str.zfill(10)),
        correlation_id=deal_key(messages.deal),
        flow=flow,
        status=status.then(word.otherwise(pl.lit("processing"))).otherwise(pl.lit("delivered")),
        attempts=pl.lit(pl.Series(np.where(messages.dead, 8, 1), dtype=pl.Int32)),
        idempotency_key=flow + ":" + deal_key(messages.deal),
        created_at=instant(messages.created),
        updated_at=instant(messages.updated),
    ).sort("created_at")
