from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from monitor.core.breaks import (
    LIVE_STATES,
    Break,
    BreakKind,
    BreakState,
    Finding,
    Severity,
    Transition,
    TransitionKind,
)
from monitor.core.lifecycle import Awaiting, awaiting, settle
from monitor.core.ports import Deadline

NOW = datetime(2026, 3, 18, 12, tzinfo=UTC)
MARGIN = timedelta(minutes=10)
FINDING = Finding(
    flow="sales-to-cash", transaction="OPP-1", rule="amounts", kind=BreakKind.MISMATCH,
    severity=Severity.WARNING, hop="crm.deal -> psa.project", system="psa", stream="project",
    entity="project", field="amount", record_id="P-1", expected="100", actual="90",
    value_at_risk=Decimal(10), currency="EUR", owner="delivery", since=NOW,
)  # fmt: skip
SUSPICION = Break(FINDING, BreakState.SUSPECTED, NOW - MARGIN, None, None, NOW - MARGIN)
OPEN = replace(SUSPICION, state=BreakState.OPEN, opened_at=NOW - timedelta(minutes=1))


def step(
    known: Iterable[Break] = (),
    findings: Iterable[Finding] = (),
    *,
    evaluated: Collection[str] = ("amounts",),
    confirmed: bool = False,
    margin: timedelta = MARGIN,
    now: datetime = NOW,
) -> list[Transition]:
    fingerprints = frozenset({FINDING.fingerprint}) if confirmed else frozenset()
    return settle(
        list(known),
        findings,
        evaluated,
        confirmed=fingerprints,
        margins={"amounts": margin},
        now=now,
    )


def test_a_new_finding_is_only_suspected_even_when_confirmed() -> None:
    (transition,) = step(findings=[FINDING], confirmed=True)
    assert transition.kind is TransitionKind.SUSPECTED
    assert (transition.before, transition.at) == (None, NOW)
    assert transition.after == Break(FINDING, BreakState.SUSPECTED, NOW, None, None, NOW)


def test_without_a_margin_a_confirmed_finding_opens_at_once() -> None:
    suspected, opened = step(findings=[FINDING], confirmed=True, margin=timedelta(0))
    assert suspected.kind is TransitionKind.SUSPECTED
    assert (opened.kind, opened.before) == (TransitionKind.OPENED, BreakState.SUSPECTED)
    assert (opened.after.state, opened.after.opened_at) == (BreakState.OPEN, NOW)
    assert opened.after.episode == 1


@pytest.mark.parametrize(
    ("age", "confirmed", "opens"),
    [(MARGIN, True, True), (MARGIN, False, False), (MARGIN - timedelta(seconds=1), True, False)],
)
def test_a_suspicion_opens_when_it_is_old_enough_and_confirmed(
    age: timedelta, confirmed: bool, opens: bool
) -> None:
    suspicion = replace(SUSPICION, suspected_at=NOW - age)
    transitions = step([suspicion], [FINDING], confirmed=confirmed)
    assert [each.kind for each in transitions] == [TransitionKind.OPENED] * opens


def test_what_opens_is_what_is_found_now() -> None:
    newer = replace(FINDING, actual="80")
    (opened,) = step([SUSPICION], [newer], confirmed=True)
    assert opened.after.finding.actual == "80"


def test_a_suspicion_that_is_gone_is_dismissed() -> None:
    (transition,) = step([SUSPICION])
    assert transition.kind is TransitionKind.DISMISSED
    assert transition.after.state is BreakState.DISMISSED
    assert transition.after.opened_at is None


@pytest.mark.parametrize("state", sorted(LIVE_STATES))
def test_a_break_that_is_gone_is_resolved(state: BreakState) -> None:
    (transition,) = step([replace(OPEN, state=state)])
    assert (transition.kind, transition.before) == (TransitionKind.RESOLVED, state)
    assert (transition.after.state, transition.after.resolved_at) == (BreakState.RESOLVED, NOW)


