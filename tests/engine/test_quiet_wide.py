"""What is passed over quietly, with rules of every kind, two flows and records of several deals."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from shutil import copy
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from monitor import cycle
from monitor.core.model import Value
from monitor.core.transactions import TransactionStatus
from monitor.quiet import Quiet, find_quiet
from monitor.simulation.clock import VirtualClock
from monitor.store.database import Database, open_database
from monitor.store.schema import business_transaction
from tests.databases import SQLite
from tests.engine.standing import standing, statuses
from tests.engine.test_quiet import LEFT, rows_left
from tests.engine.wide_firm import DEALS, RECORDS, START, WideFirm

SAID = (
    select(
        business_transaction.c.flow,
        business_transaction.c.key,
        business_transaction.c.status,
        business_transaction.c.status_since,
    ),
    *LEFT[1:],
)
"""All but when a transaction was looked at: a whole look takes in every deal that shares a record
with a changed one, a quiet one has no need to."""

Step = tuple[Any, ...]

NAMES = st.sampled_from([*DEALS, "AB", "new"])
STREAMS = st.sampled_from(list(RECORDS))
SAYINGS: Sequence[dict[str, Value]] = (
    {},
    {"owner": "another"},
    {"amount": Decimal(7)},
    {"status": "lost"},
    {"status": "dead"},
    {"status": "waiting"},
    {"region": "UK"},
    {"legal_entity": None},
    {"revision": 2},
    {"attempts": 9},
    {"flow": "news"},
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("say"), STREAMS, st.sampled_from(DEALS), st.sampled_from(SAYINGS)),
        st.tuples(st.just("move"), STREAMS, NAMES, st.sets(st.sampled_from(DEALS)).map(sorted)),
        st.tuples(st.just("lose"), STREAMS, NAMES),
        st.tuples(st.just("look"), st.sampled_from([0, 1, 30, 200])),
        st.tuples(st.just("blind"), STREAMS),
    ),
    min_size=1,
    max_size=8,
)


@pytest.fixture(scope="module")
def begun(sqlite: SQLite, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which every deal ties out."""
    folder = tmp_path_factory.mktemp("begun")
    database = open_database(sqlite.migrated(folder))
    WideFirm(database).begin()
    assert set(statuses(database).values()) == {TransactionStatus.MATCHED}
    database.close()
    return folder / "tieout.db"


@contextmanager
def copied(begun: Path) -> Iterator[WideFirm]:
    with TemporaryDirectory() as folder:
        database = open_database(f"sqlite:///{copy(begun, folder)}")
        yield WideFirm(database, clock=VirtualClock(START + timedelta(hours=1)))
        database.close()


def take(firm: WideFirm, steps: Sequence[Step]) -> None:
    doings: dict[str, Callable[..., object]] = {
        "say": lambda stream, name, said: firm.say(stream, name, (name,), **said),
        "move": firm.say,
        "lose": firm.lose,
        "look": firm.look,
        "blind": lambda stream: firm.look(hours=1, blind=stream),
    }
    for kind, *about in steps:
        doings[kind](*about)
    firm.look(hours=1)


@contextmanager
def whole_looks() -> Iterator[None]:
    """Nothing is passed over."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cycle, "find_quiet", lambda *_: Quiet())
        yield


@contextmanager
def noted() -> Iterator[set[str]]:
    """Which transactions are passed over."""
    passed_over: set[str] = set()

    def find(*about: Any) -> Quiet:
        quiet = find_quiet(*about)
        passed_over.update(quiet.transactions.values())
        return quiet

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cycle, "find_quiet", find)
        yield passed_over


@settings(max_examples=8)
@given(steps=STEPS)
def test_whole_looks_at_everything_leave_the_same_rows(begun: Path, steps: list[Step]) -> None:
    with copied(begun) as firm:
        take(firm, steps)
        passed_over = rows_left(firm.database, SAID)
    with copied(begun) as firm, whole_looks():
        take(firm, steps)
        assert rows_left(firm.database, SAID) == passed_over


@pytest.mark.parametrize("stream", list(RECORDS))
def test_what_no_rule_minds_is_passed_over_in_every_stream(begun: Path, stream: str) -> None:
    with copied(begun) as firm, noted() as passed_over:
        firm.say(stream, "A", ("A",), owner="another")
        firm.look()
        assert passed_over == {"A"}
        assert set(statuses(firm.database).values()) == {TransactionStatus.MATCHED}


def test_a_record_of_two_deals_is_passed_over_only_where_both_are_quiet(begun: Path) -> None:
    with copied(begun) as firm, noted() as passed_over:
        firm.say("bus.message", "AB", ("A", "B"), flow="gossip")
        firm.look()
        assert passed_over == {"A", "B"}
    with copied(begun) as firm, noted() as passed_over:
        firm.say("bus.message", "AB", ("A", "B"), flow="gossip")
        firm.say("psa.project", "A", ("A",), legal_entity="FR01")
        firm.look()
        assert passed_over == set()


HISTORY: Sequence[Step] = (
    *(("say", stream, "A", {"owner": "another"}) for stream in RECORDS),
    ("say", "contracts.contract", "B", {"amount": Decimal(7)}),
    ("move", "erp.billing_schedule", "C", ("C", "D")),
    ("lose", "psa.project", "D"),
    ("say", "psa.change_order", "C", {"revision": 2}),
    ("look", 30),
    ("say", "bus.message", "A", {"status": "dead"}),
    ("say", "contracts.contract", "B", {}),
    ("blind", "psa.project"),
    ("move", "erp.billing_schedule", "C", ("C",)),
    ("move", "psa.project", "D", ("D",)),
    ("look", 1),
    ("say", "bus.message", "A", {}),
    ("say", "bus.message", "C", {"attempts": 9}),
)  # fmt: skip


def test_every_database_leaves_the_same_rows_of_it(database: Database, begun: Path) -> None:
    firm = WideFirm(database)
    firm.begin()
    firm.clock.advance(START + timedelta(hours=1) - firm.clock())
    with noted() as passed_over:
        take(firm, HISTORY)
    assert "A" in passed_over
    assert {deal for deal, *_ in standing(database)} == {"C"}
    with copied(begun) as whole, whole_looks():
        take(whole, HISTORY)
        assert rows_left(whole.database, SAID) == rows_left(database, SAID)
