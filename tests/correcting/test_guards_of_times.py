"""When a plan may be applied, and which accounting periods it never touches."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from monitor.core.corrections import Guard
from monitor.core.policies import WindowSettings
from monitor.core.writing import Operation, Write
from monitor.correcting.guards import Moment
from monitor.correcting.guards.times import is_within
from tests.correcting.firm import PROJECT, key_of
from tests.correcting.guarded import a_correction, a_plan, an_update, refused


def test_nothing_is_applied_outside_the_allowed_hours() -> None:
    nights = {"allow": [{"opens": "22:00", "closes": "06:00"}]}
    assert refused(a_plan(), settings=nights) == {Guard.NOT_ALLOWED_NOW}
    assert refused(a_plan(), Moment.WRITE, settings=nights) == {Guard.NOT_ALLOWED_NOW}
    assert refused(a_plan(), settings={"allow": [{"days": ["wed"]}]}) == set()


def test_denial_wins_over_allowance() -> None:
    both = {"allow": [{}], "deny": [{"since": "2026-03-01", "until": "2026-03-05"}]}
    assert refused(a_plan(), settings=both) == {Guard.DENIED_NOW}


@pytest.mark.parametrize(
    ("window", "moment", "within"),
    [
        ({}, "2026-03-04T00:00", True),
        ({"opens": "09:00", "closes": "17:00"}, "2026-03-04T09:00", True),
        ({"opens": "09:00", "closes": "17:00"}, "2026-03-04T17:00", False),
        ({"days": ["wed"], "opens": "22:00", "closes": "06:00"}, "2026-03-05T05:59", True),
        ({"days": ["wed"], "opens": "22:00", "closes": "06:00"}, "2026-03-04T05:59", False),
        ({"days": ["wed"], "opens": "22:00", "closes": "06:00"}, "2026-03-04T22:00", True),
        ({"opens": "09:00", "closes": "10:00", "zone": "Europe/Berlin"}, "2026-07-01T07:30", True),
        ({"opens": "09:00", "closes": "10:00", "zone": "Europe/Berlin"}, "2026-01-01T07:30", False),
        ({"since": "2026-03-05"}, "2026-03-04T23:59", False),
        ({"until": "2026-03-04"}, "2026-03-04T23:59", True),
        ({"until": "2026-03-04"}, "2026-03-05T00:00", False),
    ],
)
def test_a_window_holds_what_it_says(window: dict[str, Any], moment: str, within: bool) -> None:
    now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    assert is_within(WindowSettings.model_validate(window), now) is within


CLOSED = {"periods": {"psa.project": {"field": "start_on", "closed_until": "2026-02-28"}}}


@pytest.mark.parametrize(
    ("before", "after", "is_refused"),
    [
        (date(2026, 2, 28), None, True),
        (date(2026, 3, 1), None, False),
        (date(2026, 3, 1), date(2026, 2, 28), True),
        (date(2026, 2, 28), date(2026, 3, 1), True),
        (date(2026, 3, 1), date(2026, 3, 2), False),
        (None, None, True),
    ],
)
def test_nothing_in_a_closed_period_is_touched_or_moved_into_one(
    before: date | None, after: date | None, is_refused: bool
) -> None:
    write = an_update(1, **({} if after is None else {"start_on": after}))
    plan = a_plan(a_correction(1, write))
    dates = {plan.corrections[0].fingerprint: before}
    said = refused(plan, settings=CLOSED, dates=dates)
    assert said == ({Guard.CLOSED_PERIOD} if is_refused else set())


@pytest.mark.parametrize(
    ("start_on", "is_refused"),
    [(date(2026, 2, 1), True), (date(2026, 3, 1), False), (None, True)],
)
def test_nothing_is_created_in_a_closed_period(start_on: date | None, is_refused: bool) -> None:
    write = Write(Operation.CREATE, PROJECT, "", (key_of("OPP-1"),), "", {}, {"start_on": start_on})
    said = refused(a_plan(a_correction(1, write)), settings=CLOSED)
    assert said == ({Guard.CLOSED_PERIOD} if is_refused else set())


def test_other_streams_have_no_closed_periods() -> None:
    other = {"periods": {"crm.opportunity": CLOSED["periods"]["psa.project"]}}
    assert refused(a_plan(), settings=other) == set()


def test_an_old_plan_is_not_applied() -> None:
    plan = a_plan()
    assert refused(plan, now=plan.expires_at - timedelta(seconds=1)) == set()
    assert refused(plan, now=plan.expires_at) == {Guard.EXPIRED}
    assert refused(plan, Moment.WRITE, now=plan.expires_at) == {Guard.EXPIRED}