CHANGES: list[dict[str, Any]] = [
    {"kind": BreakKind.MISSING},
    {"severity": Severity.CRITICAL},
    {"expected": "101"},
    {"actual": None},
    {"value_at_risk": Decimal(11)},
    {"owner": "pmo"},
]


@pytest.mark.parametrize("state", sorted(LIVE_STATES))
@pytest.mark.parametrize("change", CHANGES)
def test_a_break_found_with_other_values_is_changed_and_keeps_its_state(
    state: BreakState, change: dict[str, Any]
) -> None:
    other = replace(FINDING, **change)
    (transition,) = step([replace(OPEN, state=state)], [other])
    assert (transition.kind, transition.before) == (TransitionKind.CHANGED, state)
    assert (transition.after.finding, transition.after.state) == (other, state)
    (name,) = change
    assert transition.why == f"It still stands, with another {name.replace('_', ' ')}."


@pytest.mark.parametrize("change", [{}, {"value_at_risk": Decimal("10.00")}, {"since": None}])
def test_a_break_found_as_it_was_takes_no_step(change: dict[str, Any]) -> None:
    assert step([OPEN], [replace(FINDING, **change)], confirmed=True) == []


@pytest.mark.parametrize("state", [BreakState.RESOLVED, BreakState.DISMISSED])
def test_what_is_gone_and_stays_gone_takes_no_step(state: BreakState) -> None:
    assert step([replace(OPEN, state=state)]) == []


def test_a_resolved_break_that_is_back_is_suspected_and_then_reopened() -> None:
    resolved = replace(OPEN, state=BreakState.RESOLVED, resolved_at=NOW - timedelta(minutes=1))
    (suspected,) = step([resolved], [FINDING], confirmed=True)
    assert (suspected.kind, suspected.before) == (TransitionKind.SUSPECTED, BreakState.RESOLVED)
    assert (suspected.after.suspected_at, suspected.after.episode) == (NOW, 1)
    later = NOW + MARGIN
    (reopened,) = step([suspected.after], [FINDING], confirmed=True, now=later)
    assert reopened.kind is TransitionKind.REOPENED
    assert (reopened.after.opened_at, reopened.after.resolved_at) == (later, None)
    assert reopened.after.episode == 2


def test_a_dismissed_suspicion_that_is_back_opens_as_the_first_episode() -> None:
    dismissed = replace(SUSPICION, state=BreakState.DISMISSED)
    suspected, opened = step([dismissed], [FINDING], confirmed=True, margin=timedelta(0))
    assert suspected.before is BreakState.DISMISSED
    assert (opened.kind, opened.after.episode) == (TransitionKind.OPENED, 1)


@pytest.mark.parametrize("standing", [SUSPICION, OPEN])
@pytest.mark.parametrize("findings", [(), (replace(FINDING, actual="1"),)])
def test_of_a_rule_that_could_not_be_asked_nothing_is_known(
    standing: Break, findings: tuple[Finding, ...]
) -> None:
    assert step([standing], findings, evaluated=["another"], confirmed=True) == []


def test_findings_that_share_a_fingerprint_give_one_result_in_any_order() -> None:
    other = replace(FINDING, actual="80")
    assert step([OPEN], [FINDING, other]) == step([OPEN], [other, FINDING])


def test_only_what_is_old_enough_waits_for_a_confirmation_now() -> None:
    fresh = replace(FINDING, record_id="P-2")
    waiting = awaiting([SUSPICION, OPEN], [FINDING, fresh], {"amounts": MARGIN}, NOW)
    assert waiting.to_confirm == frozenset()
    waiting = awaiting([SUSPICION], [FINDING, fresh], {"amounts": MARGIN}, NOW)
    assert waiting.to_confirm == {FINDING.fingerprint}
    assert waiting.deadlines == (Deadline("OPP-1", NOW + MARGIN),)


def test_a_rule_without_a_margin_has_its_findings_confirmed_at_once() -> None:
    waiting = awaiting([], [FINDING], {}, NOW)
    assert waiting == Awaiting(frozenset({FINDING.fingerprint}), ())


