"""The simulated firm's indicators, worked out from its own books by somebody who knows the firm.

Shares no line with the indicators: it reads the firm's rows and the ledger of its faults, knows
the flow's rules by heart, and counts in plain Python.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from monitor.simulation import Entry
from tests.indicators.ledger import ORDER, HandOff, Ledger, office_hours

Told = dict[tuple[str, str], Any]
"""By indicator and part."""

CARRIED = {"missing", "late", "dead_letter", "stuck"}


class Books(Ledger):
    """The indicators, counted from the firm's books by the plainest means."""

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
