"""Each system's API delivers what it has, once, and keeps its own manners."""

import http.client
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email.utils import parsedate_to_datetime
from itertools import pairwise
from typing import Any

import pytest

from monitor.simulation import FaultKind, SimulatedFirm, VirtualClock, generate
from monitor.simulation.access import FixedHeader
from monitor.simulation.dialects import DIALECTS
from monitor.simulation.disturbance import Troubles
from monitor.simulation.exchange import Request
from monitor.simulation.systems import SimulatedSystem
from tests.simulation.conftest import NEW_YEAR, StartFirm
from tests.simulation.reader import COLLECTIONS, ID_NAMES, Reader, Refused, Row

EVERY_COLLECTION = [(system, name) for system, names in COLLECTIONS.items() for name in names]
WINDOWS: dict[str, tuple[str, str, Callable[[Row], Any]]] = {
    "crm": ("updated_since", "updated_before", lambda row: row["updated_at"]),
    "cpq": ("modifiedFrom", "modifiedTo", lambda row: row["modifiedAt"]),
    "contracts": ("changed_from", "changed_before", lambda row: row["changed_at"]),
    "psa": ("since", "until", lambda row: row["meta"]["modified"]),
    "erp": ("modified_ge", "modified_lt", lambda row: row["modified"]),
    "middleware": ("from_ms", "to_ms", lambda row: row["modifiedMs"]),
}
FIRST = {name: names[0] for name, names in COLLECTIONS.items()}


@pytest.mark.parametrize(("system", "collection"), EVERY_COLLECTION)
def test_undisturbed_pages_bring_every_row_exactly_once(
    calm_firm: SimulatedFirm, system: str, collection: str
) -> None:
    reader = Reader(calm_firm)
    ids = [row[ID_NAMES.get(system, "id")] for row in reader.rows(system, collection)]
    assert len(ids) == len(set(ids))
    assert list(reader.by_id(system, f"{collection}/ids")) == ids
    visible = [
        version.row.id
        for stream, table in calm_firm.world.tables.items()
        if stream == (system, collection)
        for version in table.ordered()
        if DIALECTS[system].keeps_deleted or not version.deleted
    ]
    assert sorted(ids) == sorted(visible)
    assert len(ids) > 40 or collection in {"accounts", "customers", "change_orders"}


@pytest.mark.parametrize("system", COLLECTIONS)
def test_a_window_holds_its_first_stamp_and_not_its_last(
    calm_firm: SimulatedFirm, system: str
) -> None:
    reader = Reader(calm_firm)
    since, until, stamp = WINDOWS[system]
    rows = reader.by_id(system, FIRST[system])
    stamps = sorted(stamp(row) for row in rows.values())
    low, high = stamps[len(stamps) // 3], stamps[2 * len(stamps) // 3]
    within = reader.by_id(system, FIRST[system], **{since: low, until: high})
    assert within == {key: row for key, row in rows.items() if low <= stamp(row) < high}
    assert within


@pytest.mark.parametrize("system", COLLECTIONS)
def test_a_row_is_found_by_its_id_and_by_the_key_of_its_deal_however_typed(
    calm_firm: SimulatedFirm, system: str
) -> None:
    reader = Reader(calm_firm)
    collection = {"crm": "opportunities", "erp": "projects"}.get(system, FIRST[system])
    deal = next(deal for deal in calm_firm.world.deals.values() if deal.won)
    rows = reader.by_id(system, collection, deal=f" {deal.key.lower()}")
    assert rows
    assert all(deal.key[4:] in str(row).upper() for row in rows.values())
    for row_id, row in rows.items():
        assert reader.get(system, f"{collection}/{row_id}")[0] == row
    several = reader.by_id(system, collection, ids=",".join(rows))
    assert several == rows


def test_parts_of_a_project_are_found_by_the_project(calm_firm: SimulatedFirm) -> None:
    reader = Reader(calm_firm)
    project = reader.rows("psa", "milestones")[0]["links"]["project"]
    found = reader.rows("psa", "milestones", project=project)
    assert found
    assert {row["links"]["project"] for row in found} == {project}


@pytest.mark.parametrize("system", COLLECTIONS)
def test_nobody_gets_in_without_the_credential(calm_firm: SimulatedFirm, system: str) -> None:
    host = calm_firm.urls[system].removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=5)
    connection.request("GET", DIALECTS[system].prefix + FIRST[system])
    reply = connection.getresponse()
    reply.read()
    connection.close()
    assert reply.status == 401


