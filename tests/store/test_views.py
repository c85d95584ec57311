"""The views that people's own tools read, on both databases."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import inspect, text

from monitor.core.breaks import BreakKind
from monitor.store.database import Database
from monitor.store.settings import save_setting
from monitor.store.view_list import VIEWS
from monitor.store.views import Kind, View, drop_views
from tests.firm.watching import watched


def rows(database: Database, query: str) -> list[tuple[object, ...]]:
    with database.read() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_view_has_its_columns_in_their_order(database: Database, view: View) -> None:
    database.migrate()
    with database.read() as connection:
        found = connection.execute(text(f"SELECT * FROM {view.full_name}"))
        assert list(found.keys()) == [column.name for column in view.columns]


def test_what_is_wrong_and_where_deals_are_can_be_asked_in_sql(database: Database) -> None:
    database.migrate()
    with watched(database, seed=1, deals=40) as watch:
        watch.look()
        standing = rows(
            database, "SELECT transaction_key, kind, system FROM tieout_breaks WHERE stands"
        )
        assert set(standing) == {(deal, kind, system) for deal, kind, system, *_ in watch.found()}
        (late,) = rows(
            database,
            "SELECT b.value_at_risk, h.amount, h.has_arrived FROM tieout_breaks b"
            " JOIN tieout_hand_offs h ON h.transaction_key = b.transaction_key"
            " AND h.hand_off = b.hop AND h.flow = b.flow"
            f" WHERE b.kind = '{BreakKind.MISSING}' AND b.hop = 'contract-signed'",
        )
        assert late[0] == late[1]
        assert not late[2]
        (deals,) = rows(
            database,
            "SELECT count(*), count(DISTINCT t.transaction_key), min(t.amount)"
            " FROM tieout_transactions t"
            " JOIN tieout_records r ON r.transaction_key = t.transaction_key AND r.flow = t.flow"
            " WHERE r.stream = 'crm.opportunities'",
        )
        assert deals[0] == deals[1]
        history = rows(database, "SELECT DISTINCT kind, state_after FROM tieout_break_history")
        assert ("opened", "open") in history
        assert rows(database, "SELECT count(*) FROM tieout_streams") == [
            (len(watch.estate.sources),)
        ]


@pytest.mark.parametrize(
    "at",
    [
        datetime(2026, 3, 29, 1, 59, 59, 999_999, UTC),
        datetime(1969, 12, 31, 23, 59, 59, 1, UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
    ],
)
def test_instants_money_and_stretches_of_time_are_exact_enough(
    database: Database, at: datetime
) -> None:
    database.migrate()
    stamp = (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    with database.write() as connection:
        connection.execute(
            text(
                "INSERT INTO business_transaction (id, flow, key, status)"
                " VALUES (1, 'f', 'k', 'matched')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO measured_hand_off VALUES (1, 'hop', '', 'f', :at, :at, true,"
                " :later, 90000000, '1234567.89', 'EUR')"
            ),
            {"at": stamp, "later": stamp + 1_500_000},
        )
    ((started, taken, worked, amount),) = rows(
        database, "SELECT started_at, taken_seconds, worked_seconds, amount FROM tieout_hand_offs"
    )
    if isinstance(started, str):
        started = datetime.fromisoformat(started)
    assert isinstance(started, datetime)
    assert started.astimezone(UTC) == at
    assert (float(str(taken)), float(str(worked))) == (1.5, 90.0)
    assert Decimal(str(amount)) == Decimal("1234567.89")


def test_money_is_exact_where_the_database_has_exact_numbers() -> None:
    money = [column for view in VIEWS for column in view.columns if column.kind is Kind.MONEY]
    assert money
    assert all("NUMERIC" in view.statement("postgresql") for view in VIEWS if "amount" in str(view))


def test_a_view_that_reads_otherwise_is_made_anew(own_database: Database) -> None:
    own_database.migrate()
    with own_database.write() as connection:
        drop_views(connection)
        connection.execute(text("CREATE VIEW tieout_breaks AS SELECT 1 AS former"))
        save_setting(connection, "views", "of another version")
    own_database.migrate()
    with own_database.read() as connection:
        names = set(inspect(connection).get_view_names())
        assert names == {view.full_name for view in VIEWS}
        assert "former" not in connection.execute(text("SELECT * FROM tieout_breaks")).keys()  # noqa: SIM118 - a result has no other names


def test_views_make_way_for_a_migration_and_other_peoples_stay(own_database: Database) -> None:
    own_database.migrate()
    with own_database.write() as connection:
        connection.execute(text("CREATE VIEW their_own AS SELECT key FROM business_transaction"))
        drop_views(connection)
        assert inspect(connection).get_view_names() == ["their_own"]
