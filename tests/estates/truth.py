"""What is wrong with a generated estate, fault by fault."""

import numpy as np
import polars as pl

from tests.estates.deals import AS_OF, DAY, HOUR, Deals, Fault, Flags, Integers
from tests.estates.tables import deal_key
from tests.estates.traffic import ChangeOrders, Messages

_NAMES = {
    Fault.QUOTE_AMOUNT: ("amount_drift", "cpq", "total"),
    Fault.CONTRACT_AMOUNT: ("amount_drift", "contracts", "value"),
    Fault.PSA_AMOUNT: ("amount_drift", "psa", "budget"),
    Fault.ERP_AMOUNT: ("amount_drift", "erp", "budget"),
    Fault.PSA_CURRENCY: ("currency_drift", "psa", "currency"),
    Fault.ERP_CURRENCY: ("currency_drift", "erp", "currency"),
    Fault.PSA_START: ("date_drift", "psa", "start_at"),
    Fault.ERP_START: ("date_drift", "erp", "start_at"),
    Fault.CONTRACT_MISSING: ("missing_handoff", "contracts", ""),
    Fault.PSA_MISSING: ("missing_handoff", "psa", ""),
    Fault.ERP_MISSING: ("missing_handoff", "erp", ""),
    Fault.PSA_LATE: ("late_handoff", "psa", "created_at"),
    Fault.ERP_LATE: ("late_handoff", "erp", "created_at"),
    Fault.PSA_DUPLICATE: ("duplicate_key", "psa", "opp_key"),
    Fault.ERP_DUPLICATE: ("duplicate_key", "erp", "opp_key"),
    Fault.SCHEDULE: ("schedule_sum", "erp", "amount"),
}


def truth_of(deals: Deals, orders: ChangeOrders, messages: Messages) -> pl.DataFrame:
    """One row a fault: key, fault, system, field."""
    return pl.concat(
        [
            *(_rows(deals.numbers(_shows(deals, fault)), *_NAMES[fault]) for fault in _NAMES),
            *(
                _rows(orders.deal[lost & (orders.approved + DAY < AS_OF)],
                      "unpropagated_change_order", system, "")
                for system, lost in orders.lost.items()
            ),
            _rows(_strangers(deals.count, 1, 1000), "orphan_project", "psa", "opp_key"),
            _rows(_strangers(deals.count, 2, 500), "orphan_invoice", "erp", "opp_key"),
            _rows(messages.deal[messages.dead], "dead_letter", "middleware", "status"),
            _rows(
                messages.deal[
                    messages.unfinished & ~messages.dead & (messages.updated < AS_OF - 6 * HOUR)
                ],
                "stuck_message", "middleware", "status",
            ),
        ]
    )  # fmt: skip


def _shows(deals: Deals, fault: Fault) -> Flags:
    """Where the fault can be seen: only a record that is there can be wrong."""
    has: Flags = deals.fault == fault
    match _NAMES[fault][1]:
        case "psa":
            has &= deals.has_contract if fault is Fault.PSA_MISSING else deals.has_project
        case "erp":
            has &= deals.has_project if fault is Fault.ERP_MISSING else deals.has_erp
        case "contracts" if fault is Fault.CONTRACT_AMOUNT:
            has &= deals.has_contract
    return has


def _strangers(count: int, times: int, one_in: int) -> Integers:
    return np.arange(count * times, count * times + count // one_in)


def _rows(numbers: Integers, fault: str, system: str, field: str) -> pl.DataFrame:
    return pl.select(
        key=deal_key(numbers), fault=pl.lit(fault), system=pl.lit(system), field=pl.lit(field)
    )
