"""A target that fails in a row is left alone for a while, then tried once."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.breakers import Breaker, BreakerState
from monitor.core.corrections import CorrectionState, Guard
from monitor.core.policies import BreakerSettings
from monitor.store.breakers import load_breaker, note_failure, note_success
from monitor.store.database import Database
from tests.correcting.small import CorrectedFirm
from tests.correcting.target import Mishap
from tests.cycle.small_firm import START

SETTINGS = BreakerSettings(failures=3, rest=timedelta(minutes=30))


@given(st.integers(0, 10))
def test_it_opens_with_the_last_failure_that_is_allowed_and_rests(failures: int) -> None:
    breaker = Breaker()
    for _ in range(failures):
        breaker = breaker.failed(SETTINGS, START)
    is_open = failures >= SETTINGS.failures
    assert breaker.state(SETTINGS, START) is (BreakerState.OPEN if is_open else BreakerState.CLOSED)
    later = START + SETTINGS.rest
    assert breaker.state(SETTINGS, later) is (
        BreakerState.TRIAL if is_open else BreakerState.CLOSED
    )


def test_a_trial_that_fails_rests_anew() -> None:
    breaker = Breaker(3, START)
    later = START + timedelta(hours=1)
    assert breaker.failed(SETTINGS, later).state(SETTINGS, later) is BreakerState.OPEN


def test_what_works_again_is_forgiven_everything(database: Database) -> None:
    with database.write() as connection:
        for _ in range(4):
            note_failure(connection, "psa", SETTINGS, START)
        assert load_breaker(connection, "psa") == Breaker(4, START)
        note_success(connection, "psa")
        assert load_breaker(connection, "psa") == Breaker()
        assert load_breaker(connection, "crm") == Breaker()


@pytest.fixture
def firm(sqlite_database: Database) -> CorrectedFirm:
    firm = CorrectedFirm(sqlite_database, corrections={"breaker": {"failures": 2, "rest": "30m"}})
    for number in range(1, 5):
        firm.win(f"D{number}")
        firm.staff(f"D{number}", amount="1.00")
    firm.look()
    return firm


def test_failures_in_a_row_end_the_plan_and_the_first_write_afterwards_is_a_trial(
    firm: CorrectedFirm,
) -> None:
    plan = firm.approved()
    firm.target.mishaps = [Mishap.REFUSED, Mishap.REFUSED]
    firm.apply(plan)
    assert [each.value for each in firm.states(plan)] == ["failed", "failed", "dropped", "dropped"]
    assert firm.target.ledger == []
    assert {each.guard for each in firm.draft().refusals} == {Guard.BREAKER_OPEN}
    firm.later(minutes=31)
    firm.look()
    trial = firm.approved()
    firm.target.mishaps = [Mishap.REFUSED]
    firm.apply(trial)
    assert [each.value for each in firm.states(trial)] == ["failed", *["dropped"] * 3]
    firm.later(minutes=31)
    firm.look()
    again = firm.approved()
    firm.apply(again)
    assert set(firm.states(again)) == {CorrectionState.VERIFIED}
    with firm.database.read() as connection:
        assert load_breaker(connection, "psa") == Breaker()
