"""What was late before it was known why becomes part of the incident of its cause."""

from dataclasses import replace
from datetime import timedelta

from monitor.core.incidents import CauseKind, EventKind, IncidentState
from monitor.incidents.handling import acknowledge
from monitor.jobs import deliver_notices
from monitor.store.database import Database
from tests.correcting.firm import Firm
from tests.incidents.board import Board, Post
from tests.incidents.team import break_deal, repair_deal, team_firm, turn


def watched(database: Database) -> tuple[Firm, Board]:
    firm, board = Firm(database), Board()
    firm.agree(3)
    firm.look()
    firm.estate = replace(firm.estate, channels={"people": board})
    return firm, board


def tell(firm: Firm, **later: float) -> None:
    firm.later(**later)
    firm.look()
    deliver_notices(firm.estate, firm.runtime)


def about(board: Board, kind: CauseKind) -> Post:
    (found,) = [post for post in board.posts if post.shown.incident.cause.kind is kind]
    return found


def state_of(post: Post) -> IncidentState:
    return post.shown.incident.state


def test_a_late_deal_whose_message_turns_out_to_be_dead_goes_on_in_the_queues_incident(
    database: Database,
) -> None:
    firm, board = watched(database)
    firm.win("OPP-9")
    tell(firm, hours=5)
    deal = about(board, CauseKind.DEAL)
    assert state_of(deal) is IncidentState.OPEN
    firm.fail_delivery("OPP-9")
    tell(firm, minutes=10)
    queue = about(board, CauseKind.QUEUE)
    assert state_of(queue) is IncidentState.OPEN
    assert queue.shown.standing == 2
    assert state_of(deal) is IncidentState.RESOLVED
    assert deal.thread[-1].kind is EventKind.MERGED
    assert f"incident {queue.shown.incident.id}" in deal.thread[-1].why
    assert len(board.posts) == 2


def test_a_deal_that_is_late_for_another_reason_stays_its_own_incident(
    database: Database,
) -> None:
    firm, board = watched(database)
    firm.win("OPP-8")
    firm.win("OPP-9")
    tell(firm, hours=5)
    firm.fail_delivery("OPP-9")
    tell(firm, minutes=10)
    states = {
        post.shown.incident.cause.about: post.shown.incident.state
        for post in board.posts
        if post.shown.incident.cause.kind is CauseKind.DEAL
    }
    assert states == {
        "sales OPP-8": IncidentState.OPEN,
        "sales OPP-9": IncidentState.RESOLVED,
    }


def test_what_stood_by_itself_goes_on_in_the_crowds_incident(database: Database) -> None:
    firm, boards = team_firm(database, {"channels": ["team"]}, crowd=3, crowd_within="10m")
    board = boards["team"]
    for deal in ("D1", "D2"):
        break_deal(firm, deal)
        turn(firm, minutes=2)
    lone = list(board.posts)
    assert [post.shown.incident.cause.kind for post in lone] == [CauseKind.DEAL, CauseKind.DEAL]
    break_deal(firm, "D3")
    turn(firm, minutes=2)
    crowd = about(board, CauseKind.RULE)
    assert (crowd.shown.standing, len(board.posts)) == (3, 3)
    for post in lone:
        assert post.shown.title.startswith(f"Part of incident {crowd.shown.incident.id}: ")
        assert post.thread[-1].kind is EventKind.MERGED
    for deal in ("D1", "D2", "D3"):
        repair_deal(firm, deal)
    turn(firm, minutes=2)
    assert state_of(crowd) is IncidentState.RESOLVED
    assert len(board.posts) == 3


def test_one_by_one_over_a_long_time_is_no_crowd(database: Database) -> None:
    firm, boards = team_firm(database, {"channels": ["team"]}, crowd=3, crowd_within="10m")
    for number in range(4):
        break_deal(firm, f"D{number}")
        turn(firm, minutes=6)
    kinds = {post.shown.incident.cause.kind for post in boards["team"].posts}
    assert (kinds, len(boards["team"].posts)) == ({CauseKind.DEAL}, 4)


def test_what_somebody_looks_after_stays_theirs(database: Database) -> None:
    firm, boards = team_firm(database, {"channels": ["team"]}, crowd=2)
    break_deal(firm, "D1")
    turn(firm)
    (own,) = boards["team"].posts
    acknowledge(database, own.shown.incident.id, "anna", timedelta(hours=4), firm.clock)
    for deal in ("D2", "D3"):
        break_deal(firm, deal)
    turn(firm, minutes=2)
    assert state_of(own) is IncidentState.ACKNOWLEDGED
    assert about(boards["team"], CauseKind.RULE).shown.standing == 2
