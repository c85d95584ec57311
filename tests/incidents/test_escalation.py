"""Who else is told of what nobody looks after, and when; no step is told twice or lost."""

from datetime import timedelta
from pathlib import Path

import pytest

from monitor.core.incidents import EventKind, IncidentState
from monitor.incidents.handling import acknowledge
from monitor.incidents.showing import show_incidents
from monitor.store.database import Database, open_database
from tests.databases import SQLite
from tests.engine.test_failpoints import Crash, Fragile
from tests.incidents.board import Post
from tests.incidents.team import break_deal, repair_deal, team_firm, tell, turn

CHAIN = {
    "steps": [
        {"after": "15m", "channels": ["pager"], "people": ["anna"]},
        {"after": "30m", "channels": ["lead"]},
    ]
}
ROUTE = {"channels": ["team"], "escalation": "on-call"}


def kinds(post: Post) -> list[EventKind]:
    return [event.kind for event in post.shown.history]


def test_what_nobody_acknowledges_reaches_further_channels_step_by_step(
    database: Database,
) -> None:
    firm, boards = team_firm(database, ROUTE, escalations={"on-call": CHAIN})
    break_deal(firm, "D1")
    turn(firm)
    tell(firm, minutes=14)
    assert boards["pager"].posts == []
    tell(firm, minutes=1)
    (paged,) = boards["pager"].posts
    assert paged.shown.escalated_to == (
        "Nobody has acknowledged it, so these are told too: pager, anna (on-call, step 1 of 2)."
    )
    assert boards["lead"].posts == []
    tell(firm, minutes=30)
    assert len(boards["lead"].posts) == 1
    for _ in range(5):
        tell(firm, hours=1)
    assert [len(board.posts) for board in boards.values()] == [1, 1, 1]
    assert kinds(boards["team"].posts[0]).count(EventKind.ESCALATED) == 2


def test_an_acknowledgement_stops_the_chain_and_its_lapse_goes_on_where_it_stood(
    database: Database,
) -> None:
    firm, boards = team_firm(database, ROUTE, escalations={"on-call": CHAIN})
    break_deal(firm, "D1")
    turn(firm)
    tell(firm, minutes=15)
    acknowledge(
        database, boards["team"].posts[0].shown.incident.id, "ben", timedelta(hours=2), firm.clock
    )
    tell(firm, minutes=1)
    tell(firm, minutes=118)
    assert boards["lead"].posts == []
    tell(firm, minutes=1)
    assert boards["team"].posts[0].shown.incident.state is IncidentState.OPEN
    tell(firm, minutes=29)
    assert boards["lead"].posts == []
    tell(firm, minutes=1)
    assert len(boards["lead"].posts) == 1
    assert len(boards["pager"].posts) == 1


def test_what_is_over_is_escalated_no_further(database: Database) -> None:
    firm, boards = team_firm(database, ROUTE, escalations={"on-call": CHAIN})
    break_deal(firm, "D1")
    turn(firm)
    repair_deal(firm, "D1")
    turn(firm, minutes=5)
    for _ in range(4):
        tell(firm, minutes=20)
    assert boards["pager"].posts == boards["lead"].posts == []


def test_a_step_may_wait_in_working_time(database: Database) -> None:
    chain = {"steps": [{"after": "2h", "calendar": "", "channels": ["pager"]}]}
    firm, boards = team_firm(database, ROUTE, escalations={"on-call": chain})
    break_deal(firm, "D1")
    turn(firm)  # at eight; the office of who holds it opens at nine
    tell(firm, hours=2, minutes=59)
    assert boards["pager"].posts == []
    tell(firm, minutes=1)
    assert len(boards["pager"].posts) == 1


def test_a_chain_begins_when_an_incident_becomes_urgent_enough_for_its_route(
    database: Database,
) -> None:
    route = {"channels": ["boss"], "severities": ["critical"], "escalation": "on-call"}
    firm, boards = team_firm(
        database,
        {"channels": ["team"]},
        route,
        urgency=[{"severity": "critical", "after": "1h", "calendar": "plain"}],
        escalations={"on-call": CHAIN},
    )
    break_deal(firm, "D1")
    turn(firm)
    tell(firm, minutes=30)
    assert boards["boss"].posts == boards["pager"].posts == []
    tell(firm, minutes=30)
    assert len(boards["boss"].posts) == 1
    tell(firm, minutes=15)
    assert len(boards["pager"].posts) == 1


def test_a_chain_that_left_the_landscape_is_forgotten(database: Database) -> None:
    firm, boards = team_firm(database, ROUTE, escalations={"on-call": CHAIN})
    break_deal(firm, "D1")
    turn(firm)
    bare = firm.estate.incidents.model_copy(update={"escalations": {}})
    object.__setattr__(firm.estate, "incidents", bare)
    tell(firm, hours=3)
    assert boards["pager"].posts == []


@pytest.mark.parametrize("durable", [False, True])
def test_a_crash_at_any_write_of_a_step_tells_it_once(
    sqlite: SQLite, tmp_path: Path, durable: bool
) -> None:
    crashes = 0
    for dies_at in range(14):
        (folder := tmp_path / str(dies_at)).mkdir()
        database = open_database(sqlite.migrated(folder))
        firm, boards = team_firm(database, ROUTE, escalations={"on-call": CHAIN})
        break_deal(firm, "D1")
        turn(firm)
        firm.later(minutes=15)
        fragile = Fragile(database, dies_at, durable=durable)
        try:
            show_incidents(firm.estate, fragile, firm.clock)  # type: ignore[arg-type]  # quacks
        except Crash:
            crashes += 1
        tell(firm, minutes=16)
        tell(firm)
        assert len(boards["pager"].posts) == 1
        assert kinds(boards["pager"].posts[0]).count(EventKind.ESCALATED) == 1
        assert boards["lead"].posts == []
        database.close()
    assert 3 <= crashes < 14
