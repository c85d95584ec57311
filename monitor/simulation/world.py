"""Every system's tables, and the deals that run through them, generated from a seed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import TypeVar, cast

from monitor.core.clock import Clock
from monitor.core.model import StreamId
from monitor.simulation.chance import seeded
from monitor.simulation.deals import Deal, Terms, Write, agree_terms
from monitor.simulation.delivery import deliver, open_project
from monitor.simulation.rows import ROW_CLASSES, Account, Customer, Row
from monitor.simulation.sales import carry, sell, sign
from monitor.simulation.tables import Table, Version

R = TypeVar("R", bound=Row)

_SETTLED = timedelta(days=90)
"""A deal closed so long ago has nothing more to come, most of the time."""
_SHARE_WON, _SHARE_ABANDONED = 0.92, 0.3
_YEAR = timedelta(days=365)
_AHEAD = timedelta(days=15)
_WEEK = timedelta(days=7)
_MINUTE = timedelta(minutes=1)
_FIRST = ("Adler", "Brook", "Cedar", "Delta", "Ember", "Fjord", "Grove", "Harbour", "Iris", "Juno")
_SECOND = ("Logistics", "Foods", "Energy", "Studios", "Health", "Textiles", "Tools", "Media")
_FORMS = (("GmbH", "DE"), ("SAS", "FR"), ("Ltd", "GB"), ("BV", "NL"), ("AG", "CH"))


class World:
    """The firm's rows, read as of the clock's present.

    Attributes:
        tables: by stream.
        deals: by key, those included that have not happened yet.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.tables = {kind.stream: Table(self.now) for kind in ROW_CLASSES}
        self.deals: dict[str, Deal] = {}

    def now(self) -> datetime:
        """The present in whole milliseconds, which is as fine as any of the systems stamps."""
        now = self._clock()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)

    def rows(self, kind: type[R], deal: str) -> list[R]:
        """The deal's rows of one class as they are now, by id; deleted ones left out."""
        seen = self.tables[kind.stream].of_deal(deal)
        return [cast("R", version.row) for version in seen if not version.deleted]

    def get(self, stream: StreamId, row_id: str) -> Row | None:
        """One row as it is now; None where there is none or it was deleted."""
        version = self.tables[stream].get(row_id)
        return None if version is None or version.deleted else version.row

    def write(self, row: Row, at: datetime, visible_at: datetime | None = None) -> None:
        """Store a row stamped `at`, to be seen from `visible_at` on (at once by default)."""
        self.tables[row.stream].write(Version(row, at, visible_at or at))

    def remove(self, row: Row, at: datetime, visible_at: datetime | None = None) -> None:
        """Delete a row, likewise."""
        self.tables[row.stream].write(Version(row, at, visible_at or at, deleted=True))


def generate_clean(seed: int, deals: int, clock: Clock) -> World:
    """A firm in which nothing is wrong; the same arguments give the same rows.

    Most deals lie in the past year; some are under way, and some are going to happen within
    the next fortnight, should the clock get there.

    Args:
        seed: where chance comes from.
        deals: how many, lost ones included.
        clock: the firm's time.
    """
    world = World(clock)
    now = world.now()
    accounts = _write_accounts(world, max(3, deals // 4), now, seeded(seed, "accounts"))
    for number in range(deals):
        random = seeded(seed, "deal", number)
        terms = agree_terms(
            number,
            random.choice(accounts),
            _closing_time(now, random),
            won=random.random() < _SHARE_WON,
            random=random,
        )
        writes = _tell(terms, random)
        settled_at = max(write.at for write in writes)
        world.deals[terms.key] = Deal(terms.key, number, terms.won, settled_at)
        for write in writes:
            world.write(write.row, write.at)
    return world


def _closing_time(now: datetime, random: Random) -> datetime:
    """Long ago for most deals, recent or soon for some, about now for a few; to the minute."""
    earliest, latest = random.choices(
        ((now - _YEAR, now - _SETTLED), (now - _SETTLED, now + _AHEAD), (now - _WEEK, now + _WEEK)),
        weights=(85, 9, 6),
    )[0]
    return latest - timedelta(minutes=random.randrange((latest - earliest) // _MINUTE))


def _tell(terms: Terms, random: Random) -> list[Write]:
    """Everything that happens in a deal, in every system, past and future."""
    writes = list(sell(terms, random))
    if terms.won:
        contract = sign(terms, random)
        writes.append(Write(contract, terms.signed_at))
        writes += deliver(terms, contract.value, random)
        writes += carry(terms, random)
    elif random.random() < _SHARE_ABANDONED:
        writes.append(Write(open_project(terms, "Cancelled", random), terms.staffed_at))
    return writes


def _write_accounts(world: World, count: int, now: datetime, random: Random) -> Sequence[Account]:
    """The customers, in CRM and in ERP."""
    accounts = []
    for number in range(count):
        form, country = random.choice(_FORMS)
        created_at = now - 2 * _YEAR + timedelta(minutes=random.randrange(300_000))
        account = Account(
            id=f"001{number:06}",
            deal="",
            created_at=created_at,
            name=f"{random.choice(_FIRST)} {random.choice(_SECOND)} {form}",
            country=country,
            tax_number=f"{country}{random.randrange(10**8, 10**9)}",
        )
        customer = Customer(
            id=f"C{number:06}",
            deal="",
            created_at=created_at + timedelta(minutes=20),
            account_id=account.id,
            name=random.choice((account.name, account.name.upper())),
            country=country,
            tax_number=account.tax_number,
        )
        world.write(account, created_at)
        world.write(customer, customer.created_at)
        accounts.append(account)
    return accounts
