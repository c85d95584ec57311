"""Outlays: what plans wrote to a firm's systems lately, or are about to, and the money at risk."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from monitor.core.corrections import CorrectionState, PlanState
from monitor.store.bulk import hold
from monitor.store.correction_tables import correction, plan


@dataclass(frozen=True, slots=True)
class Outlay:
    """One write: of which flow and deal, and the value at risk, where it is known."""

    flow: str
    transaction: str
    value_at_risk: Decimal | None
    currency: str


def hold_outlays(connection: Connection) -> None:
    """Nobody else begins with a plan until the transaction ends."""
    hold(connection, "outlays")


def outlays_since(connection: Connection, since: datetime, *, besides: str) -> list[Outlay]:
    """Every write that was intended since then, and those that plans being applied still hold.

    Args:
        connection: a transaction.
        since: from when on.
        besides: hash of a plan that does not count.
    """
    is_due = (plan.c.state == PlanState.APPLYING.value) & (
        correction.c.state == CorrectionState.PLANNED.value
    )
    query = (
        select(plan.c.hash, plan.c.flow, plan.c.document, correction.c.position)
        .join_from(correction, plan)
        .where(plan.c.hash != besides, correction.c.system != "")
        .where((correction.c.intended_at >= since) | is_due)
        .order_by(correction.c.id)
    )
    documents: dict[str, Any] = {}
    outlays = []
    for row in connection.execute(query):
        if row.hash not in documents:
            documents[row.hash] = msgspec.json.decode(row.document)["corrections"]
        said = documents[row.hash][row.position]
        at_risk = said["value_at_risk"]
        outlays.append(
            Outlay(
                row.flow,
                said["transaction"],
                None if at_risk is None else Decimal(at_risk),
                said["currency"],
            )
        )
    return outlays
