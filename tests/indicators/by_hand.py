"""The simulated firm's indicators, worked out from its own books by somebody who knows the firm.

Shares no line with the indicators: it reads the firm's rows and the ledger of its faults, knows
the flow's rules by heart, and counts in plain Python.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from monitor.simulation import Entry, SimulatedFirm

Told = dict[tuple[str, str], Any]
"""By indicator and part."""

BERLIN = ZoneInfo("Europe/Berlin")
WON = {"Closed Won", "Won"}
LIVE = {"Planned", "Not Started", "Active", "In Progress", "Completed", "Closed"}
CARRIED = {"missing", "late", "dead_letter", "stuck"}
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


class Books:
    """The firm's books after some looks at it."""

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

    # The indicators.

    def told(self) -> Told:
        told: Told = {}
        for part in (
            self._times(),
            self._touchless(),
            self._shares(),
            self._recovery(),
            self._money(),
            self._saved(),
        ):
            told |= part
        return told

    def arrived(self) -> list[HandOff]:
        return [each for each in self.hand_offs if self.within(each.arrival)]

    def overdue(self) -> list[HandOff]:
        return [each for each in self.hand_offs if each.arrival is None and each.due <= self.now]

    def _times(self) -> Told:
        told: Told = {}
        for hop in (*ORDER, "change-order-planned", "change-order-booked"):
            pairs = [
                (each.start, each.arrival)
                for each in self.arrived()
                if each.hop == hop and each.arrival is not None and each.arrival >= each.start
            ]
            told["hand_off_time", hop] = _distribution(pairs)
        starts = {each.deal: each.start for each in self.hand_offs if each.hop == ORDER[0]}
        whole = [
            (starts[each.deal], each.arrival)
            for each in self.arrived()
            if each.hop == ORDER[-1] and each.deal in starts and each.arrival is not None
        ]
        told["set_up_time", ""] = _distribution(whole)
        return told

    def _touchless(self) -> Told:
        faulty = {
            (entry.deal, self.stream(entry), pair)
            for entry in self.faults
            if self.touches_period(entry)
            for pair in [entry.symptom.record_id if ":" in entry.symptom.record_id else ""]
        }
        told: Told = {}
        for hop in (*ORDER, "change-order-planned", "change-order-booked"):
            arrived = [each for each in self.arrived() if each.hop == hop]
            touched = [each for each in arrived if (each.deal, each.into, each.pair) in faulty]
            told["touchless", hop] = (len(arrived) - len(touched), len(arrived), 0)
        told["touchless", ""] = tuple(map(sum, zip(*told.values(), strict=True)))
        return told

    def _born(self, *streams: str) -> Iterator[tuple[str, str, str]]:
        """Deal, stream and id of rows that came to be in the period."""
        for stream in streams:
            for row in self.rows(stream):
                if self.within(row.created_at) and self._counts(row.deal):
                    yield row.deal, stream, row.id

    def _shares(self) -> Told:
        concluded = {each.deal for each in self.hand_offs if self.within(each.concluded(self.now))}
        overdue = {each.deal for each in self.overdue()}
        billing = ("erp.projects", "erp.change_orders", "erp.invoices")
        unique = ("erp.projects", "psa.projects")
        billed = {deal for deal, _, _ in self._born(*billing)} | {
            each.deal for each in self.overdue() if each.into in billing and self.within(each.due)
        }
        exceptions = {
            entry.deal
            for entry in self.faults
            if self.stream(entry) in billing and self.touches_period(entry)
        }
        told: Told = {
            ("visibility", ""): (len(concluded - overdue), len(concluded), 0),
            ("billing_exceptions", ""): (len(billed & exceptions), len(billed), 0),
        }
        copies = {
            (self.stream(entry), entry.symptom.record_id)
            for entry in self.faults
            if entry.symptom.break_kind.value == "duplicate"
            and self.touches_period(entry)
            and self.within(self.wrong_since(entry))
        }
        born = {(stream, row_id) for _, stream, row_id in self._born(*unique)} | copies
        told["duplicates", ""] = (len(copies), len(born), 0)
        for stream in unique:
            told["duplicates", stream] = (
                sum(1 for each in copies if each[0] == stream),
                sum(1 for each in born if each[0] == stream),
                0,
            )
        moved = concluded | {deal for deal, _, _ in self._born(*billing, *unique)}
        broken = {entry.deal for entry in self.faults if self.stands(entry)}
        waiting = {each.deal for each in self.hand_offs if not each.concluded(self.now)} | {
            row.deal
            for row in self.rows("middleware.messages")
            if row.status in ("pending", "processing")
        }
        matched = moved - broken - waiting
        told["match_rate", ""] = (len(matched), len(matched | (moved & broken)), 0)
        return told

    def _recovery(self) -> Told:
        took: dict[str, list[timedelta]] = defaultdict(list)
        for entry in self.faults:
            kind, ended = entry.symptom.break_kind.value, self.resolved(entry)
            if kind in CARRIED and ended is not None and self.within(ended):
                opened = self.opened(entry)
                assert opened is not None
                took[kind].append(ended - min(self.wrong_since(entry), opened))
        together = [each for times in took.values() for each in times]
        told: Told = {
            ("recovery_time", kind): (len(t), _ranks(t), None) for kind, t in took.items()
        }
        told["recovery_time", ""] = (len(together), _ranks(together), None)
        return told

    def _money(self) -> Told:
        standing = [entry for entry in self.faults if self.stands(entry)]
        told: Told = {("value_at_risk", ""): self._worth(standing)}
        for hop in {self.hop(entry) for entry in standing} - {""}:
            told["value_at_risk", hop] = self._worth(e for e in standing if self.hop(e) == hop)
        bounds = {
            "under_1d": (None, 1),
            "1d_to_3d": (1, 3),
            "3d_to_7d": (3, 7),
            "7d_to_30d": (7, 30),
            "30d_to_90d": (30, 90),
            "over_90d": (90, None),
        }
        for name, (low, high) in bounds.items():
            aged = [
                entry
                for entry in standing
                for age in [(self.now - self.wrong_since(entry)) / timedelta(days=1)]
                if (low is None or age >= low) and (high is None or age < high)
            ]
            told["ageing", name] = self._worth(aged)
        for hop in (*ORDER, "change-order-planned", "change-order-booked"):
            sums: dict[str, Decimal] = defaultdict(Decimal)
            late = [each for each in self.overdue() if each.hop == hop]
            for each in late:
                sums[each.currency] += each.amount
            told["revenue_delayed", hop] = (len(late), dict(sums), 0)
        return told

    def _worth(self, entries: Iterable[Entry]) -> tuple[int, dict[str, Decimal], int]:
        """How many, and the dearest of each deal."""
        entries = list(entries)
        dearest: dict[tuple[str, str], Decimal] = {}
        for entry in entries:
            currency, amount = self.at_risk(entry)
            dearest[entry.deal, currency] = max(
                amount, dearest.get((entry.deal, currency), Decimal(0))
            )
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for (_, currency), amount in dearest.items():
            sums[currency] += amount
        return len(entries), dict(sums), 0

    def _saved(self) -> Told:
        checks = sum(1 for each in self.hand_offs if self.within(each.concluded(self.now)))
        found = sum(1 for entry in self.faults if self.within(self.opened(entry)))
        time_saved = checks * timedelta(minutes=5) + found * timedelta(minutes=30)
        return {("time_saved", ""): (time_saved, checks, found)}


def _at(instant: Any) -> datetime:
    assert isinstance(instant, datetime)
    return instant


def _amount(row: Any) -> Decimal:
    for name in ("amount", "budget", "value", "total"):
        if hasattr(row, name):
            return Decimal(getattr(row, name))
    raise LookupError(row)


def _distribution(pairs: list[tuple[datetime, datetime]]) -> tuple[int, Any, Any]:
    plain = _ranks([end - start for start, end in pairs])
    return len(pairs), plain, _ranks([office_hours(start, end) for start, end in pairs])


def _ranks(times: list[timedelta]) -> tuple[timedelta, ...] | None:
    """Half, nine tenths and 99 hundredths took no longer; the longest."""
    if not times:
        return None
    ordered = sorted(times)
    return tuple(
        next(took for rank, took in enumerate(ordered, 1) if rank * 100 >= percent * len(ordered))
        for percent in (50, 90, 99, 100)
    )
