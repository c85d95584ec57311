"""Whatever happened on the way: in the end the store says what a fresh one says."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor import jobs
from monitor.core.transactions import TransactionStatus
from monitor.single_pass import pass_once
from monitor.store.database import Database, open_database
from tests.cycle.small_firm import SmallFirm
from tests.databases import SQLite
from tests.engine.standing import openings, standing, statuses

DEALS = st.sampled_from(["A", "B", "C"])
AMOUNTS = st.sampled_from(["1000.00", "7.00"])
PROJECTS = st.sampled_from(["p1", "p2"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("win"), DEALS, AMOUNTS),
        st.tuples(st.just("staff"), DEALS, AMOUNTS, PROJECTS),
        st.tuples(st.just("lose"), DEALS),
        st.tuples(st.just("drop"), PROJECTS),
        st.tuples(st.just("hide"), PROJECTS),
        st.tuples(st.just("show"), PROJECTS),
        st.tuples(st.just("down"), st.sampled_from(["crm", "psa"])),
        st.tuples(st.just("up"), st.sampled_from(["crm", "psa"])),
        st.tuples(st.just("wait"), st.sampled_from([1, 7, 60, 300])),
        st.tuples(st.just("sample"), st.sampled_from(["crm", "psa"])),
        st.tuples(st.just("sweep"), st.sampled_from(["crm", "psa"])),
        st.tuples(st.just("settle")),
        st.tuples(st.just("pass")),
    ),
    max_size=25,
)


@contextmanager
def fresh(sqlite: SQLite) -> Iterator[Database]:
    with TemporaryDirectory() as folder:
        database = open_database(sqlite.migrated(Path(folder)))
        yield database
        database.close()


def take(firm: SmallFirm, step: tuple[str, ...]) -> None:
    """One step of a history. While nobody can be asked, nothing opens."""
    before = openings(firm.database)
    kind, *about = step
    happens, is_done = _happenings(firm), _doings(firm)
    (happens | is_done)[kind](*about)
    if firm.crm.down and firm.psa.down:
        assert openings(firm.database) == before


def _happenings(firm: SmallFirm) -> dict[str, Callable[..., object]]:
    systems = {"crm": firm.crm, "psa": firm.psa}
    return {
        "win": firm.win,
        "staff": firm.staff,
        "lose": lambda deal: firm.crm.rows.pop(f"o-{deal}", None),
        "drop": lambda native_id: firm.psa.rows.pop(native_id, None),
        "hide": firm.psa.hidden.add,
        "show": firm.psa.hidden.discard,
        "down": lambda system: setattr(systems[system], "down", True),
        "up": lambda system: setattr(systems[system], "down", False),
        "wait": lambda minutes: firm.later(minutes=minutes),
    }


def _doings(firm: SmallFirm) -> dict[str, Callable[..., object]]:
    estate, runtime = firm.estate, firm.runtime
    streams = {stream.system: stream for stream in estate.sources}
    return {
        "sample": lambda system: jobs.sample_stream(estate, runtime, streams[system]),
        "sweep": lambda system: jobs.sweep_stream(estate, runtime, streams[system]),
        "settle": lambda: jobs.settle_cycle(estate, runtime),
        "pass": lambda: pass_once(estate, runtime),
    }


def come_to_rest(firm: SmallFirm) -> None:
    firm.psa.hidden.clear()
    firm.crm.down = firm.psa.down = False
    # Neither system is empty: of an empty one nothing is believed.
    firm.win("Z")
    firm.staff("Z", native_id="pz")
    for _ in range(3):
        firm.later(minutes=20)
        pass_once(firm.estate, firm.runtime)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_any_history_ends_where_a_fresh_look_does(
    sqlite: SQLite, steps: list[tuple[str, ...]]
) -> None:
    with fresh(sqlite) as database, fresh(sqlite) as blank:
        firm = SmallFirm(database)
        for step in steps:
            take(firm, step)
        come_to_rest(firm)
        other = SmallFirm(blank)
        other.crm.rows, other.psa.rows = firm.crm.rows, firm.psa.rows
        other.clock.advance(firm.clock() - other.clock())
        look_twice(other)
        assert standing(database) == standing(blank)
        present = {
            key: status
            for key, status in statuses(database).items()
            if status is not TransactionStatus.EMPTY
        }
        assert present == statuses(blank)


def look_twice(firm: SmallFirm) -> None:
    for _ in range(2):
        pass_once(firm.estate, firm.runtime)
        firm.later(minutes=1)
