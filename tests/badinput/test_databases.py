"""What a database holds and Python does not."""

from pathlib import Path

import psycopg
from sqlalchemy import make_url

from monitor.core.model import RejectReason
from monitor.store.database import Database
from tests.badinput.firm import watched
from tests.badinput.sources import Sql
from tests.databases import PostgreSQL

TABLE = """
CREATE TABLE projects (id integer, deal text, budget numeric, status text, starts date);
INSERT INTO projects VALUES
    (1, 'D1', 11, 'active', '2026-01-05'),
    (2, 'D2', 10, 'active', '2026-01-05'),
    (3, 'D3', 'NaN', 'active', '2026-01-05'),
    (4, 'D4', 'Infinity', 'active', '2026-01-05'),
    (5, 'D5', 10, 'active', 'infinity'),
    (6, 'D6', 10, 'active', '20000-01-01'),
    (7, 'D7', 10, 'active', '0044-03-15 BC'),
    (8, NULL, 10, 'active', '2026-01-05'),
    (NULL, 'D9', 10, 'active', '2026-01-05')
"""


def test_postgresqls_far_dates_and_nan_cost_their_rows_alone(
    tmp_path: Path, sqlite_database: Database, postgresql: PostgreSQL
) -> None:
    with postgresql.empty() as url, psycopg.connect(_plain(url), autocommit=True) as connection:
        connection.execute(TABLE)
        source = Sql(tmp_path / "unused.db")
        with watched(source, tmp_path, sqlite_database, PSA_DATABASE=url) as firm:
            done = firm.look()
            assert [look for look in done.looks if look.failure] == []
            assert {each.reject.native_id: each.reject.reason for each in firm.set_aside()} == {
                "3": RejectReason.OUT_OF_RANGE,
                "4": RejectReason.OUT_OF_RANGE,
                "5": RejectReason.WRONG_TYPE,
                "6": RejectReason.WRONG_TYPE,
                "7": RejectReason.WRONG_TYPE,
                "8": RejectReason.NO_KEY,
                None: RejectReason.NO_ID,
            }
            assert firm.breaks() == {("D1", "mismatch", "amount")}
            connection.execute(
                "UPDATE projects SET starts = NULL, budget = 10 WHERE id BETWEEN 3 AND 7"
            )
            firm.look()
            assert {each.reject.native_id for each in firm.set_aside()} == {"8", None}


def _plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
