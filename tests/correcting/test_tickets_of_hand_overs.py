"""What no write can repair ends as a ticket with everything that somebody needs.

Against desks of our own: this proves what our clients send, not what Jira or ServiceNow do with it.
"""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import pytest

from alerts import CHANNELS
from monitor.core.plugins import ChannelContext
from monitor.core.routes import RouteSettings
from monitor.jobs import deliver_notices
from monitor.store.database import Database
from tests.alerts.fake_desks import (
    JIRA_TOKEN,
    SERVICENOW_PASSWORD,
    FakeJira,
    FakeServiceNow,
    texts_of,
)
from tests.alerts.receiver import Receiver, running
from tests.correcting.small import CorrectedFirm

Desk = FakeJira | FakeServiceNow
NEEDED = (
    "its policy leaves it to a person",
    "psa project p-D2",
    "field amount",
    "deal D2",
    "It says 1.00; it should say 1,000.00",
    "Owner: delivery",
    "https://tieout.example/transactions/D2",
)


def open_jira() -> tuple[FakeJira, dict[str, Any]]:
    known = {"channel": "jira", "user": "t@firm.example", "token": JIRA_TOKEN, "project": "OPS"}
    return FakeJira(), {**known, "again": "Reopen"}


def open_servicenow() -> tuple[FakeServiceNow, dict[str, Any]]:
    known = {"channel": "servicenow", "user": "tieout", "password": SERVICENOW_PASSWORD}
    return FakeServiceNow(), known


def said_on(desk: Desk) -> str:
    """Everything that stands on the only ticket."""
    if isinstance(desk, FakeServiceNow):
        ((number, row),) = desk.rows.items()
        return "\n".join([*row.values(), *desk.notes[number]])
    ((key, fields),) = desk.issues.items()
    bodies = [fields["description"], *(each["body"] for each in desk.comments[key])]
    return "\n".join(map(texts_of, bodies))


@contextmanager
def told_through(firm: CorrectedFirm, desk: Desk, settings: dict[str, Any]) -> Iterator[None]:
    """The firm with the desk as its only channel."""
    kind = CHANNELS[str(settings["channel"])]
    with running(Receiver(desk.answer)) as receiver:
        whole = kind.settings.model_validate({**settings, "url": receiver.address})
        with closing(kind.build(whole, ChannelContext("desk", firm.clock))) as channel:
            firm.estate = replace(
                firm.estate,
                channels={"desk": channel},
                routes=(RouteSettings(channels=("desk",)),),
                address="https://tieout.example",
            )
            yield


def tell(firm: CorrectedFirm) -> None:
    for _ in range(2):
        firm.later(seconds=30)
        deliver_notices(firm.estate, firm.runtime)


@pytest.mark.parametrize("opened", [open_jira, open_servicenow])
def test_a_hand_over_is_one_ticket_with_all_that_is_needed_until_the_break_is_gone(
    opened: Callable[[], tuple[Desk, dict[str, Any]]], sqlite_database: Database
) -> None:
    desk, settings = opened()
    by_hand = {"budget": {"mode": "propose", "fix": "hand_over"}}
    firm = CorrectedFirm(sqlite_database, policies=by_hand, corrections={"tell": []})
    firm.win("D2")
    firm.staff("D2", amount="1.00")
    with told_through(firm, desk, settings):
        firm.look()
        tell(firm)
        firm.apply(firm.approved())
        tell(firm)
        said = said_on(desk)
        assert [each for each in NEEDED if each not in said] == []
        assert list(desk.standing().values()) == [False]
        firm.staff("D2")
        firm.look()
        tell(firm)
        assert firm.breaks() == []
        assert list(desk.standing().values()) == [True]
    assert firm.target.ledger == []
