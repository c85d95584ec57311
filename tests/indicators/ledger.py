"""What the simulated firm's own books say, read row by row."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from monitor.simulation import Entry, SimulatedFirm

BERLIN = ZoneInfo("Europe/Berlin")
WON = {"Closed Won", "Won"}
LIVE = {"Planned", "Not Started", "Active", "In Progress", "Completed", "Closed"}
ORDER = ("contract-signed", "project-opened", "project-booked")


@dataclass
class HandOff:
    deal: str
    hop: str
    into: str
    pair: str
    start: datetime
    due: datetime
    arrival: datetime | None
    amount: Decimal
    currency: str

    def concluded(self, now: datetime) -> datetime | None:
        if self.arrival is not None:
            return self.arrival
        return self.due if self.due <= now else None


def office_hours(start: datetime, end: datetime) -> timedelta:
    """From nine to five in Berlin, Monday to Friday."""
    worked, day = timedelta(0), start.astimezone(BERLIN).date()
    while datetime.combine(day, time(0), BERLIN) < end:
        if day.weekday() < 5:
            opens, closes = shift(day)
            worked += max(min(end, closes) - max(start, opens), timedelta(0))
        day += timedelta(days=1)
    return worked


def shift(day: date) -> tuple[datetime, datetime]:
    opens = datetime.combine(day, time(9), BERLIN).astimezone(UTC)
    return opens, datetime.combine(day, time(17), BERLIN).astimezone(UTC)


def after_office_hours(start: datetime, hours: int) -> datetime:
    left, day = timedelta(hours=hours), start.astimezone(BERLIN).date()
    while True:
        if day.weekday() < 5:
            opens, closes = shift(day)
            begin = max(start, opens)
            if begin <= closes:
                if left <= closes - begin:
                    return begin + left
                left -= closes - begin
        day += timedelta(days=1)


class Ledger:
    """What had to be carried on, what came, and what was planted, after some looks at the firm."""

    def __init__(
        self,
        firm: SimulatedFirm,
        looks: list[datetime],
        since: datetime,
        until: datetime,
        only: set[str] | None = None,
    ) -> None:
        self.firm, self.looks, self.since, self.until = firm, looks, since, until
        self.now = looks[-1]
        self.only = only
        self.hand_offs = [each for each in self._all_hand_offs() if self._counts(each.deal)]
        self.faults = [
            entry
            for entry in firm.history()
            if self._counts(entry.deal) and self.opened(entry) is not None
        ]

    def _counts(self, deal: str) -> bool:
        return self.only is None or deal in self.only

    def rows(self, stream: str) -> list[Any]:
        for name, table in self.firm.world.tables.items():
            if str(name) == stream:
                return [seen.row for seen in table.ordered() if not seen.deleted]
        raise LookupError(stream)

    def version(self, stream: str, row_id: str) -> Any:
        for name, table in self.firm.world.tables.items():
            if str(name) == stream:
                return table.get(row_id)
        raise LookupError(stream)

    def by_deal(self, stream: str) -> dict[str, list[Any]]:
        found = defaultdict(list)
        for row in self.rows(stream):
            found[row.deal].append(row)
        return found

    # What had to be carried on, and what came.

    def _all_hand_offs(self) -> Iterator[HandOff]:
        self.deals = {row.deal: row for row in self.rows("crm.opportunities")}
        contracts = self.by_deal("contracts.contracts")
        projects, bookings = self.by_deal("psa.projects"), self.by_deal("erp.projects")
        won = [row for row in self.deals.values() if row.stage in WON and row.closed_at]
        for row in won:
            yield self._whole(row.deal, 0, row.closed_at, timedelta(days=7), contracts)
        for deal, signed in contracts.items():
            start = min(row.signed_at for row in signed)
            yield self._whole(deal, 1, start, timedelta(hours=4), projects)
        for deal, staffed in projects.items():
            starts = [row.created_at for row in staffed if row.status in LIVE]
            if starts:
                yield self._whole(deal, 2, min(starts), timedelta(hours=2), bookings)
        for hop, into in (("planned", "psa"), ("booked", "erp")):
            copies = {
                (row.deal, row.number.strip().upper()): row.created_at
                for row in self.rows(f"{into}.change_orders")
            }
            for row in self.rows("crm.change_orders"):
                yield HandOff(
                    row.deal,
                    f"change-order-{hop}",
                    f"{into}.change_orders",
                    f"change_order:{row.number}",
                    row.approved_at,
                    after_office_hours(row.approved_at, 8),
                    copies.get((row.deal, row.number)),
                    row.amount,
                    row.currency,
                )

    def _whole(
        self, deal: str, step: int, start: datetime, within: timedelta, into: dict[str, list[Any]]
    ) -> HandOff:
        targets = ("contracts.contracts", "psa.projects", "erp.projects")
        arrival = min((row.created_at for row in into.get(deal, [])), default=None)
        worth = self.deals.get(deal)
        amount, currency = (worth.amount, worth.currency) if worth else (Decimal(0), "")
        return HandOff(
            deal, ORDER[step], targets[step], "", start, start + within, arrival, amount, currency
        )

    # What became of the faults.

    def opened(self, entry: Entry) -> datetime | None:
        """The first look after it could be seen, unless it was repaired by then."""
        at = next((at for at in self.looks if at > entry.visible_at), None)
        is_gone = at is None or (entry.repaired_at is not None and at > entry.repaired_at)
        return None if is_gone else at

    def resolved(self, entry: Entry) -> datetime | None:
        if entry.repaired_at is None:
            return None
        return next((at for at in self.looks if at > entry.repaired_at), None)

    def stands(self, entry: Entry) -> bool:
        return self.resolved(entry) is None

    def stream(self, entry: Entry) -> str:
        return f"{entry.symptom.system}.{entry.symptom.stream}"

    def wrong_since(self, entry: Entry) -> datetime:
        symptom, stream = entry.symptom, self.stream(entry)
        match symptom.break_kind.value:
            case "missing" | "late":
                return next(
                    each.due
                    for each in self.hand_offs
                    if (each.deal, each.into) == (entry.deal, stream)
                    and symptom.record_id in ("", each.pair)
                )
            case "dead_letter":
                return _at(self.version(stream, symptom.record_id).row.attempted_at)
            case "stuck":
                sent_at = _at(self.version(stream, symptom.record_id).row.created_at)
                return sent_at + timedelta(seconds=30, hours=6)
            case "duplicate" | "orphan":
                return _at(self.version(stream, symptom.record_id).row.created_at)
        left = "contracts.contracts" if symptom.field == "start_at" else "crm.opportunities"
        (other,) = self.by_deal(left)[entry.deal]
        stamps = (self.version(left, other.id), self.version(stream, symptom.record_id))
        return max(_at(each.modified_at) for each in stamps)

    def at_risk(self, entry: Entry) -> tuple[str, Decimal]:
        kind, deal = entry.symptom.break_kind.value, self.deals.get(entry.deal)
        if kind in ("duplicate", "orphan"):
            row = self.version(self.stream(entry), entry.symptom.record_id).row
            return row.currency, _amount(row)
        assert deal is not None
        if entry.symptom.field == "amount":
            row = self.version(self.stream(entry), entry.symptom.record_id).row
            return deal.currency, abs(_amount(row) - deal.amount)
        return deal.currency, deal.amount

    def hop(self, entry: Entry) -> str:
        symptom, stream = entry.symptom, self.stream(entry)
        match symptom.break_kind.value:
            case "missing" | "late":
                return next(each.hop for each in self.hand_offs if each.into == stream)
            case "mismatch":
                left = "contracts.contracts" if symptom.field == "start_at" else "crm.opportunities"
                return f"{left} -> {stream}"
            case "orphan" | "contradiction":
                return f"crm.opportunities -> {stream}"
        return ""

    def within(self, at: datetime | None) -> bool:
        return at is not None and self.since <= at < self.until

    def touches_period(self, entry: Entry) -> bool:
        ended = self.resolved(entry)
        return ended is None or ended >= self.since


def _at(instant: Any) -> datetime:
    assert isinstance(instant, datetime)
    return instant


def _amount(row: Any) -> Decimal:
    for name in ("amount", "budget", "value", "total"):
        if hasattr(row, name):
            return Decimal(getattr(row, name))
    raise LookupError(row)
