"""Troubles come as scheduled, and whoever tries again gets everything all the same."""

import http.client
import json
from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.simulation import Disturbance, FaultKind, SimulatedFirm, Trouble
from tests.simulation.conftest import NEW_YEAR, StartFirm
from tests.simulation.reader import COLLECTIONS, Reader, Refused

Everything = dict[tuple[str, str], object]


def read_everything(firm: SimulatedFirm) -> Everything:
    reader = Reader(firm)
    return {
        (system, name): reader.by_id(system, name)
        for system, names in COLLECTIONS.items()
        for name in names
    }


def raw_reply(firm: SimulatedFirm, system: str = "crm") -> tuple[http.client.HTTPResponse, bytes]:
    host = firm.urls[system].removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=5)
    headers = {"Authorization": f"Bearer {firm.credentials['crm']['token']}"}
    connection.request("GET", "/api/v1/opportunities", headers=headers)
    try:
        reply = connection.getresponse()
        return reply, reply.read()
    finally:
        connection.close()


@pytest.mark.parametrize("seed", [1, 2])
def test_a_client_that_tries_again_reads_the_same_through_every_trouble(
    start_firm: StartFirm, seed: int
) -> None:
    firm = start_firm(deals=100)
    calm = read_everything(firm)
    firm.disturb(Disturbance(seed=seed, rate=0.7))
    assert read_everything(firm) == calm
    assert {trouble for _, trouble in firm.troubles.happened} == set(Trouble)
    firm.disturb(None)
    happened = firm.troubles.happened.total()
    assert read_everything(firm) == calm
    assert firm.troubles.happened.total() == happened


def test_the_same_schedule_brings_the_same_troubles(start_firm: StartFirm) -> None:
    counts: list[Counter[tuple[str, Trouble]]] = []
    for _ in range(2):
        firm = start_firm(deals=20)
        firm.disturb(Disturbance(seed=5, rate=0.7))
        read_everything(firm)
        counts.append(firm.troubles.happened)
    assert counts[0] == counts[1]
    assert counts[0].total() > 10


@given(st.integers(), st.floats(0, 1), st.integers(0, 4), st.text(max_size=8))
def test_no_request_is_disturbed_too_often_in_a_row(
    seed: int, rate: float, in_a_row: int, target: str
) -> None:
    schedule = Disturbance(seed, rate, in_a_row=in_a_row)
    run = 0
    for asked in range(12):
        run = run + 1 if schedule.trouble("crm", target, asked) else 0
        assert run <= in_a_row


def test_a_rate_of_one_disturbs_and_a_rate_of_zero_never_does() -> None:
    assert Disturbance(1, 1.0).trouble("crm", "/", 0) is not None
    assert Disturbance(1, 0.0).trouble("crm", "/", 0) is None


def test_a_throttled_client_is_told_when_to_come_back(start_firm: StartFirm) -> None:
    firm = start_firm(deals=5)
    firm.befall("crm", Trouble.THROTTLED)
    reply, _ = raw_reply(firm)
    assert (reply.status, reply.headers["Retry-After"]) == (429, "1")
    assert raw_reply(firm)[0].status == 200


def test_a_server_error_is_a_500(start_firm: StartFirm) -> None:
    firm = start_firm(deals=5)
    firm.befall("crm", Trouble.SERVER_ERROR)
    assert raw_reply(firm)[0].status == 500


def test_a_dropped_connection_brings_no_reply(start_firm: StartFirm) -> None:
    firm = start_firm(deals=5)
    firm.befall("crm", Trouble.DROPPED)
    with pytest.raises(http.client.RemoteDisconnected):
        raw_reply(firm)


def test_a_body_broken_off_is_shorter_than_announced(start_firm: StartFirm) -> None:
    firm = start_firm(deals=5)
    firm.befall("crm", Trouble.BROKEN_OFF)
    with pytest.raises(http.client.IncompleteRead):
        raw_reply(firm)


@pytest.mark.parametrize("trouble", [Trouble.CUT, Trouble.CUT_UNSIZED])
def test_half_a_page_looks_whole_to_http_and_is_no_json(
    start_firm: StartFirm, trouble: Trouble
) -> None:
    firm = start_firm(deals=5)
    whole = raw_reply(firm)[1]
    firm.befall("crm", trouble)
    reply, body = raw_reply(firm)
    assert reply.status == 200
    assert ("Content-Length" in reply.headers) == (trouble is Trouble.CUT)
    assert body == whole[: len(whole) // 2]
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)


def test_rows_can_come_twice_and_in_another_order(start_firm: StartFirm) -> None:
    firm = start_firm(deals=5)
    rows = json.loads(raw_reply(firm)[1])["data"]
    firm.befall("crm", Trouble.REPEATED_ROWS, Trouble.REORDERED_ROWS)
    assert json.loads(raw_reply(firm)[1])["data"] == rows * 2
    assert json.loads(raw_reply(firm)[1])["data"] == rows[::-1]


def test_a_system_that_is_down_answers_nobody_until_it_is_up_and_others_go_on(
    start_firm: StartFirm,
) -> None:
    firm = start_firm(deals=5)
    reader = Reader(firm)
    firm.take_down("erp")
    with pytest.raises(Refused):
        reader.get("erp", "projects")
    reader.get("psa", "projects")
    firm.bring_up("erp")
    reader.get("erp", "projects")


def test_a_late_commit_appears_behind_a_newer_row_with_an_older_stamp(
    start_firm: StartFirm,
) -> None:
    firm = start_firm(deals=40, faults=0)
    late = firm.late_commit(timedelta(minutes=5), FaultKind.DUPLICATE_PROJECT, system="psa")
    firm.advance(timedelta(minutes=1))
    newer = firm.plant(FaultKind.DUPLICATE_PROJECT, system="psa")
    seen = Reader(firm).by_id("psa", "projects")
    assert newer.symptom.record_id in seen
    assert late.symptom.record_id not in seen
    assert firm.ledger() == (newer,)
    firm.advance(timedelta(minutes=4))
    rows = Reader(firm).by_id("psa", "projects")
    stamps = {row_id: row["meta"]["modified"] for row_id, row in rows.items()}
    assert stamps[late.symptom.record_id] == NEW_YEAR.isoformat(timespec="milliseconds")
    assert stamps[late.symptom.record_id] < stamps[newer.symptom.record_id]
    assert firm.ledger() == (late, newer)


def test_a_late_commit_repaired_before_it_appears_never_shows(start_firm: StartFirm) -> None:
    firm = start_firm(deals=40, faults=0)
    before = Reader(firm).by_id("erp", "projects")
    late = firm.late_commit(timedelta(minutes=5), FaultKind.AMOUNT_DRIFT, system="erp")
    firm.repair(late)
    firm.advance(timedelta(minutes=6))
    after = Reader(firm).by_id("erp", "projects")
    assert {key: row["budget"] for key, row in after.items()} == {
        key: row["budget"] for key, row in before.items()
    }
    assert firm.ledger() == ()
