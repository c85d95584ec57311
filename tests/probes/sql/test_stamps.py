from contextlib import closing
from datetime import UTC, date, datetime, timedelta

import pytest

from monitor.core.errors import Permanent, Reason
from monitor.core.model import RejectReason, Window
from tests.probes.sql.deals import (
    ALL,
    NOON,
    Source,
    ids,
    probe_of,
    records,
    stamp,
)


def test_a_late_commit_with_an_older_stamp_is_found(deals: Source) -> None:
    deals.add(99, stamp(deals, NOON + timedelta(hours=4, minutes=55)))
    overlapping = Window(NOON + timedelta(hours=4, minutes=50), NOON + timedelta(hours=6))
    assert "99" in ids(records(probe_of(deals), overlapping))


def test_a_row_without_id_or_stamp_is_set_aside(deals: Source) -> None:
    deals.add(8, None)
    deals.add(None, stamp(deals, NOON))
    with closing(probe_of(deals)) as probe:
        pages = list(probe.changes("deals", ALL))
    reasons = [reject.reason for page in pages for reject in page.rejects]
    assert sorted(reasons) == [RejectReason.NO_ID, RejectReason.NO_STAMP]
    assert sum(len(page.records) for page in pages) == 7


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
