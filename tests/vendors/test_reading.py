"""What holds of reading every vendor's system.

Against stand-ins on loopback that speak each vendor's protocol as documented: they prove the
client. Which of them a client library of the vendor's or of its community has tried unmodified is
in the table of `docs/connectors.md`.
"""

from datetime import timedelta
from email.utils import format_datetime

import pytest

from monitor.core.errors import Permanent, Reason
from monitor.core.ports import Probe
from tests.probes.clocks import FakeTime
from tests.servers import Fault, Reply
from tests.vendors.reading import ALL, SINCE, pages, read
from tests.vendors.vendor import CANARY, NOON, Row, Vendor, row


def ids(vendor: Vendor, first: int, last: int) -> set[str]:
    return {vendor.native_id(number) for number in range(first, last + 1)}


def rows(first: int, last: int) -> list[Row]:
    return [row(number) for number in range(first, last + 1)]


def test_one_page_and_the_next_bring_every_row(vendor: Vendor, probe: Probe) -> None:
    vendor.put(rows(1, 25))
    assert read(probe, vendor).keys() == ids(vendor, 1, 25)


def test_rows_of_one_instant_are_all_found_across_pages(vendor: Vendor, probe: Probe) -> None:
    vendor.put([row(number, modified_at=NOON) for number in range(1, 26)])
    assert read(probe, vendor).keys() == ids(vendor, 1, 25)


def test_an_empty_list_is_empty_and_no_failure(vendor: Vendor, probe: Probe) -> None:
    assert read(probe, vendor) == {}


def test_a_window_brings_what_changed_in_it(vendor: Vendor, probe: Probe) -> None:
    vendor.put(rows(1, 25))
    assert read(probe, vendor, SINCE).keys() >= ids(vendor, 10, 25)


def test_a_row_that_commits_late_is_in_the_window_of_its_stamp(
    vendor: Vendor, probe: Probe
) -> None:
    vendor.put(rows(12, 20))
    read(probe, vendor, SINCE)
    vendor.put(rows(11, 11))
    assert vendor.native_id(11) in read(probe, vendor, SINCE)


def test_a_row_becomes_a_record_with_the_firms_own_field(vendor: Vendor, probe: Probe) -> None:
    vendor.put([row(1)])
    (record,) = read(probe, vendor).values()
    expected = vendor.expected(row(1))
    assert {name: record.fields[name] for name in expected} == expected


def test_stamps_are_read_in_the_vendors_own_time(vendor: Vendor, probe: Probe) -> None:
    vendor.put([row(30)])
    (record,) = read(probe, vendor).values()
    assert record.modified_at is None or record.modified_at == NOON + timedelta(seconds=30)


def test_a_deleted_row_is_seen_to_be_gone(vendor: Vendor, probe: Probe) -> None:
    vendor.put(rows(1, 3))
    vendor.delete("2", NOON + timedelta(minutes=1))
    found = read(probe, vendor)
    gone = found.get(vendor.native_id(2))
    listed = {each for some in probe.native_ids(vendor.stream) for each in some}
    assert gone is None or gone.deleted
    assert listed == {vendor.native_id(1), vendor.native_id(3)}


def test_records_are_read_by_id(vendor: Vendor, probe: Probe) -> None:
    vendor.put(rows(1, 12))
    wanted = [vendor.native_id(number) for number in (3, 11, 99)]
    page = probe.fetch(vendor.stream, wanted)
    assert {record.native_id for record in page.records} == set(wanted[:2])


def test_records_are_found_by_every_key_that_can_be_asked_for(vendor: Vendor, probe: Probe) -> None:
    vendor.put(rows(1, 12))
    records = read(probe, vendor)
    able = probe.capabilities(vendor.stream).lookup
    assert able
    for kind in sorted(able):
        key = next(use.value for use in records[vendor.native_id(7)].keys if use.kind == kind)
        found = probe.lookup(vendor.stream, kind, [key]).records
        assert vendor.native_id(7) in {record.native_id for record in found}


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_throttled_call_waits_as_long_as_it_is_told(
    form: str, vendor: Vendor, probe: Probe, time: FakeTime
) -> None:
    vendor.put(rows(1, 25))
    now, until = (
        format_datetime(each, usegmt=True) for each in (time.now, time.now + timedelta(seconds=40))
    )
    told = {"Date": now, "Retry-After": "40" if form == "seconds" else until}
    refused = Reply(vendor.throttle.body, vendor.throttle.status, told)
    vendor.disturb(refused, after=1)
    assert read(probe, vendor).keys() == ids(vendor, 1, 25)
    assert 39 <= sum(time.slept) <= 41


@pytest.mark.parametrize(
    "fault",
    [Reply(status=500), Reply(status=503), Reply({}, fault=Fault.CUT), Reply(fault=Fault.DROPPED)],
    ids=["500", "503", "half-body", "dropped"],
)
def test_a_passing_failure_costs_a_second_try_and_no_row(
    fault: Reply, vendor: Vendor, probe: Probe
) -> None:
    vendor.put(rows(1, 25))
    vendor.disturb(fault, after=1)
    assert read(probe, vendor).keys() == ids(vendor, 1, 25)


def test_a_token_that_ends_between_two_pages_is_renewed(vendor: Vendor, probe: Probe) -> None:
    vendor.put(rows(1, 25))
    seen: set[str] = set()
    for page in probe.changes(vendor.stream, ALL):
        if not seen and vendor.issues_tokens:
            vendor.expire_tokens()
        seen |= {record.native_id for record in page.records}
    assert seen == ids(vendor, 1, 25)


def test_a_credential_that_is_refused_is_told_as_such_and_not_shown(
    vendor: Vendor, probe: Probe
) -> None:
    vendor.is_shut = True
    with pytest.raises(Permanent) as refused:
        read(probe, vendor)
    assert refused.value.reason is Reason.CREDENTIALS
    assert CANARY not in str(refused.value)


def test_one_row_of_another_shape_is_set_aside_and_the_rest_goes_on(
    vendor: Vendor, probe: Probe
) -> None:
    vendor.put(rows(1, 12))
    vendor.spoilt = "5"
    found = pages(probe, vendor)
    assert sum(len(page.rejects) for page in found) >= 1
    assert {record.native_id for page in found for record in page.records} == (
        ids(vendor, 1, 12) - ids(vendor, 5, 5)
    )
