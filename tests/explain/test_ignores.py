"""What an ignore covers, and the steps that follow from it; no store and no clock."""

from datetime import timedelta
from decimal import Decimal
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.breaks import LIVE_STATES, Break, BreakKind, BreakState, TransitionKind
from monitor.core.ignores import Decision, Ignore, Ignores, Pattern, Statement, heard, suppress
from tests.store.building import START, a_break, a_finding, at

NOW = at(10)
NOTHING = Ignores({}, {})


def an_ignore(pattern: Pattern | None = None) -> Ignore:
    chosen = pattern or Pattern()
    return Ignore(1, Decision("ann", "known since spring", at(60), chosen), START)


def naming(*breaks: Break) -> Ignores:
    said = {each.fingerprint: [(1, Statement.of(each))] for each in breaks}
    return Ignores({1: an_ignore()}, said)


def matching(**conditions: str) -> Ignores:
    return Ignores({1: an_ignore(Pattern(**conditions))}, {})


@pytest.mark.parametrize(
    ("conditions", "fits"),
    [
        ({"rule": "amounts"}, True),
        ({"rule": "am*"}, True),
        ({"rule": "amount"}, False),
        ({"system": "e?p", "field": "amount"}, True),
        ({"system": "erp", "field": "currency"}, False),
        ({"deal": "opp-*"}, True),
        ({"deal": "OPP-[1]"}, False),
        ({}, False),
    ],
)
def test_a_pattern_covers_what_fits_all_of_it(conditions: dict[str, str], fits: bool) -> None:
    assert (matching(**conditions).covering(a_break()) is not None) is fits


def test_a_named_break_is_covered_as_long_as_it_says_the_same() -> None:
    ignores = naming(a_break())
    assert ignores.covering(a_break(a_finding(since=at(5), owner="somebody else")))
    assert not ignores.covering(a_break(a_finding(actual="80.00")))
    assert not ignores.covering(a_break(a_finding(expected="110.00")))
    assert not ignores.covering(a_break(a_finding(currency="USD")))


def test_a_named_break_is_heard_when_more_money_depends_on_it_and_not_when_less_does() -> None:
    ignores = naming(a_break())
    assert ignores.covering(a_break(a_finding(value_at_risk=Decimal("9.00"))))
    assert ignores.covering(a_break(a_finding(value_at_risk=Decimal("10.000"))))
    assert not ignores.covering(a_break(a_finding(value_at_risk=Decimal("10.01"))))


def test_a_named_break_that_was_gone_and_comes_back_is_news() -> None:
    assert not naming(a_break()).covering(a_break(episode=2))


def test_a_late_record_that_turns_out_missing_is_news() -> None:
    late = a_break(a_finding(kind=BreakKind.LATE, actual=None))
    missing = a_break(a_finding(kind=BreakKind.MISSING, actual=None))
    assert not naming(late).covering(missing)


def test_an_ignore_ends_by_itself_or_by_hand() -> None:
    decided = an_ignore()
    assert decided.is_in_force(at(59))
    assert not decided.is_in_force(at(60))
    ended = Ignore(1, decided.decision, START, ended_at=at(5))
    assert not ended.is_in_force(at(6))


def test_a_break_falls_silent_with_the_reason_and_is_heard_again_without_an_ignore() -> None:
    (silent,) = suppress([a_break()], matching(rule="amounts"), NOW)
    assert (silent.kind, silent.after.state) == (TransitionKind.SUPPRESSED, BreakState.SUPPRESSED)
    assert silent.why == "ann ignores it: known since spring"
    (again,) = suppress([silent.after], NOTHING, NOW)
    assert (again.kind, again.after.state) == (TransitionKind.RELEASED, BreakState.OPEN)
    assert again.why == "What ignored it is no longer in force, and it stands."


def test_a_break_that_says_something_else_is_released_with_that_reason() -> None:
    worse = a_break(a_finding(actual="1.00"), BreakState.SUPPRESSED)
    (again,) = suppress([worse], naming(a_break()), NOW)
    assert again.why == "It says something else than what was ignored, and stands."


@pytest.mark.parametrize(
    "state", [each for each in BreakState if each not in LIVE_STATES | {BreakState.SUPPRESSED}]
)
def test_what_does_not_stand_is_left_alone(state: BreakState) -> None:
    assert suppress([a_break(state=state)], matching(rule="*"), NOW) == []


def test_a_break_under_correction_is_not_hushed_in_the_middle() -> None:
    assert suppress([a_break(state=BreakState.CORRECTING)], matching(rule="*"), NOW) == []


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["A", "B", "C", "D"]),
            st.sampled_from(list(BreakState)),
            st.sampled_from(["90.00", "80.00"]),
        ),
        unique_by=lambda each: each[0],
    ),
    st.sets(st.sampled_from(["A", "B", "C", "D"])),
    st.randoms(use_true_random=False),
)
def test_any_order_comes_to_one_state_and_a_second_time_to_no_step(
    given_breaks: list[tuple[str, BreakState, str]],
    named: set[str],
    random: Random,
) -> None:
    known = [a_break(a_finding(key, actual=actual), state) for key, state, actual in given_breaks]
    ignores = naming(*(a_break(a_finding(key)) for key in named))
    steps = suppress(known, ignores, NOW)
    shuffled = known[:]
    random.shuffle(shuffled)
    assert {step.after for step in suppress(shuffled, ignores, NOW)} == {
        step.after for step in steps
    }
    after = {each.fingerprint: each for each in known}
    after |= {step.after.fingerprint: step.after for step in steps}
    assert suppress(after.values(), ignores, NOW) == []
    silent = {each.fingerprint for each in after.values() if each.state is BreakState.SUPPRESSED}
    assert not any(step.after.fingerprint in silent for step in heard(steps))


def test_people_hear_of_a_release_and_of_nothing_before_it() -> None:
    silent = suppress([a_break()], matching(rule="*"), NOW)
    assert heard(silent) == []
    released = suppress([silent[0].after], NOTHING, NOW + timedelta(minutes=1))
    assert heard(released) == released
