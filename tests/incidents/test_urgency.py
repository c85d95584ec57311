"""What money at risk and time make of an incident's severity; a rung raises and never lowers."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.breaks import Severity
from monitor.core.calendar import working_hours
from monitor.core.duty import Duty
from monitor.core.exchange import Exchange
from monitor.core.flows import CalendarSettings
from monitor.core.incidents import EventKind, is_worse
from monitor.core.rates import RateSettings
from monitor.core.telling import UrgencySettings
from monitor.core.urgency import Stakes, judge
from monitor.jobs import deliver_notices
from monitor.store.database import Database
from tests.incidents.board import Post, look, watched_firm

FRIDAY_AT_FOUR = datetime(2026, 3, 6, 16, 0, tzinfo=UTC)
OFFICE = Duty({"office": working_hours(CalendarSettings())}, {"delivery": "office"})
RATES = Exchange.of(
    RateSettings.model_validate({"base": "EUR", "quote": "USD", "date": day, "rate": rate})
    for day, rate in (("2026-01-01", "1.20"), ("2026-03-05", "2.00"))
)


def rung(**settings: object) -> UrgencySettings:
    return UrgencySettings.model_validate(settings)


def stakes(severity: Severity = Severity.WARNING, owner: str = "delivery", **money: int) -> Stakes:
    amounts = {code: Decimal(amount) for code, amount in money.items()}
    return Stakes(severity, amounts, (owner,), FRIDAY_AT_FOUR)


def severity_of(post: Post) -> Severity:
    return post.shown.incident.severity


def test_much_money_raises_at_once_and_says_so() -> None:
    rungs = [rung(severity="critical", at_risk={"EUR": "50000"})]
    judged = judge(stakes(EUR=50_000), rungs, RATES, OFFICE, FRIDAY_AT_FOUR)
    assert judged == (Severity.CRITICAL, "50,000 EUR or more are at risk", None)
    assert judge(stakes(EUR=49_999), rungs, RATES, OFFICE, FRIDAY_AT_FOUR) == (
        Severity.WARNING,
        "",
        None,
    )


@pytest.mark.parametrize(
    ("money", "reaches"),
    [
        ({"USD": 100}, True),
        ({"USD": 99}, False),
        ({"EUR": 30, "USD": 40}, True),
        ({"GBP": 1_000_000}, False),
        ({"GBP": 1_000_000, "EUR": 50}, True),
        ({}, False),
    ],
)
def test_other_currencies_are_converted_by_the_days_rate_and_unknown_ones_left_out(
    money: dict[str, int], reaches: bool
) -> None:
    amounts = {code: Decimal(amount) for code, amount in money.items()}
    found = RATES.reached({"EUR": Decimal(50)}, amounts, date(2026, 3, 6))
    assert (found == "EUR") is reaches


def test_age_counts_in_the_owners_working_time() -> None:
    rungs = [rung(severity="critical", after="2h")]
    weekend = FRIDAY_AT_FOUR + timedelta(days=2)
    monday_at_ten = datetime(2026, 3, 9, 10, 0, tzinfo=UTC)
    waiting = judge(stakes(), rungs, RATES, OFFICE, weekend)
    assert waiting == (Severity.WARNING, "", monday_at_ten)
    raised = judge(stakes(), rungs, RATES, OFFICE, monday_at_ten)
    assert raised == (Severity.CRITICAL, "it has stood for 2 h of working time", None)
    plain = [rung(severity="critical", after="2h", calendar="plain")]
    assert judge(stakes(), plain, RATES, OFFICE, weekend).severity is Severity.CRITICAL


def test_money_and_age_both_have_to_be_there_where_a_rung_says_both() -> None:
    rungs = [rung(severity="critical", at_risk={"EUR": "10"}, after="1h", calendar="plain")]
    later = FRIDAY_AT_FOUR + timedelta(hours=1)
    assert judge(stakes(EUR=9), rungs, RATES, OFFICE, later).again is None
    assert judge(stakes(EUR=10), rungs, RATES, OFFICE, FRIDAY_AT_FOUR).again == later
    assert judge(stakes(EUR=10), rungs, RATES, OFFICE, later).why == (
        "10 EUR or more are at risk and it has stood for 1 h"
    )


def test_a_rung_for_one_owner_leaves_the_others_alone() -> None:
    rungs = [rung(severity="critical", at_risk={"EUR": "1"}, owners=["finance"])]
    assert judge(stakes(EUR=5), rungs, RATES, OFFICE, FRIDAY_AT_FOUR).why == ""
    theirs = judge(stakes(owner="finance", EUR=5), rungs, RATES, OFFICE, FRIDAY_AT_FOUR)
    assert theirs.severity is Severity.CRITICAL


RUNGS = st.lists(
    st.builds(
        lambda severity, hours, amount: rung(
            severity=severity, after=f"{hours}h", at_risk={"EUR": amount}, calendar="plain"
        ),
        st.sampled_from(["warning", "critical"]),
        st.integers(0, 72),
        st.integers(0, 100),
    ),
    max_size=5,
)


@given(RUNGS, st.sampled_from(Severity), st.integers(0, 100), st.integers(0, 80))
def test_nothing_is_lowered_by_rungs_or_by_time_and_the_next_look_is_early_enough(
    rungs: list[UrgencySettings], severity: Severity, amount: int, hours: int
) -> None:
    at = stakes(severity, EUR=amount)
    now = FRIDAY_AT_FOUR + timedelta(hours=hours)
    judged = judge(at, rungs, RATES, OFFICE, now)
    assert not is_worse(severity, judged.severity)
    if judged.again is None:
        later = now + timedelta(days=365)
        assert judge(at, rungs, RATES, OFFICE, later).severity is judged.severity
        return
    assert judged.again > now
    just_before = judged.again - timedelta(microseconds=1)
    assert judge(at, rungs, RATES, OFFICE, just_before).severity is judged.severity
    assert is_worse(judge(at, rungs, RATES, OFFICE, judged.again).severity, judged.severity)


def test_what_stands_long_enough_is_raised_though_nothing_changes(database: Database) -> None:
    firm, board = watched_firm(
        database, urgency=[{"severity": "critical", "after": "4h", "calendar": "plain"}]
    )
    firm.win("D1")
    firm.staff("D1", amount="900.00")
    look(firm)
    deliver_notices(firm.estate, firm.runtime)
    (post,) = board.posts
    assert severity_of(post) is Severity.WARNING
    edits = post.edits
    for _ in range(3):
        firm.later(hours=1)
        deliver_notices(firm.estate, firm.runtime)
    assert post.edits == edits
    firm.later(hours=1)
    deliver_notices(firm.estate, firm.runtime)
    assert severity_of(post) is Severity.CRITICAL
    assert [event.kind for event in post.thread] == [EventKind.RAISED]
    assert post.shown.raised_because == (
        "It is critical now, and was warning: it has stood for 4 h."
    )


def test_money_that_grows_raises_and_the_repair_of_it_does_not_hide_that_it_did(
    database: Database,
) -> None:
    firm, board = watched_firm(
        database, urgency=[{"severity": "critical", "at_risk": {"EUR": "500"}}]
    )
    firm.win("D1")
    firm.staff("D1", amount="900.00")
    look(firm)
    deliver_notices(firm.estate, firm.runtime)
    (post,) = board.posts
    assert severity_of(post) is Severity.WARNING
    firm.later(minutes=1)
    firm.staff("D1", amount="300.00")
    look(firm)
    deliver_notices(firm.estate, firm.runtime)
    assert severity_of(post) is Severity.CRITICAL
    firm.later(minutes=1)
    firm.staff("D1", amount="900.00")
    look(firm)
    deliver_notices(firm.estate, firm.runtime)
    assert severity_of(post) is Severity.WARNING
    assert EventKind.RAISED in {event.kind for event in post.shown.history}
