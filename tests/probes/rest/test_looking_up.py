from typing import Any

import pytest
from pydantic import ValidationError

from monitor.core.errors import Permanent, Reason, TieoutError
from tests.probes.rest.scene import Probes, described, item
from tests.servers import Reply, ScriptedServer

BY_ID = {"fetch": {"path": "/rows/{id}"}}


@pytest.mark.parametrize("status", [404, 410])
def test_a_record_that_is_gone_is_absent(
    server: ScriptedServer, probes: Probes, status: int
) -> None:
    server.scripts["/rows/1"] = Reply(item(1))
    server.scripts["/rows/2"] = Reply({"error": "gone"}, status=status)
    page = probes.open(BY_ID).fetch("project", ["1", "2"])
    assert [record.native_id for record in page.records] == ["1"]


@pytest.mark.parametrize("status", [400, 403, 500])
def test_a_record_that_cannot_be_read_is_not_absent(
    server: ScriptedServer, probes: Probes, status: int
) -> None:
    server.scripts["/rows/1"] = Reply({}, status=status)
    with pytest.raises(TieoutError):
        probes.open(BY_ID).fetch("project", ["1"])


@pytest.mark.parametrize("answer", [item(2), {"name": "no id"}, {"id": None}])
def test_another_record_than_asked_for_says_nothing_about_that(
    server: ScriptedServer, probes: Probes, answer: Any
) -> None:
    server.scripts["/rows/1"] = Reply(answer)
    with pytest.raises(Permanent) as caught:
        probes.open(BY_ID).fetch("project", ["1"])
    assert caught.value.reason is Reason.SCHEMA


def test_a_list_that_is_gone_is_not_a_list_of_absent_records(
    server: ScriptedServer, probes: Probes
) -> None:
    batch = {"fetch": {"path": "/gone", "param": "ids", "batch": 50, "select": "items"}}
    with pytest.raises(Permanent) as caught:
        probes.open(batch).fetch("project", ["1", "2"])
    assert caught.value.reason is Reason.NOT_FOUND


def test_a_filter_that_is_ignored_is_seen(server: ScriptedServer, probes: Probes) -> None:
    server.scripts["/rows"] = Reply({"items": [item(1), item(2), item(3)]})
    batch = {"fetch": {"path": "/rows", "param": "ids", "batch": 50, "select": "items"}}
    with pytest.raises(Permanent) as caught:
        probes.open(batch).fetch("project", ["1", "9"])
    assert caught.value.reason is Reason.SCHEMA


def test_lookup_brings_only_what_carries_the_key(server: ScriptedServer, probes: Probes) -> None:
    server.scripts["/rows"] = Reply({"items": [item(1), item(10), item(1, deal=" OPP-1 ")]})
    lookup = {"lookup": {"deal": {"path": "/rows", "param": "deal", "select": "items"}}}
    page = probes.open(lookup).lookup("project", "deal", ["OPP-1"])
    assert [record.native_id for record in page.records] == ["1", "1"]


@pytest.mark.parametrize(
    "rows",
    [
        [{"id": 1}, {}],
        [{"id": 1}, {"id": True}],
        [{"id": " "}],
        [{"id": {"a": 1}}],
        [{"id": "a\0b"}],
        [1],
    ],
)
def test_a_list_of_ids_with_a_hole_is_not_complete(
    server: ScriptedServer, probes: Probes, rows: list[Any]
) -> None:
    server.scripts["/ids"] = Reply({"items": rows})
    probe = probes.open({"ids": {"path": "/ids", "select": "items"}})
    with pytest.raises(Permanent) as caught:
        list(probe.native_ids("project"))
    assert caught.value.reason is Reason.SCHEMA


def test_bare_ids_are_listed(server: ScriptedServer, probes: Probes) -> None:
    server.scripts["/ids"] = Reply(["a", 2])
    probe = probes.open({"ids": {"path": "/ids", "id": "$"}})
    assert list(probe.native_ids("project")) == [["a", "2"]]


def test_a_sweep_without_a_list_of_ids_is_refused() -> None:
    with pytest.raises(ValidationError, match="need 'ids'"):
        described({"cursor": {"field": "at"}, "deletes": {"kind": "sweep"}})


def test_a_lookup_by_a_key_that_the_stream_lacks_is_refused() -> None:
    with pytest.raises(ValidationError, match="invoice"):
        described({"lookup": {"invoice": {"path": "/rows", "param": "i"}}})
