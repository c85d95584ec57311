"""The breaks of the simulated firm, counted by hand over what its systems show."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from monitor.simulation import Entry
from tests.simulation.reader import Reader, Row

Seen = tuple[str, str, str, str, str]
"""Deal, kind of break, system, field, record id (or the key by which single rows are paired)."""

_WON, _LOST = {"Closed Won", "Won"}, {"Closed Lost", "Lost"}
_ACTIVE = {"Active", "In Progress"}


def expected(entry: Entry) -> Seen:
    symptom = entry.symptom
    return (entry.deal, symptom.break_kind, symptom.system, symptom.field, symptom.record_id)


def recount(reader: Reader, now: datetime) -> set[Seen]:
    """Every break that somebody who reads all systems and knows the rules would note."""
    return set(_Books(reader, now).breaks())


def _key(typed: str) -> str:
    bare = typed.strip().upper()
    return bare[4:] if bare.startswith("CRM:") else bare


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _epoch(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


class _Books:
    def __init__(self, reader: Reader, now: datetime) -> None:
        self.now = now
        crm = [row for row in reader.rows("crm", "opportunities") if not row["is_deleted"]]
        self.deals = {row["number"]: row for row in crm}
        self.crm_changes = [
            row for row in reader.rows("crm", "change_orders") if not row["is_deleted"]
        ]
        self.quotes = _by_key(reader.rows("cpq", "quotes"), lambda row: row["opportunity"])
        self.contracts = _by_key(
            [row for row in reader.rows("contracts", "contracts") if not row["archived"]],
            lambda row: row["opportunity_ref"],
        )
        self.projects = _by_key(
            reader.rows("psa", "projects"), lambda row: row["links"]["opportunity"]
        )
        self.bookings = _by_key(
            [row for row in reader.rows("erp", "projects") if row["active"]],
            lambda row: row["externalReference"],
        )
        self.invoices = [row for row in reader.rows("erp", "invoices") if row["active"]]
        self.psa_changes = {
            _key(row["attributes"]["number"]) for row in reader.rows("psa", "change_orders")
        }
        self.erp_changes = {
            _key(row["number"]) for row in reader.rows("erp", "change_orders") if row["active"]
        }
        self.messages = reader.rows("middleware", "messages")

    def breaks(self) -> Iterator[Seen]:
        for key, deal in self.deals.items():
            yield from self.hand_offs(key, deal)
            yield from self.values(key, deal)
            yield from self.doubles(key, deal)
        yield from self.orphans()
        yield from self.changes()
        yield from self.post()

    def hand_offs(self, key: str, deal: Row) -> Iterator[Seen]:
        steps = (
            ("contracts", [deal] if deal["stage"] in _WON else [], self.contracts[key], 168),
            ("psa", self.contracts[key], self.projects[key], 4),
            ("erp", self.projects[key], self.bookings[key], 2),
        )
        for system, before, after, hours in steps:
            if not before or _status(before[0]) in {"Cancelled", "On Hold"}:
                continue
            due = min(map(_started, before)) + timedelta(hours=hours)
            if not after and due <= self.now:
                yield (key, "missing", system, "", "")
            elif after and (first := min(after, key=_arrived)) and _arrived(first) > due:
                yield (key, "late", system, "", "")

    def values(self, key: str, deal: Row) -> Iterator[Seen]:
        if deal["stage"] not in _WON | _LOST:
            return
        accepted = [row for row in self.quotes[key] if row["status"] == "ACCEPTED"]
        for system, rows in (
            ("cpq", accepted),
            ("contracts", self.contracts[key]),
            ("psa", self.projects[key]),
            ("erp", self.bookings[key]),
        ):
            for row in rows:
                amount, currency = _money(row)
                if abs(amount - deal["amount"]) > Decimal("0.005"):
                    yield (key, "mismatch", system, "amount", _id(row))
                if currency != deal["currency"]:
                    yield (key, "mismatch", system, "currency", _id(row))
        yield from self.starts(key)

    def starts(self, key: str) -> Iterator[Seen]:
        for contract in self.contracts[key]:
            start = _instant(contract["effective_from"])
            for project in self.projects[key]:
                if _instant(project["attributes"]["start"]) != start:
                    yield (key, "mismatch", "psa", "start_at", _id(project))
            for booking in self.bookings[key]:
                if _instant(booking["start"]) != start:
                    yield (key, "mismatch", "erp", "start_at", _id(booking))

    def doubles(self, key: str, deal: Row) -> Iterator[Seen]:
        for system, rows in (("psa", self.projects[key]), ("erp", self.bookings[key])):
            for extra in sorted(rows, key=_arrived)[1:]:
                yield (key, "duplicate", system, "", _id(extra))
        for project in self.projects[key]:
            if deal["stage"] in _LOST and _status(project) in _ACTIVE:
                yield (key, "contradiction", "psa", "status", _id(project))

    def orphans(self) -> Iterator[Seen]:
        for row in self.invoices:
            if (key := _key(row["externalReference"])) not in self.deals:
                yield (key, "orphan", "erp", "", row["id"])
        for system, table in (("psa", self.projects), ("erp", self.bookings)):
            for key in table.keys() - self.deals.keys():
                for row in table[key]:
                    yield (key, "orphan", system, "", row["id"])

    def changes(self) -> Iterator[Seen]:
        for row in self.crm_changes:
            due = _instant(row["approved_at"]) + timedelta(days=1)
            for system, numbers in (("psa", self.psa_changes), ("erp", self.erp_changes)):
                if row["number"] not in numbers and due <= self.now:
                    pair = f"change_order:{row['number']}"
                    yield (_key(row["opportunity_number"]), "missing", system, "", pair)

    def post(self) -> Iterator[Seen]:
        for row in self.messages:
            age = self.now - _epoch(row["attemptedMs"])
            if row["status"] == "dead":
                yield (row["correlationId"], "dead_letter", "middleware", "", row["messageId"])
            elif row["status"] in {"pending", "processing"} and age > timedelta(hours=6):
                yield (row["correlationId"], "stuck", "middleware", "", row["messageId"])


def _by_key(rows: list[Row], typed: Callable[[Row], str]) -> defaultdict[str, list[Row]]:
    table: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        table[_key(typed(row))].append(row)
    return table


def _id(row: Row) -> str:
    return str(row.get("contract_number") or row.get("quoteId") or row["id"])


def _status(row: Row) -> str:
    return str(row.get("attributes", row).get("status", ""))


def _money(row: Row) -> tuple[Decimal, str]:
    if "grandTotal" in row:
        return Decimal(row["grandTotal"]), row["currencyCode"]
    if "value" in row:
        return Decimal(row["value"]["amount"]), row["value"]["currency"]
    facts = row.get("attributes", row)
    return Decimal(facts["budget"]), facts["currency"]


def _started(row: Row) -> datetime:
    return _instant(row.get("closed_at") or row.get("signed_at") or row["meta"]["created"])


def _arrived(row: Row) -> datetime:
    if "meta" in row:
        return _instant(row["meta"]["created"])
    return _instant(row.get("filed_at") or row["created"])
