"""Planting faults in a running world, and undoing them, with the ledger kept exact."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import RLock

from monitor.core.clock import Clock
from monitor.core.errors import Permanent, Reason
from monitor.simulation.chance import seeded
from monitor.simulation.deals import FIRST_NUMBER, canonical_key
from monitor.simulation.faults import FAULTS, Fault
from monitor.simulation.ledger import Entry, FaultKind, Ledger
from monitor.simulation.plans import Plan
from monitor.simulation.rows import Row
from monitor.simulation.world import World, generate_clean

_AT_ONCE = timedelta()
_DRAWS = 50
_FOR_GOOD = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Undo:
    """What brings a planted fault's rows back."""

    write: tuple[Row, ...]
    remove: tuple[Row, ...]


class Planter:
    """Plants and repairs faults, one at a time in a deal, so that each break has one cause.

    Attributes:
        world: where the rows are.
        ledger: what was planted.
    """

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.ledger = Ledger()
        self._random = seeded(seed, "faults")
        self._undo: dict[str, _Undo] = {}
        self._keys = tuple(world.deals)
        self._busy_until: dict[str, datetime] = {}
        self._orphans: set[str] = set()
        self._lock = RLock()

    def plant(
        self,
        kind: FaultKind,
        deal: str | None = None,
        system: str | None = None,
        *,
        commit_after: timedelta = _AT_ONCE,
    ) -> Entry:
        """Make something go wrong now.

        Args:
            kind: what.
            deal: key of the deal, however typed; None takes any that suits.
            system: where, for a kind that several systems can have; None takes any.
            commit_after: the rows are stamped now and visible only so much later.

        Raises:
            Permanent: no deal suits, or the named one does not.
        """
        faults = [row for row in FAULTS if row.kind is kind and system in {None, row.system}]
        if not faults:
            raise Permanent(f"{kind} does not occur in {system}", reason=Reason.REFUSED)
        deal = None if deal is None else canonical_key(deal)
        with self._lock:
            now = self.world.now()
            self._random.shuffle(faults)
            for fault in faults:
                for key in self._candidates(fault, deal):
                    plan = fault.plan(self.world, key, self._random)
                    if plan is not None:
                        return self._carry_out(kind, key, plan, now, now + commit_after)
        raise Permanent(f"no deal suits {kind}", reason=Reason.NOT_FOUND)

    def repair(self, entry_id: str) -> Entry:
        """Undo a fault: its rows are written anew as they were before, stamped now.

        Raises:
            Permanent: no fault with this id stands.
        """
        with self._lock:
            now = self.world.now()
            try:
                entry = self.ledger.strike(entry_id, now)
            except KeyError as error:
                raise Permanent(f"{entry_id} does not stand", reason=Reason.NOT_FOUND) from error
            undo = self._undo.pop(entry_id)
            visible_at = max(now, entry.visible_at)
            self._busy_until[entry.deal] = visible_at
            for row in undo.write:
                self.world.write(row, now, visible_at)
            for row in undo.remove:
                self.world.remove(row, now, visible_at)
            return entry

    def plant_history(self, count: int) -> None:
        """Plant that many faults as if they had happened long ago, every kind in turn."""
        with self._lock:
            for index in range(count):
                fault = FAULTS[index % len(FAULTS)]
                for key in self._candidates(fault, None):
                    plan = fault.plan(self.world, key, self._random)
                    if plan is not None:
                        at = self._history_of(key)
                        self._carry_out(fault.kind, key, plan, at, at)
                        break

    def _history_of(self, key: str) -> datetime:
        deal = self.world.deals.get(key)
        if deal is not None:
            return deal.settled_at
        return self.world.now() - timedelta(minutes=self._random.randrange(5, 400_000))

    def _candidates(self, fault: Fault, deal: str | None) -> Iterator[str]:
        """Keys that may carry the fault, in an order by chance."""
        if fault.is_orphan:
            yield from self._unknown_keys(deal)
            return
        now = self.world.now()
        for key in self._shuffled() if deal is None else (deal,):
            if self._is_free(key, now):
                yield key

    def _is_free(self, key: str, now: datetime) -> bool:
        """Whether nothing more happens to the deal, and no fault in it stands or is under way."""
        deal = self.world.deals.get(key)
        if deal is None or not deal.won:
            return False
        return max(deal.settled_at, self._busy_until.get(key, deal.settled_at)) <= now

    def _shuffled(self) -> Iterator[str]:
        """Every deal; some draws first, because most often one of them will do."""
        if self._keys:
            yield from (self._random.choice(self._keys) for _ in range(_DRAWS))
        keys = list(self._keys)
        self._random.shuffle(keys)
        yield from keys

    def _unknown_keys(self, deal: str | None) -> Iterator[str]:
        """A key that no deal has, and no other orphan ever had."""
        beyond = FIRST_NUMBER + len(self._keys) + self._random.randrange(1_000_000)
        key = f"OPP-{beyond}" if deal is None else deal
        if key not in self.world.deals and key not in self._orphans:
            self._orphans.add(key)
            yield key

    def _carry_out(
        self, kind: FaultKind, deal: str, plan: Plan, at: datetime, visible_at: datetime
    ) -> Entry:
        before = [(row, self.world.get(row.stream, row.id)) for row in plan.write]
        undo = _Undo(
            write=(*(old for _, old in before if old is not None), *plan.remove),
            remove=tuple(new for new, old in before if old is None),
        )
        for row in plan.write:
            self.world.write(row, at, visible_at)
        for row in plan.remove:
            self.world.remove(row, at, visible_at)
        entry = self.ledger.enter(kind, deal, plan.symptom, at, visible_at)
        self._undo[entry.id] = undo
        self._busy_until[deal] = _FOR_GOOD
        return entry


def generate(seed: int, deals: int, clock: Clock, faults: int | None = None) -> Planter:
    """A firm with its history and the faults in it; the same arguments give the same firm.

    Args:
        seed: where chance comes from.
        deals: how many deals.
        clock: the firm's time.
        faults: how many to plant; None plants one in ten deals, every kind at least once where
            there are deals enough. Never more than suit.
    """
    planter = Planter(generate_clean(seed, deals, clock), seed)
    planter.plant_history(max(len(FAULTS), deals // 10) if faults is None else faults)
    return planter
