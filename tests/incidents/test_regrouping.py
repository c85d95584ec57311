"""What was late before it was known why becomes part of the incident of its cause."""

from dataclasses import replace

from monitor.core.incidents import CauseKind, EventKind, IncidentState
from monitor.jobs import deliver_notices
from monitor.store.database import Database
from tests.correcting.firm import Firm
from tests.incidents.board import Board, Post


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