@pytest.mark.parametrize("system", ["psa", "middleware"])
def test_tokens_expire_by_the_clock_of_the_firm(start_firm: StartFirm, system: str) -> None:
    firm = start_firm(deals=5)
    reader = Reader(firm)
    reader.rows(system, FIRST[system])
    firm.advance(timedelta(minutes=11))
    with pytest.raises(Refused) as refused:
        reader.rows(system, FIRST[system])
    assert refused.value.status == 401


@pytest.mark.parametrize("system", COLLECTIONS)
def test_an_unknown_parameter_or_collection_is_refused(
    calm_firm: SimulatedFirm, system: str
) -> None:
    reader = Reader(calm_firm)
    with pytest.raises(Refused, match="unknown parameter 'sinse'"):
        reader.get(system, FIRST[system], sinse="x")
    with pytest.raises(Refused, match="no such collection"):
        reader.get(system, "nothing")
    with pytest.raises(Refused, match="no such row"):
        reader.get(system, f"{FIRST[system]}/nothing")


def test_replies_carry_the_firms_time_compression_and_quota(start_firm: StartFirm) -> None:
    firm = start_firm()
    reader = Reader(firm)
    _, headers = reader.get("erp", "projects", top=40)
    assert parsedate_to_datetime(headers["Date"]) == NEW_YEAR
    assert headers["Content-Encoding"] == "gzip"
    left = int(headers["X-RateLimit-Remaining"])
    assert int(headers["X-RateLimit-Limit"]) > left
    _, headers = reader.get("erp", "projects", top=40)
    assert int(headers["X-RateLimit-Remaining"]) == left - 1
    firm.advance(timedelta(hours=1))
    _, headers = reader.get("erp", "projects", top=40)
    assert int(headers["X-RateLimit-Remaining"]) >= left


def test_deleted_rows_vanish_where_deletes_are_hard_and_are_flagged_where_soft(
    start_firm: StartFirm,
) -> None:
    firm = start_firm(deals=40, faults=0)
    reader = Reader(firm)
    before = reader.by_id("psa", "projects")
    lost = firm.plant(FaultKind.MISSING_PROJECT)
    key = {"deal": lost.deal}
    assert reader.rows("psa", "projects", **key) == []
    assert len(reader.by_id("psa", "projects")) == len(before) - 1
    assert [row["active"] for row in reader.rows("erp", "projects", **key)] == [False]


def test_lists_are_sorted_by_stamp_so_that_a_cursor_can_follow(calm_firm: SimulatedFirm) -> None:
    reader = Reader(calm_firm)
    stamps = [row["updated_at"] for row in reader.rows("crm", "opportunities")]
    assert all(earlier <= later for earlier, later in pairwise(stamps))


@pytest.mark.parametrize(
    ("system", "query"),
    [
        ("crm", {"limit": "none"}),
        ("crm", {"cursor": "%%%"}),
        ("crm", {"cursor": "MjAyNi0wMS0wMXww"}),
        ("crm", {"updated_since": "yesterday"}),
        ("contracts", {"changed_from": "2026-01-01T00:00:00"}),
        ("psa", {"page": "0"}),
        ("psa", {"page": "9" * 5000}),
        ("erp", {"after_id": "EP000001"}),
        ("middleware", {"from_ms": "1e9"}),
        ("middleware", {"from_ms": "9" * 30}),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused(
    calm_firm: SimulatedFirm, system: str, query: dict[str, str]
) -> None:
    with pytest.raises(Refused) as refused:
        Reader(calm_firm).get(system, FIRST[system], **query)
    assert refused.value.status == 400


def test_who_uses_up_the_quota_is_told_to_wait_until_the_hour_is_over() -> None:
    clock = VirtualClock(NEW_YEAR + timedelta(minutes=50))
    world = generate(1, 3, clock).world
    dialect = replace(DIALECTS["erp"], quota=2)
    erp = SimulatedSystem("erp", dialect, FixedHeader("Authorization", "open"), world, Troubles())
    request = Request("GET", "/v2/projects", {}, {"authorization": "open"}, b"", "http://erp")
    left = [erp(request).headers["X-RateLimit-Remaining"] for _ in range(2)]
    assert left == ["1", "0"]
    refused = erp(request)
    assert (refused.status, refused.headers["Retry-After"]) == (429, "601")
    clock.advance(timedelta(seconds=601))
    assert erp(request).status == 200
