import sqlite3
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.core.model import Window
from tests.probes.sql.deals import (
    ALL,
    NOON,
    Source,
    ids,
    probe_of,
    records,
)


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
