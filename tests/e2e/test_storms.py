"""Ten thousand breaks in one cycle on PostgreSQL; on SQLite the suite itself does the same."""

from collections.abc import Iterator

import pytest

from monitor.core.incidents import CauseKind
from monitor.store.database import Database, open_database
from tests.databases import PostgreSQL
from tests.incidents.board import look
from tests.incidents.storms import CAP, break_deals, channel_of

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.fixture
def store(postgresql: PostgreSQL) -> Iterator[Database]:
    opened = open_database(postgresql.emptied())
    yield opened
    opened.close()


@pytest.mark.parametrize(("rules", "deals"), [(1, 10_000), (40, 250)])
def test_ten_thousand_breaks_are_the_cap_at_most_and_a_digest(
    store: Database, rules: int, deals: int
) -> None:
    with channel_of(store, rules=rules) as channel:
        break_deals(channel.firm, deals)
        look(channel.firm)
        channel.tell()
        assert channel.standing(CauseKind.RULE) == rules
        expected = [f"{deals} breaks of budget-{number} at PSA" for number in range(rules)]
        told = channel.titles()
        if rules <= CAP:
            assert told == expected
        else:
            assert told[-1] == f"{rules - CAP} more incidents"
            assert set(told[:-1]) < set(expected)
            assert len(told) == CAP + 1
