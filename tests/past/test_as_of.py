"""The state at a past instant is what was so then, however the store is cut into parts."""

from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.as_of import (
    PastBlindness,
    assess_as_of,
    open_shards,
    see_as_of,
)
from monitor.assessment import assess
from monitor.core.model import KeyRole, KeyUse, Reject, RejectReason
from monitor.core.ports import Verdict
from monitor.cycle import run_cycle
from monitor.preparation import prepare_flow
from monitor.sampling import sample, sweep
from monitor.sight import see
from monitor.store.database import Database, open_database
from monitor.store.past import AsOf
from tests.cycle.small_firm import OPPORTUNITY, PROJECT, START, SmallFirm
from tests.databases import SQLite

DEALS = ("D1", "D2", "D3")
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)

histories = st.lists(
    st.tuples(
        st.sampled_from(["win", "staff", "again", "both", "reprice", "move", "cancel", "drop"]),
        st.sampled_from(DEALS),
        st.sampled_from(DEALS),
        st.sampled_from([10 * MINUTE, 5 * HOUR]),
    ),
    min_size=1,
    max_size=6,
)


def take(firm: SmallFirm, step: str, deal: str, other: str) -> None:
    """Do something to a deal, as far as it can be done."""
    project = f"p-{deal}"
    match step:
        case "win":
            firm.win(deal)
        case "staff":
            firm.staff(deal)
        case "again":
            firm.staff(deal, native_id=f"q-{deal}")
        case "both":
            firm.staff(deal)
            keys = tuple(KeyUse(KeyRole.REFERS, "deal", each) for each in (deal, other))
            firm.psa.rows[project] = replace(firm.psa.rows[project], keys=keys)
        case "reprice" if project in firm.psa.rows:
            firm.staff(deal, "900.00")
        case "move" if project in firm.psa.rows:
            firm.psa.put(project, other)
        case "cancel":
            firm.crm.rows.pop(f"o-{deal}", None)
        case "drop":
            firm.psa.rows.pop(project, None)


def look(firm: SmallFirm) -> None:
    for source in firm.estate.sources.values():
        sample(source, firm.database, firm.clock)
        sweep(source, firm.database, firm.clock)


def found_now(firm: SmallFirm) -> Counter[str]:
    """What the rules find at present, by the way of the daemon."""
    now = firm.clock()
    sight = see(firm.estate, firm.database, now)
    every = range(1, 100)
    seen = assess(firm.estate.flows[0], every, (), firm.estate, sight, firm.database, now)
    return Counter(map(repr, seen.findings))


def found_at(firm: SmallFirm, at: datetime, known: datetime) -> Counter[str]:
    (flow,) = firm.estate.flows
    return texts(assess_as_of(flow, firm.estate, firm.database, AsOf(at, known)))


def found_in_parts(firm: SmallFirm, at: datetime, known: datetime) -> Counter[str]:
    """The same, one transaction or record after another."""
    sight = see_as_of(firm.estate, firm.database, AsOf(at, known))
    (flow,) = firm.estate.flows
    shards = open_shards(flow, firm.estate, firm.database, at, known, size=1)
    return texts(shard.findings(at, sight) for shard in shards)


def named(deal: str) -> str:
    return f"transaction='{deal}'"


