from contextlib import closing
from typing import Any

import pytest

from monitor.core.errors import Permanent
from tests.probes.sql.deals import NOON, Source, ids, probe_of, records, stamp, stamp_type


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