@pytest.mark.parametrize("state", [BreakState.RESOLVED, BreakState.DISMISSED])
def test_what_is_back_waits_anew(state: BreakState) -> None:
    back = replace(OPEN, state=state)
    waiting = awaiting([back], [FINDING], {"amounts": MARGIN}, NOW)
    assert waiting.deadlines == (Deadline("OPP-1", NOW + MARGIN),)


RULES = ("amounts", "dates")
RECORDS = ("P-1", "P-2")
VALUES = st.sampled_from(["1", "2"])
WORLDS = st.dictionaries(st.tuples(st.sampled_from(RULES), st.sampled_from(RECORDS)), VALUES)


class Lives(RuleBasedStateMachine):
    """Cycles over a changing world, with what the store would keep."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.known: dict[str, Break] = {}
        self.confirmed_ever: set[str] = set()
        self.history: dict[str, list[Transition]] = {}

    @rule(
        world=WORLDS,
        evaluated=st.frozensets(st.sampled_from(RULES)),
        honest=st.booleans(),
        minutes=st.integers(0, 15),
    )
    def cycle(
        self,
        world: dict[tuple[str, str], str],
        evaluated: frozenset[str],
        honest: bool,
        minutes: int,
    ) -> None:
        self.now += timedelta(minutes=minutes)
        margins = {"amounts": MARGIN, "dates": timedelta(0)}
        findings = [
            replace(FINDING, rule=name, record_id=record, actual=value)
            for (name, record), value in world.items()
        ]
        known = list(self.known.values())
        due = awaiting(known, findings, margins, self.now).to_confirm
        confirmed = due if honest else frozenset()
        self.confirmed_ever |= confirmed

        def take() -> list[Transition]:
            return settle(
                list(self.known.values()), findings, evaluated,
                confirmed=confirmed, margins=margins, now=self.now,
            )  # fmt: skip

        for transition in take():
            fingerprint = transition.after.fingerprint
            before = self.known.get(fingerprint)
            assert transition.before == (before.state if before else None)
            assert transition.after.finding.rule in evaluated
            assert transition.at == self.now
            self.known[fingerprint] = transition.after
            self.history.setdefault(fingerprint, []).append(transition)
        assert take() == []
        self.expect_level(findings, evaluated)

    def expect_level(self, findings: list[Finding], evaluated: frozenset[str]) -> None:
        """State follows from what is there, for the rules that could be asked."""
        found = {finding.fingerprint for finding in findings if finding.rule in evaluated}
        for fingerprint, each in self.known.items():
            if each.finding.rule in evaluated:
                stands = each.state in LIVE_STATES or each.state is BreakState.SUSPECTED
                assert stands is (fingerprint in found)
        assert found <= self.known.keys()

    @invariant()
    def every_break_that_ever_opened_had_been_confirmed(self) -> None:
        for fingerprint, each in self.known.items():
            assert (each.opened_at is None) or fingerprint in self.confirmed_ever
            if each.state in LIVE_STATES:
                assert each.opened_at is not None
                assert each.resolved_at is None

    @invariant()
    def lives_are_well_told(self) -> None:
        for fingerprint, transitions in self.history.items():
            kinds = [each.kind for each in transitions]
            assert kinds[0] is TransitionKind.SUSPECTED
            assert kinds.count(TransitionKind.OPENED) <= 1
            opened = kinds.count(TransitionKind.OPENED) + kinds.count(TransitionKind.REOPENED)
            assert self.known[fingerprint].episode == max(opened, 1)
            for one, following in pairwise(transitions):
                assert following.before is one.after.state
                if one.kind is TransitionKind.DISMISSED:
                    assert one.before is BreakState.SUSPECTED

    @invariant()
    def no_break_opened_before_its_margin(self) -> None:
        for each in self.known.values():
            if each.opened_at is not None and each.opened_at >= each.suspected_at:
                margin = MARGIN if each.finding.rule == "amounts" else timedelta(0)
                assert each.opened_at - each.suspected_at >= margin


def test_any_run_of_cycles_tells_true_lives() -> None:
    run_state_machine_as_test(
        Lives, settings=settings(max_examples=60, stateful_step_count=15, deadline=None)
    )
