import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import Engine, create_engine, text

from monitor.core.entities import ENTITIES
from monitor.core.errors import Permanent, Reason, Transient
from monitor.core.model import Record, RejectReason, Window
from monitor.core.plugins import ProbeContext
from probes.sql import SqlProbe, SqlSystem, build
from tests.databases import PostgreSQL

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
ALL = Window(None, NOON + timedelta(days=3650))
STREAM: Mapping[str, Any] = {
    "table": "deals",
    "entity": "opportunity",
    "id": "id",
    "map": {"name": "name", "amount": "amount"},
    "defines": {"deal": "no"},
    "cursor": {"field": "changed"},
    "page_size": 2,
}


class Source:
    """A database with a table of deals, to write to behind the probe's back."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._engine: Engine = create_engine(url)

    def run(self, *statements: str, **values: Any) -> None:
        with self._engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement), values)

    def create(self, stamp: str, native_id: str = "INTEGER") -> None:
        self.run(
            f"CREATE TABLE deals (id {native_id}, no VARCHAR(40), name VARCHAR(80),"
            f" amount NUMERIC(20, 4), changed {stamp}, note VARCHAR(80))"
        )

    def add(self, native_id: object, changed: object, **columns: Any) -> None:
        row = {"id": native_id, "no": f"opp-{native_id}", "changed": changed, **columns}
        names = ", ".join(row)
        self.run(f"INSERT INTO deals ({names}) VALUES (:{', :'.join(row)})", **row)

    def close(self) -> None:
        self._engine.dispose()


@pytest.fixture(scope="module")
def server_url(postgresql: PostgreSQL) -> Iterator[str]:
    with postgresql.empty() as url:
        yield url


@pytest.fixture
def server(server_url: str) -> Iterator[Source]:
    """A PostgreSQL database without any table."""
    with closing(Source(server_url)) as opened:
        opened.run("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Source]:
    if request.param == "postgresql":
        yield request.getfixturevalue("server")
        return
    path = tmp_path / "source.db"
    path.touch()
    with closing(Source(f"sqlite:///{path}")) as opened:
        yield opened


def probe_of(source: Source | str, **changed: Any) -> SqlProbe:
    url = source if isinstance(source, str) else source.url
    stream = {name: value for name, value in {**STREAM, **changed}.items() if value is not None}
    system = SqlSystem.model_validate({"probe": "sql", "url": url, "streams": {"deals": stream}})
    return build(system, ProbeContext("crm", ENTITIES, lambda: NOON, lambda _: None))


def stamp_type(source: Source) -> str:
    return "TIMESTAMP WITH TIME ZONE" if "postgresql" in source.url else "TIMESTAMP"


def stamp(source: Source, instant: datetime) -> object:
    return instant if "postgresql" in source.url else f"{instant:%Y-%m-%d %H:%M:%S.%f}"


def records(probe: SqlProbe, window: Window = ALL) -> list[Record]:
    with closing(probe):
        return [record for page in probe.changes("deals", window) for record in page.records]


def ids(found: list[Record] | tuple[Record, ...]) -> list[str]:
    return [record.native_id for record in found]


@pytest.fixture
def deals(source: Source) -> Source:
    """Seven deals, changed an hour apart, the last three at the same instant."""
    source.create(stamp_type(source))
    for number in range(1, 8):
        changed = NOON + timedelta(hours=min(number, 5))
        source.add(number, stamp(source, changed), name=f"Deal {number}", amount="9644.1250")
    return source


def test_every_row_is_read_once_in_the_order_of_its_stamp(deals: Source) -> None:
    with closing(probe_of(deals)) as probe:
        pages = list(probe.changes("deals", ALL))
    assert [ids(page.records) for page in pages] == [["1", "2"], ["3", "4"], ["5", "6"], ["7"]]
    assert pages[0].records[0].fields == {"name": "Deal 1", "amount": Decimal("9644.125")}
    assert pages[0].records[0].modified_at == NOON + timedelta(hours=1)


def test_a_window_is_half_open(deals: Source) -> None:
    form = {"field": "changed", "format": "%Y-%m-%d %H:%M:%S.%f"}
    window = Window(NOON + timedelta(hours=2), NOON + timedelta(hours=4))
    assert ids(records(probe_of(deals, cursor=form), window)) == ["2", "3"]


def test_each_page_says_up_to_when_everything_was_read(source: Source) -> None:
    source.create("TIMESTAMP WITH TIME ZONE" if "postgresql" in source.url else "INTEGER")
    is_aware = "postgresql" in source.url
    for number in range(1, 4):
        instant = NOON + timedelta(hours=number)
        source.add(number, instant if is_aware else int(instant.timestamp()))
    cursor = {"field": "changed", "format": None if is_aware else "epoch"}
    with closing(probe_of(source, cursor=cursor)) as probe:
        positions = [page.position for page in probe.changes("deals", ALL)]
    assert positions == [NOON + timedelta(hours=2), NOON + timedelta(hours=3)]


def test_a_late_commit_with_an_older_stamp_is_found(deals: Source) -> None:
    deals.add(99, stamp(deals, NOON + timedelta(hours=4, minutes=55)))
    overlapping = Window(NOON + timedelta(hours=4, minutes=50), NOON + timedelta(hours=6))
    assert "99" in ids(records(probe_of(deals), overlapping))


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(1, 30)), unique_by=lambda row: row[1]),
    st.integers(1, 4),
    st.integers(0, 5),
    st.integers(0, 6),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
def test_no_row_of_a_window_is_lost_between_pages(
    tmp_path: Path, rows: list[tuple[int, int]], page_size: int, since: int, until: int
) -> None:
    path = tmp_path / "source.db"
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE deals (id INTEGER, no TEXT, changed INTEGER)")
        connection.executemany(
            "INSERT INTO deals (changed, id, no) VALUES (?, ?, 'x')",
            [(int((NOON + timedelta(hours=hour)).timestamp()), number) for hour, number in rows],
        )
        connection.commit()
    cursor = {"field": "changed", "format": "epoch"}
    probe = probe_of(f"sqlite:///{path}", cursor=cursor, page_size=page_size, map={})
    window = Window(NOON + timedelta(hours=since), NOON + timedelta(hours=until, seconds=-1))
    expected = [str(number) for hour, number in sorted(rows) if since <= hour < until]
    assert ids(records(probe, window)) == expected


def test_money_is_read_exactly_as_it_is_kept(source: Source) -> None:
    column = "NUMERIC(38, 6)" if "postgresql" in source.url else "TEXT"
    source.run(f"CREATE TABLE deals (id INTEGER, no TEXT, amount {column})")
    source.run("INSERT INTO deals VALUES (1, 'a', '1234567890123456789.123456')")
    (record,) = records(probe_of(source, cursor=None, map={"amount": "amount"}))
    assert record.fields["amount"] == Decimal("1234567890123456789.123456")


def test_a_row_without_id_or_stamp_is_set_aside(deals: Source) -> None:
    deals.add(8, None)
    deals.add(None, stamp(deals, NOON))
    with closing(probe_of(deals)) as probe:
        pages = list(probe.changes("deals", ALL))
    reasons = [reject.reason for page in pages for reject in page.rejects]
    assert sorted(reasons) == [RejectReason.NO_ID, RejectReason.NO_STAMP]
    assert sum(len(page.records) for page in pages) == 7


def test_records_are_fetched_by_id_and_absent_ones_are_absent(deals: Source) -> None:
    with closing(probe_of(deals)) as probe:
        page = probe.fetch("deals", ["3", "77", "5", "x", "'; DROP TABLE deals; --"])
        assert sorted(ids(page.records)) == ["3", "5"]
        assert len(records(probe)) == 7


def test_ids_come_back_as_they_are_in_the_source(source: Source) -> None:
    source.create(stamp_type(source), native_id="CHAR(6)")
    for native_id in ("A1    ", " B2   ", "007   "):
        source.add(native_id, stamp(source, NOON))
    with closing(probe_of(source)) as probe:
        listed = [native_id for some in probe.native_ids("deals") for native_id in some]
        assert sorted(ids(probe.fetch("deals", listed).records)) == sorted(listed)
        assert len(listed) == 3


def test_ids_of_every_kind_can_be_fetched(server: Source) -> None:
    kinds = {
        "UUID": "0188c3b0-0000-7000-8000-000000000001",
        "NUMERIC(10)": "17",
        "BIGINT": "9007199254740993",
        "DATE": "2026-01-02",
    }
    for kind, native_id in kinds.items():
        server.run("DROP TABLE IF EXISTS deals")
        server.create("TIMESTAMP WITH TIME ZONE", native_id=kind)
        server.run(f"INSERT INTO deals (id, no, changed) VALUES ('{native_id}', 'a', now())")
        for changed in ({}, {"table": None, "query": "SELECT * FROM deals"}):
            with closing(probe_of(server, **changed)) as probe:
                assert ids(probe.fetch("deals", [native_id]).records) == [native_id]


def test_records_are_found_by_key_however_it_is_spelled(deals: Source) -> None:
    deals.run(
        "UPDATE deals SET no = ' Opp-2 ' WHERE id = 2", "UPDATE deals SET no = 'ÉTÉ' WHERE id = 3"
    )
    with closing(probe_of(deals)) as probe:
        assert probe.capabilities("deals").lookup == {"deal"}
        page = probe.lookup("deals", "deal", ["OPP-1", "OPP-2", "ÉTÉ", "NONE", "' OR 1=1 --"])
    assert sorted(ids(page.records)) == ["1", "2", "3"]


@pytest.mark.parametrize(
    "key",
    [
        {"from": ["no", "name"]},
        {"from": "no", "strip_prefix": ["OPP-"]},
        {"from": "no", "rewrite": [{"pattern": "-"}]},
        {"from": "no", "split": ","},
        {"from": "no", "normalise": ["digits"]},
        {"from": "note.number"},
    ],
)
def test_a_key_that_the_database_cannot_find_is_not_promised(deals: Source, key: Any) -> None:
    with closing(probe_of(deals, defines={"deal": key})) as probe:
        assert probe.capabilities("deals").lookup == frozenset()
        with pytest.raises(Permanent, match="cannot be found"):
            probe.lookup("deals", "deal", ["1"])


def test_every_id_is_listed(deals: Source) -> None:
    with closing(probe_of(deals)) as probe:
        assert list(probe.native_ids("deals")) == [["1", "2"], ["3", "4"], ["5", "6"], ["7"]]


def test_a_query_is_read_like_a_table(deals: Source) -> None:
    query = "SELECT id, no, upper(name) AS title, amount, changed FROM deals WHERE id <> 4"
    probe = probe_of(deals, table=None, query=query, map={"name": "title", "amount": "amount"})
    found = records(probe, Window(NOON + timedelta(hours=2), NOON + timedelta(days=2)))
    assert {"2", "3", "5", "6", "7"} <= set(ids(found))
    assert "4" not in ids(found)
    assert found[-1].fields["name"] == "DEAL 7"


def test_a_query_may_use_the_window_itself(deals: Source) -> None:
    query = "SELECT * FROM deals WHERE changed >= :since AND changed < :until"
    window = Window(NOON + timedelta(hours=2), NOON + timedelta(hours=4))
    with closing(probe_of(deals, table=None, query=query)) as probe:
        assert ids(records(probe, window)) == ["2", "3"]
    with closing(probe_of(deals, table=None, query=query)) as probe:
        assert len(records(probe)) == 7
        assert ids(probe.fetch("deals", ["1"]).records) == ["1"]


def test_stamps_without_a_zone_are_local_and_no_hour_of_the_year_is_lost(
    server: Source,
) -> None:
    cursor = {"field": "changed", "zone": "Europe/Berlin"}
    server.create("TIMESTAMP")
    server.add(1, datetime(2026, 10, 25, 2, 10))  # noqa: DTZ001 - local, and said twice that night
    server.add(2, datetime(2026, 7, 1, 12, 0))  # noqa: DTZ001 - local
    summer = Window(datetime(2026, 7, 1, 10, tzinfo=UTC), datetime(2026, 7, 1, 10, 5, tzinfo=UTC))
    (record,) = records(probe_of(server, cursor=cursor), summer)
    assert (record.native_id, record.modified_at) == ("2", summer.since)
    for hour in (0, 1):
        begin = datetime(2026, 10, 25, hour, 5, tzinfo=UTC)
        window = Window(begin, begin + timedelta(minutes=10))
        assert ids(records(probe_of(server, cursor=cursor), window)) == ["1"]


@pytest.mark.parametrize(
    ("column", "value"),
    [("DATE", date(2026, 1, 2)), ("VARCHAR(40)", "2026-01-02T23:00:00+14:00")],
)
def test_stamps_coarser_or_freer_than_instants_lose_no_row(
    server: Source, column: str, value: object
) -> None:
    server.create(column)
    server.add(1, value)
    window = Window(datetime(2026, 1, 2, 8, tzinfo=UTC), datetime(2026, 1, 2, 10, tzinfo=UTC))
    assert ids(records(probe_of(server), window)) == ["1"]
    later = Window(datetime(2026, 1, 9, tzinfo=UTC), datetime(2026, 1, 10, tzinfo=UTC))
    assert ids(records(probe_of(server), later)) == []


def test_stamps_that_cannot_be_compared_are_refused(deals: Source) -> None:
    cursor = {"field": "no", "format": "%d.%m.%Y"}
    with pytest.raises(Permanent, match="cannot be compared") as caught:
        records(probe_of(deals, cursor=cursor))
    assert caught.value.reason is Reason.CONFIGURATION


def test_columns_of_json_are_read_by_path(source: Source) -> None:
    column = "JSONB" if "postgresql" in source.url else "JSON"
    source.run(f"CREATE TABLE deals (id INTEGER, no TEXT, data {column})")
    source.run(
        "INSERT INTO deals VALUES (1, 'a', :data)",
        data='{"total": {"value": 12345678901234567.89}}',
    )
    source.run("INSERT INTO deals VALUES (2, 'b', NULL)")
    found = records(probe_of(source, cursor=None, map={"amount": "data.total.value"}))
    assert [record.fields["amount"] for record in found] == [Decimal("12345678901234567.89"), None]


def test_names_with_odd_characters_are_quoted(source: Source) -> None:
    source.run('CREATE TABLE "Deal; list" ("Deal.No" INTEGER, "select" VARCHAR(9))')
    source.run("""INSERT INTO "Deal; list" VALUES (1, 'x')""")
    probe = probe_of(
        source, table="Deal; list", id="Deal.No", map={"name": "select"}, defines=None, cursor=None
    )
    assert records(probe)[0].fields["name"] == "x"


def test_an_unknown_table_or_column_is_named(deals: Source) -> None:
    with pytest.raises(Permanent) as missing:
        records(probe_of(deals, table="deal"))
    assert missing.value.reason is Reason.NOT_FOUND
    with pytest.raises(Permanent, match="has no column 'amuont'; did you mean 'amount'") as wrong:
        records(probe_of(deals, map={"amount": "amuont"}))
    assert wrong.value.reason is Reason.SCHEMA
    with pytest.raises(Permanent) as query:
        records(probe_of(deals, table=None, query="SELECT id FROM deals"))
    assert query.value.reason is Reason.SCHEMA


def test_nothing_can_be_written(deals: Source) -> None:
    query = "DELETE FROM deals RETURNING id, no, name, amount, changed"
    if "postgresql" in deals.url:
        deals.run("CREATE SEQUENCE numbers")
        query = "SELECT nextval('numbers') AS id, no, name, amount, changed FROM deals"
    with pytest.raises(Permanent):
        records(probe_of(deals, table=None, query=query))
    assert len(records(probe_of(deals))) == 7


def test_a_look_ends_with_its_time(deals: Source) -> None:
    endless = (
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000)"
        " SELECT max(i) AS id FROM n"
    )
    system = SqlSystem.model_validate(
        {
            "probe": "sql",
            "url": deals.url,
            "deadline": "PT0.3S",
            "streams": {"deals": {"query": endless, "entity": "opportunity", "id": "id"}},
        }
    )
    context = ProbeContext("crm", ENTITIES, lambda: NOON, lambda _: None)
    with closing(build(system, context)) as probe, pytest.raises(Transient) as caught:
        list(probe.changes("deals", ALL))
    assert caught.value.reason is Reason.DEADLINE


def test_a_file_that_is_not_there_is_no_empty_source(tmp_path: Path) -> None:
    with pytest.raises(Transient) as caught:
        records(probe_of(f"sqlite:///{tmp_path / 'none.db'}"))
    assert caught.value.reason is Reason.UNREACHABLE
    assert not (tmp_path / "none.db").exists()


def test_a_file_that_is_no_database_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "source.db").write_bytes(b"no database" * 1000)
    with pytest.raises(Permanent) as caught:
        records(probe_of(f"sqlite:///{tmp_path / 'source.db'}"))
    assert caught.value.reason is Reason.MALFORMED


def test_a_server_that_cannot_be_reached_is_said_so_without_its_secret() -> None:
    with pytest.raises(Transient) as caught:
        records(probe_of("postgresql+psycopg://u:canary@127.0.0.1:1/db"))
    assert caught.value.reason is Reason.UNREACHABLE
    assert "canary" not in f"{caught.value!r}"


@pytest.mark.parametrize(
    "url", ["canary", "nonsense://u:canary@h/d", "oracle+cx_oracle://u:canary@h/d"]
)
def test_a_url_that_cannot_be_used_is_refused_without_its_secret(url: str) -> None:
    with pytest.raises(Permanent) as caught:
        probe_of(url)
    assert caught.value.reason is Reason.CONFIGURATION
    assert "canary" not in f"{caught.value!r}{caught.value.__cause__}"


def test_the_source_time_is_the_servers(source: Source) -> None:
    with closing(probe_of(source)) as probe:
        present = probe.source_time()
    assert present == NOON or abs(present - datetime.now(UTC)) < timedelta(minutes=1)
    assert present.tzinfo is UTC


@pytest.mark.parametrize(
    "changed",
    [{"table": None}, {"query": "SELECT 1"}, {"tabel": "x"}, {"page_size": 0},
     {"table": None, "query": "SELECT :when"}, {"table": None, "query": "x", "schema": "s"}],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(changed: Mapping[str, Any]) -> None:
    with pytest.raises(ValidationError):
        probe_of("sqlite://", **changed)


def test_statements_count_against_the_budget(deals: Source) -> None:
    with closing(probe_of(deals)) as probe:
        list(probe.changes("deals", ALL))
        made = probe.calls_made()
    assert made >= 4
