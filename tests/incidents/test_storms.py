"""Ten thousand breaks in one cycle, as people in Slack see them. Proves our side, not Slack's."""

import pytest

from monitor.core.incidents import CauseKind
from monitor.store.database import Database
from tests.incidents.board import look
from tests.incidents.storms import CAP, break_deals, channel_of


def test_ten_thousand_breaks_of_one_cause_are_one_message(sqlite_database: Database) -> None:
    with channel_of(sqlite_database) as channel:
        break_deals(channel.firm, 10_000)
        look(channel.firm)
        channel.tell()
        assert channel.standing(CauseKind.RULE) == 1
        assert channel.titles() == ["10000 breaks of budget-0 at PSA"]
        assert channel.slack.replies == []


def test_ten_thousand_breaks_of_forty_causes_are_the_cap_and_a_digest(
    sqlite_database: Database,
) -> None:
    with channel_of(sqlite_database, rules=40) as channel:
        break_deals(channel.firm, 250)
        look(channel.firm)
        channel.tell()
        assert channel.standing(CauseKind.RULE) == 40
        told = channel.titles()
        assert len(told) == CAP + 1
        assert told[-1] == "30 more incidents"
        assert len(set(told)) == CAP + 1
        for _ in range(4):
            channel.firm.later(minutes=11)
            channel.tell()
        told = channel.titles()
        assert sorted(told) == sorted(
            [f"250 breaks of budget-{number} at PSA" for number in range(40)]
            + ["Resolved: More incidents than usual"]
        )


@pytest.mark.parametrize("deals", [40])
def test_as_many_causes_as_breaks_are_the_cap_and_a_digest(database: Database, deals: int) -> None:
    with channel_of(database, crowd=10_000) as channel:
        break_deals(channel.firm, deals)
        look(channel.firm)
        channel.tell()
        assert channel.standing(CauseKind.DEAL) == deals
        assert len(channel.titles()) == CAP + 1
        assert channel.titles()[-1] == f"{deals - CAP} more incidents"
