from collections.abc import Mapping

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from monitor.core.model import KeyUse
from monitor.store import records
from monitor.store.database import Database
from monitor.store.neighbourhood import explore
from monitor.store.schema import record
from tests.store.building import OPPORTUNITIES, an_opportunity, at, defines, refers, relink

KINDS = ("deal", "project", "invoice")


def save(connection: Connection, keys: Mapping[str, tuple[KeyUse, ...]]) -> dict[str, int]:
    """Ids by native id of records with these keys."""
    page = [an_opportunity(native_id, *uses) for native_id, uses in keys.items()]
    records.save_page(connection, OPPORTUNITIES, page, at(0))
    return dict(connection.execute(select(record.c.native_id, record.c.id)).all())


def reached(connection: Connection, ids: dict[str, int], *start: str) -> set[str]:
    found = explore(connection, "sales", [ids[name] for name in start], [], KINDS)
    names = {number: name for name, number in ids.items()}
    assert set(found.uses["record"].to_list()) <= set(found.records)
    return {names[number] for number in found.records}


CHAIN = {
    "opportunity": (defines("A"), refers("X", "customer")),
    "project": (refers("A"), defines("P", "project")),
    "invoice": (refers("P", "project"), defines("I", "invoice")),
    "stranger": (defines("B"), refers("X", "customer")),
}


def test_a_chain_is_followed_both_ways_and_no_further(database: Database) -> None:
    with database.write() as connection:
        ids = save(connection, CHAIN)
        for start in ("opportunity", "project", "invoice"):
            assert reached(connection, ids, start) == {"opportunity", "project", "invoice"}
        assert reached(connection, ids, "stranger") == {"stranger"}
        assert reached(connection, ids) == set()


def test_key_uses_are_given_with_stream_role_kind_and_value(database: Database) -> None:
    with database.write() as connection:
        ids = save(connection, CHAIN)
        uses = explore(connection, "sales", [ids["stranger"]], [], KINDS).uses
    assert dict(uses.schema) == {
        "record": pl.Int64,
        "stream": pl.String,
        "role": pl.String,
        "kind": pl.String,
        "value": pl.String,
    }
    assert uses.rows() == [(ids["stranger"], "crm.opportunity", "defines", "deal", "B")]


def test_the_same_value_of_another_kind_is_another_key(database: Database) -> None:
    with database.write() as connection:
        ids = save(connection, {"1": (defines("A"),), "2": (defines("A", "project"),)})
        assert reached(connection, ids, "1") == {"1"}


def test_former_companions_are_reached_through_old_links(database: Database) -> None:
    with database.write() as connection:
        ids = save(connection, {"1": (defines("A"),), "2": (defines("B"),)})
        links = pl.DataFrame({"transaction": ["A", "A"], "record": list(ids.values())})
        relink(connection, "sales", links, list(ids.values()))
        assert reached(connection, ids, "1") == {"1", "2"}
        assert explore(connection, "hiring", [ids["1"]], [], KINDS).records == [ids["1"]]
        due = explore(connection, "sales", [], ["A"], KINDS)
        assert due.records == sorted(ids.values())


def test_deleted_records_still_say_where_they_belonged(database: Database) -> None:
    with database.write() as connection:
        ids = save(connection, CHAIN)
        records.mark_deleted(connection, OPPORTUNITIES, ["project"], at(1))
        assert reached(connection, ids, "invoice") == {"opportunity", "project", "invoice"}


USES = st.lists(
    st.builds(
        lambda role, kind, value: role(value, kind),
        st.sampled_from([defines, refers]),
        st.sampled_from([*KINDS, "customer"]),
        st.sampled_from("ABC"),
    ),
    min_size=1,
    max_size=3,
)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(uses=st.lists(USES, min_size=1, max_size=8))
def test_what_is_reached_is_the_connected_component(
    database: Database, uses: list[list[KeyUse]]
) -> None:
    keys = {str(number): tuple(each) for number, each in enumerate(uses)}
    wanted = {name: {use[1:] for use in each if use.kind in KINDS} for name, each in keys.items()}
    component, grown = {"0"}, True
    while grown:
        shared = set().union(*(wanted[name] for name in component))
        larger = component | {name for name, each in wanted.items() if each & shared}
        component, grown = larger, larger != component
    with database.write() as connection:
        ids = save(connection, keys)
        found = reached(connection, ids, "0")
        connection.rollback()
    assert found == component
