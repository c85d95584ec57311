"""The state at a past instant is what was so then, however it is cut into parts."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.as_of import assess_as_of
from monitor.assessment import assess
from monitor.cycle import run_cycle
from monitor.sampling import sample, sweep
from monitor.sight import see
from monitor.store.database import open_database
from monitor.store.past import AsOf
from tests.cycle.small_firm import SmallFirm
from tests.databases import SQLite

DEALS = ("D1", "D2", "D3")

steps = st.lists(
    st.tuples(
        st.sampled_from(
            ["win", "staff", "reprice", "move", "cancel", "drop project", "wait", "again"]
        ),
        st.sampled_from(DEALS),
        st.sampled_from(DEALS),
    ),
    min_size=1,
    max_size=9,
)


def take(firm: SmallFirm, step: str, deal: str, other: str) -> None:
    match step:
        case "win":
            firm.win(deal)
        case "staff":
            firm.staff(deal)
        case "again":
            firm.staff(deal, native_id=f"q-{deal}")
        case "reprice" if f"p-{deal}" in firm.psa.rows:
            firm.staff(deal, "900.00")
        case "move" if f"p-{deal}" in firm.psa.rows:
            firm.psa.put(f"p-{deal}", other)
        case "cancel":
            firm.crm.rows.pop(f"o-{deal}", None)
        case "drop project":
            firm.psa.rows.pop(f"p-{deal}", None)


def look(firm: SmallFirm) -> None:
    for source in firm.estate.sources.values():
        sample(source, firm.database, firm.clock)
        if any(row for row in (firm.crm.rows, firm.psa.rows)):
            sweep(source, firm.database, firm.clock)


def found_now(firm: SmallFirm) -> set[str]:
    """What the rules find at present, by the way of the daemon."""
    now = firm.clock()
    sight = see(firm.estate, firm.database, now)
    every = range(1, 100)
    seen = assess(firm.estate.flows[0], every, (), firm.estate, sight, firm.database, now)
    return {repr(each) for each in seen.findings}


def found_at(firm: SmallFirm, at: datetime, known: datetime) -> set[str]:
    flow = firm.estate.flows[0]
    return texts(assess_as_of(flow, firm.estate, firm.database, AsOf(at, known)))


def texts(frames: Iterator[pl.DataFrame]) -> set[str]:
    from monitor.core.ports import Verdict

    return {repr(each) for frame in frames for each in Verdict(frame).findings}


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(history=steps)
def test_what_was_found_then_is_found_again(
    history: list[tuple[str, str, str]], sqlite: SQLite, tmp_path: Path
) -> None:
    with closing(open_database(sqlite.migrated(tmp_path))) as database:
        firm = SmallFirm(database)
        noted: list[tuple[datetime, set[str]]] = []
        look(firm)
        for step, deal, other in history:
            firm.later(minutes=10) if step != "wait" else firm.later(hours=5)
            take(firm, step, deal, other)
            look(firm)
            noted.append((firm.clock(), found_now(firm)))
            run_cycle(firm.estate, database, firm.clock)
        end = firm.clock()
        for at, found in noted:
            assert found_at(firm, at, end) == found
            assert found_at(firm, at, min(at + timedelta(minutes=45), end)) == found
