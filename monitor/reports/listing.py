"""Deals found by key and by the status that is shown of them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitor.core.model import encode_value
from monitor.core.people import Limits
from monitor.core.transactions import TransactionStatus, shown_status
from monitor.estate import Estate
from monitor.sight import see
from monitor.store.database import Database
from monitor.store.trace import Place, Transaction, find_transactions


@dataclass(frozen=True, slots=True)
class Listed:
    """A deal in a list.

    Attributes:
        flow: the business process.
        key: business key of the deal.
        status: as shown: unknown where a needed source is blind.
        status_since: since when the stored status holds.
    """

    flow: str
    key: str
    status: TransactionStatus
    status_since: datetime | None

    @property
    def place(self) -> Place:
        """Where it stands in the order of lists."""
        return Place(self.flow, self.key)

    def as_json(self) -> dict[str, Any]:
        """For machines."""
        return {
            "flow": self.flow,
            "transaction": self.key,
            "status": self.status.value,
            "status_since": encode_value(self.status_since),
        }


def list_deals(
    estate: Estate,
    database: Database,
    now: datetime,
    *,
    text: str = "",
    status: TransactionStatus | None = None,
    limit: int,
    after: Place | None = None,
    limits: Limits | None = None,
) -> list[Listed]:
    """Deals of the landscape's flows, by flow and key.

    Args:
        estate: for flows and what they need.
        database: the store.
        now: the present.
        text: as in `monitor.store.trace.find_transactions`.
        status: only those that are shown with this status.
        limit: at most so many.
        after: only those that come after this place.
        limits: of whoever asks; None: they see every deal.

    Raises:
        Transient, Permanent: the store failed.
    """
    blind = see(estate, database, now).blind.keys()
    found: list[Listed] = []
    with database.read() as connection:
        for flow in estate.flows:
            is_blind = bool(flow.needs & blind)
            for stored in _stored_as(status, is_blind=is_blind):
                rows = find_transactions(
                    connection,
                    text=text,
                    flow=flow.name,
                    status=stored,
                    limit=limit,
                    after=after,
                    limits=limits,
                )
                found += [_listed(row, is_blind=is_blind) for row in rows]
    return sorted(found, key=lambda each: (each.flow, each.key))[:limit]


def _stored_as(
    shown: TransactionStatus | None, *, is_blind: bool
) -> list[TransactionStatus] | list[None]:
    """The stored statuses that are shown as this one."""
    if shown is None:
        return [None]
    return [each for each in TransactionStatus if shown_status(each, is_blind=is_blind) is shown]


def _listed(row: Transaction, *, is_blind: bool) -> Listed:
    shown = shown_status(row.status, is_blind=is_blind)
    return Listed(row.flow, row.key, shown, row.status_since)