def texts(frames: Iterable[pl.DataFrame]) -> Counter[str]:
    return Counter(repr(each) for frame in frames for each in Verdict(frame).findings)


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(history=histories, is_settled=st.booleans())
def test_what_was_found_then_is_found_again(
    history: list[tuple[str, str, str, timedelta]],
    is_settled: bool,
    sqlite: SQLite,
    tmp_path: Path,
) -> None:
    with closing(open_database(sqlite.migrated(tmp_path))) as database:
        firm = SmallFirm(database)
        # From here on the store's links are believed where nothing moved.
        prepare_flow(firm.estate.flows[0], database, firm.clock())
        noted: list[tuple[datetime, Counter[str]]] = []
        # A source that shows no record at all would be refused.
        firm.win("D0")
        firm.staff("D0")
        look(firm)
        for step, deal, other, passed in history:
            firm.later(seconds=passed.total_seconds())
            take(firm, step, deal, other)
            look(firm)
            noted.append((firm.clock(), found_now(firm)))
            if is_settled:
                run_cycle(firm.estate, database, firm.clock)
        end = firm.clock()
        for at, found in noted:
            assert found_at(firm, at, end) == found
            assert found_in_parts(firm, at, end) == found
        (flow,) = firm.estate.flows
        at, found = noted[len(noted) // 2]
        for deal in DEALS:
            of_deal = assess_as_of(flow, firm.estate, database, AsOf(at, end), {deal})
            wanted = Counter({each: count for each, count in found.items() if named(deal) in each})
            assert texts(of_deal) == wanted


@pytest.fixture
def firm(sqlite_database: Database) -> SmallFirm:
    """The firm on one database."""
    return late(sqlite_database)


def late(database: Database) -> SmallFirm:
    """D1 is won at 9:00 and staffed at 12:55, seen at 14:00; looks are 10 minutes apart."""
    firm = SmallFirm(database)
    while firm.clock() < START + 8 * HOUR:
        if firm.clock() == START + HOUR:
            firm.win("D1")
        if firm.clock() == START + 5 * HOUR:
            firm.psa.hidden.add("p-D1")
            firm.psa.put("p-D1", "D1", at=START + 5 * HOUR - 5 * MINUTE, status="active",
                         amount=firm.crm.rows["o-D1"].fields["amount"], currency="EUR",
                         created_at=START + 5 * HOUR - 5 * MINUTE)  # fmt: skip
        if firm.clock() == START + 6 * HOUR:
            firm.psa.hidden.clear()
            sweep(firm.estate.sources[PROJECT], firm.database, firm.clock)
        for source in firm.estate.sources.values():
            sample(source, firm.database, firm.clock)
        firm.later(minutes=10)
    return firm


def test_a_late_commit_belongs_to_its_own_time(database: Database) -> None:
    firm = late(database)
    at = START + 5 * HOUR + 30 * MINUTE
    assert found_at(firm, at, firm.clock()) == Counter()


def test_what_came_late_does_not_change_what_was_known(firm: SmallFirm) -> None:
    at = START + 5 * HOUR + 5 * MINUTE
    known = START + 5 * HOUR + 55 * MINUTE
    found = found_at(firm, at, known)
    assert ["'won-to-project'" in each for each in found] == [True]
    assert found_at(firm, at, firm.clock()) == Counter()
    for _ in range(3):
        firm.later(hours=1)
        firm.staff("D1", "1.00")
        look(firm)
        assert found_at(firm, at, known) == found


def test_a_record_that_is_stamped_anew_changes_no_past_answer(database: Database) -> None:
    firm = SmallFirm(database)
    look(firm)
    firm.win("D1")
    firm.staff("D1", "2.00")
    firm.later(minutes=10)
    look(firm)
    instants = (START, START + 5 * MINUTE, firm.clock())
    answers = [[found_at(firm, at, firm.clock()) for at in instants]]
    for _ in range(2):
        firm.later(minutes=10)
        firm.crm.put("o-D1", "D1")
        firm.psa.put("p-D1", "D1")
        look(firm)
        run_cycle(firm.estate, firm.database, firm.clock)
        answers.append([found_at(firm, at, firm.clock()) for at in instants])
    assert answers[0] == answers[1] == answers[2]
    assert [sum(found.values()) for found in answers[0]] == [1, 1, 1]


def test_nothing_of_later_shows_in_a_past_state(firm: SmallFirm) -> None:
    at = START + 2 * HOUR
    firm.win("D1")
    look(firm)
    (flow,) = firm.estate.flows
    sight = see_as_of(firm.estate, firm.database, AsOf(at, firm.clock()))
    for shard in open_shards(flow, firm.estate, firm.database, at, firm.clock()):
        frame = shard.scope(at, sight).frames[OPPORTUNITY]
        assert frame["_modified_at"].to_list() == frame["_observed_at"].to_list() == [START + HOUR]


def test_a_row_that_could_not_be_read_leaves_its_deal_unknown(database: Database) -> None:
    firm = SmallFirm(database)
    look(firm)
    firm.win("D1")
    firm.win("D2")
    firm.win("D3")
    firm.staff("D3", "2.00")
    firm.psa.rejects = (
        Reject("p-1", RejectReason.WRONG_TYPE, "no number", '{"id": "p-1", "deal": "d1"}'),
        Reject("p-D3", RejectReason.WRONG_TYPE, "no number", '{"id": "p-D3"}'),
    )
    firm.psa.hidden.add("p-D3")
    while firm.clock() < START + 6 * HOUR:
        look(firm)
        firm.later(minutes=10)
        if firm.clock() == START + 10 * MINUTE:
            firm.psa.hidden.clear()
    before, end = START + 5 * HOUR, firm.clock()
    assert {deal for deal in DEALS if named(deal) in str(found_at(firm, before, end))} == {"D2"}
    firm.psa.rejects = ()
    firm.psa.put("p-1", "D1", status="active", created_at=firm.clock())
    look(firm)
    assert {deal for deal in DEALS if named(deal) in str(found_at(firm, before, end))} == {"D2"}


def test_what_was_not_looked_at_is_blind(firm: SmallFirm) -> None:
    end = firm.clock()
    firm.later(hours=3)
    look(firm)
    seen = {
        at: see_as_of(firm.estate, firm.database, AsOf(at, firm.clock()))
        for at in (START - HOUR, START, end + HOUR, firm.clock())
    }
    assert [each.blind.get(PROJECT) for each in seen.values()] == [
        PastBlindness.BEFORE_FIRST_LOOK,
        None,
        PastBlindness.NOT_LOOKED_THEN,
        None,
    ]
    assert all(until == at for at, each in seen.items() for until in each.looked_until.values())
    blind = seen[end + HOUR]
    assert blind.rules(firm.estate.flows[0]) == ()
    assert found_at(firm, end + HOUR, firm.clock()) == Counter()


def test_a_stream_never_looked_at_is_blind(database: Database) -> None:
    firm = SmallFirm(database)
    sample(firm.estate.sources[PROJECT], database, firm.clock)
    sight = see_as_of(firm.estate, database, AsOf(firm.clock(), firm.clock()))
    assert sight.blind == {OPPORTUNITY: PastBlindness.NEVER_LOOKED}
    assert [rule.name for rule in sight.rules(firm.estate.flows[0])] == ["twice"]


def test_what_lies_ahead_is_refused(database: Database) -> None:
    firm = SmallFirm(database)
    with pytest.raises(ValueError, match="ahead"):
        see_as_of(firm.estate, database, AsOf(START + HOUR, START))
