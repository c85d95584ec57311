"""A channel that is away, a daemon that dies, two daemons: nothing lost, nothing said twice."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.core.breaks import Severity
from monitor.core.errors import Permanent, Reason, Transient
from monitor.core.incidents import Cause, CauseKind
from monitor.incidents.showing import show_incidents
from monitor.jobs import deliver_notices
from monitor.store.database import Database, open_database
from monitor.store.tellings import count_behind
from tests.cycle.small_firm import SmallFirm
from tests.databases import SQLite
from tests.engine.test_failpoints import Crash, Fragile
from tests.incidents.board import Board, look, watched_firm


def away(times: int = 1) -> list[Transient]:
    return [Transient("no answer", reason=Reason.UNREACHABLE) for _ in range(times)]


def catch_up(firm: SmallFirm, hours: int = 6) -> None:
    for _ in range(hours * 6):
        firm.later(minutes=10)
        deliver_notices(firm.estate, firm.runtime)


def test_after_an_outage_the_channel_catches_up_without_a_flood(database: Database) -> None:
    firm, board = watched_firm(database, crowd=1000, storm={"messages": 5, "within": "10m"})
    board.failures = list(away(1000))
    for number in range(30):
        firm.win(f"D{number}")
        firm.staff(f"D{number}", amount="1.00")
        firm.later(minutes=2)
        look(firm)
        deliver_notices(firm.estate, firm.runtime)
    assert board.posts == []
    board.failures = []
    firm.later(minutes=10)
    for _ in range(3):
        deliver_notices(firm.estate, firm.runtime)
    assert len(board.posts) <= 7
    catch_up(firm)
    keys = [post.key for post in board.posts]
    assert len(keys) == len(set(keys))
    deals = {title.split(" for ")[1][:3] for title in board.titles() if " for D" in title}
    assert len({title for title in board.titles() if " for D" in title}) == 30
    assert deals
    with database.read() as connection:
        assert count_behind(connection) == 0


def test_what_came_and_went_meanwhile_is_no_news_unless_it_was_critical(
    database: Database,
) -> None:
    firm, board = watched_firm(database)
    firm.win("D1")
    firm.staff("D1", amount="900.00")
    look(firm)
    firm.staff("D1")
    firm.later(minutes=1)
    look(firm)
    deliver_notices(firm.estate, firm.runtime)
    assert board.posts == []


def test_a_critical_one_is_told_even_when_it_is_over(database: Database) -> None:
    firm, board = watched_firm(database, Severity.CRITICAL)
    firm.win("D1")
    firm.staff("D1", amount="900.00")
    look(firm)
    firm.staff("D1")
    firm.later(minutes=1)
    look(firm)
    deliver_notices(firm.estate, firm.runtime)
    (post,) = board.posts
    assert post.shown.title.startswith("Resolved: ")


@pytest.mark.parametrize("takes_first", [False, True])
def test_an_answer_that_is_lost_makes_no_second_message(
    database: Database, takes_first: bool
) -> None:
    firm, board = watched_firm(database)
    board.takes_first = takes_first
    board.failures = list(away(2))
    firm.win("D1")
    firm.staff("D1", amount="900.00")
    look(firm)
    deliver_notices(firm.estate, firm.runtime)
    catch_up(firm, hours=1)
    assert len(board.posts) == 1


@pytest.mark.parametrize("durable", [False, True])
def test_a_crash_at_any_write_leaves_one_message_in_the_end(
    sqlite: SQLite, tmp_path: Path, durable: bool
) -> None:
    crashes = 0
    for dies_at in range(20):
        (folder := tmp_path / str(dies_at)).mkdir()
        database = open_database(sqlite.migrated(folder))
        firm, board = watched_firm(database)
        firm.win("D1")
        firm.staff("D1", amount="900.00")
        look(firm)
        fragile = Fragile(database, dies_at, durable=durable)
        try:
            show_incidents(firm.estate, fragile, firm.clock)  # type: ignore[arg-type]  # quacks
        except Crash:
            crashes += 1
        firm.later(hours=1)
        catch_up(firm, hours=1)
        assert [post.key for post in board.posts] == ["tieout-incident-1"]
        with database.read() as connection:
            assert count_behind(connection) == 0
        database.close()
    assert 2 <= crashes < 20


def test_who_hears_the_same_again_later_hears_of_a_change_at_once(database: Database) -> None:
    firm, board = watched_firm(database)
    board.again = timedelta(minutes=10)
    firm.win("D1")
    firm.staff("D1", amount="900.00")
    look(firm)
    deliver_notices(firm.estate, firm.runtime)
    (post,) = board.posts
    firm.later(minutes=11)
    deliver_notices(firm.estate, firm.runtime)
    assert post.edits == 1
    firm.later(minutes=1)
    firm.staff("D1")
    look(firm)
    deliver_notices(firm.estate, firm.runtime)
    assert post.shown.title.startswith("Resolved: ")
    catch_up(firm, hours=1)
    assert post.edits == 2


def test_a_change_does_not_hurry_a_channel_that_rests(database: Database) -> None:
    firm, board = watched_firm(database)
    firm.win("D1")
    firm.staff("D1", amount="900.00")
    look(firm)
    deliver_notices(firm.estate, firm.runtime)
    asked = Transient("slow down", reason=Reason.THROTTLED, retry_after=300)
    board.failures = [asked]
    for amount in ("800.00", "700.00"):
        firm.later(minutes=1)
        firm.staff("D1", amount=amount)
        look(firm)
        deliver_notices(firm.estate, firm.runtime)
    assert "900" in board.posts[0].shown.title
    catch_up(firm, hours=1)
    assert "700" in board.posts[0].shown.title


def test_two_daemons_side_by_side_say_it_once(database: Database) -> None:
    firm, board = watched_firm(database, crowd=1000, storm={"messages": 100, "within": "10m"})
    for number in range(30):
        firm.win(f"D{number}")
        firm.staff(f"D{number}", amount="1.00")
    look(firm)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _: show_incidents(firm.estate, database, firm.clock), range(3)))
    catch_up(firm, hours=1)
    keys = [post.key for post in board.posts]
    assert len(keys) == len(set(keys)) == 30


def test_a_channel_that_left_the_landscape_holds_up_nobody(database: Database) -> None:
    firm, board = watched_firm(database)
    firm.win("D1")
    firm.staff("D1", amount="900.00")
    look(firm)
    object.__setattr__(firm.estate, "channels", {})
    deliver_notices(firm.estate, firm.runtime)
    assert board.posts == []
    with database.read() as connection:
        assert count_behind(connection) == 0
    assert isinstance(board, Board)


def test_the_others_hear_of_a_channel_that_does_not_get_through(database: Database) -> None:
    firm, broken = watched_firm(database)
    other = Board()
    firm.estate = replace(firm.estate, channels={"people": broken, "desk": other})
    broken.failures = list(away(1000))
    firm.win("D1")
    firm.staff("D1", amount="900.00")
    look(firm)
    deliver_notices(firm.estate, firm.runtime)
    assert other.posts == []
    catch_up(firm, hours=1)
    (post,) = other.posts
    assert post.shown.title.startswith("The channel people does not get through")
    assert post.shown.incident.cause == Cause(CauseKind.DELIVERY, "people")
    broken.failures = []
    catch_up(firm, hours=1)
    assert post.shown.title.startswith("Resolved: ")
    assert len(broken.posts) == 1


def test_a_channel_that_refuses_for_good_is_told_of_at_once(database: Database) -> None:
    firm, broken = watched_firm(database)
    other = Board()
    firm.estate = replace(firm.estate, channels={"people": broken, "desk": other})
    broken.failures = [Permanent("no such channel", reason=Reason.NOT_FOUND)]
    firm.win("D1")
    firm.staff("D1", amount="900.00")
    look(firm)
    for _ in range(2):
        deliver_notices(firm.estate, firm.runtime)
    assert [post.shown.incident.cause.kind for post in other.posts] == [CauseKind.DELIVERY]
