"""Ignores over one cycle after another, on every database: what stands and what is told."""

from datetime import timedelta

import pytest

from monitor.core.breaks import Break, BreakState, TransitionKind
from monitor.core.errors import Permanent
from monitor.core.ignores import Decided, Decision, Pattern
from monitor.core.transactions import TransactionStatus
from monitor.ignoring import decide, decide_baseline, withdraw
from monitor.reports.overview import look_over
from monitor.single_pass import pass_once
from monitor.store.audit import verify_audit
from monitor.store.breaks import history_of, standing_breaks
from monitor.store.database import Database
from monitor.store.ignores import list_ignores
from tests.cycle.small_firm import SmallFirm


@pytest.fixture
def firm(database: Database) -> SmallFirm:
    """One deal whose project has the wrong amount, looked at."""
    opened = SmallFirm(database)
    opened.win("D1")
    opened.staff("D1", amount="900.00")
    look(opened)
    return opened


def look(firm: SmallFirm) -> None:
    firm.later(minutes=1)
    pass_once(firm.estate, firm.runtime)


def standing(firm: SmallFirm) -> dict[str, BreakState]:
    with firm.database.read() as connection:
        return {each.finding.transaction: each.state for each in standing_breaks(connection)}


def the_break(firm: SmallFirm, deal: str = "D1") -> Break:
    with firm.database.read() as connection:
        return next(e for e in standing_breaks(connection) if e.finding.transaction == deal)


def told(firm: SmallFirm) -> list[tuple[str, str]]:
    return [(notice.transaction, notice.kind.value) for notice in firm.told.notices]


def ignore(firm: SmallFirm, deal: str = "D1", hours: float = 1) -> Decided:
    until = firm.clock() + timedelta(hours=hours)
    named = [the_break(firm, deal)]
    return decide(firm.estate, firm.database, Decision("ann", "known", until), named, firm.clock)


def ignore_rule(firm: SmallFirm, rule: str, hours: float = 1) -> Decided:
    until = firm.clock() + timedelta(hours=hours)
    decision = Decision("ann", "known", until, Pattern(rule=rule))
    return decide(firm.estate, firm.database, decision, [], firm.clock)


def baseline(firm: SmallFirm, *, dry_run: bool = False) -> Decided:
    decision = Decision("ann", "day one", is_baseline=True)
    return decide_baseline(firm.estate, firm.database, decision, firm.clock, dry_run=dry_run)


def test_an_ignored_break_stands_is_counted_and_is_not_heard_of(firm: SmallFirm) -> None:
    ignore(firm)
    look(firm)
    overview = look_over(firm.estate, firm.database, firm.clock())
    assert standing(firm) == {"D1": BreakState.SUPPRESSED}
    assert (len(overview.breaks), len(overview.suppressed)) == (0, 1)
    assert not overview.value_at_risk
    assert overview.suppressed_at_risk["EUR"] == 100
    assert overview.transactions["sales"][TransactionStatus.BROKEN] == 1
    assert told(firm) == [("D1", "opened")]


def test_an_ignore_that_expires_lets_the_break_be_heard_again_once(firm: SmallFirm) -> None:
    ignore(firm, hours=1)
    firm.later(hours=2)
    for _ in range(3):
        look(firm)
    assert standing(firm) == {"D1": BreakState.OPEN}
    assert told(firm) == [("D1", "opened"), ("D1", "reopened")]


def test_an_ignore_that_is_withdrawn_lets_the_break_be_heard_again_at_once(
    firm: SmallFirm,
) -> None:
    number = ignore(firm).ignore.id
    done = withdraw(firm.estate, firm.database, number, "bob", "enough", firm.clock)
    look(firm)
    assert [each.finding.transaction for each in done.heard_again] == ["D1"]
    assert told(firm) == [("D1", "opened"), ("D1", "reopened")]
    with pytest.raises(Permanent, match=f"no ignore {number} is in force"):
        withdraw(firm.estate, firm.database, number, "bob", "again", firm.clock)


def test_a_break_under_two_ignores_is_silent_until_both_have_ended(firm: SmallFirm) -> None:
    ignore(firm, hours=1)
    ignore_rule(firm, "budget", hours=3)
    firm.later(hours=2)
    look(firm)
    assert standing(firm) == {"D1": BreakState.SUPPRESSED}
    firm.later(hours=2)
    look(firm)
    assert standing(firm) == {"D1": BreakState.OPEN}


def test_an_ignored_break_that_gets_worse_is_heard_and_silent_again_when_it_is_as_it_was(
    firm: SmallFirm,
) -> None:
    ignore(firm, hours=10)
    firm.staff("D1", amount="500.00")
    look(firm)
    assert standing(firm) == {"D1": BreakState.OPEN}
    assert told(firm)[1:] == [("D1", "reopened")]
    firm.staff("D1", amount="900.00")
    look(firm)
    assert standing(firm) == {"D1": BreakState.SUPPRESSED}
    assert len(told(firm)) == 2


def test_a_break_resolved_while_ignored_is_no_news_and_its_return_is(firm: SmallFirm) -> None:
    ignore(firm, hours=10)
    firm.staff("D1", amount="1000.00")
    look(firm)
    assert standing(firm) == {}
    assert len(told(firm)) == 1
    firm.staff("D1", amount="900.00")
    look(firm)
    assert standing(firm) == {"D1": BreakState.OPEN}
    assert told(firm)[1:] == [("D1", "reopened")]


def test_nobody_ever_hears_of_a_new_break_that_fits_a_pattern(firm: SmallFirm) -> None:
    ignore_rule(firm, "bud*", hours=10)
    firm.win("D2")
    firm.staff("D2", amount="1.00")
    firm.win("D3")
    firm.later(hours=5)
    look(firm)
    assert standing(firm) == {
        "D1": BreakState.SUPPRESSED,
        "D2": BreakState.SUPPRESSED,
        "D3": BreakState.OPEN,
    }
    assert told(firm) == [("D1", "opened"), ("D3", "opened")]


def test_after_a_baseline_only_what_is_new_is_heard(firm: SmallFirm) -> None:
    done = baseline(firm)
    assert [each.finding.transaction for each in done.fallen_silent] == ["D1"]
    firm.win("D2")
    firm.staff("D2", amount="1.00")
    look(firm)
    assert standing(firm) == {"D1": BreakState.SUPPRESSED, "D2": BreakState.OPEN}
    assert told(firm) == [("D1", "opened"), ("D2", "opened")]


def test_a_dry_run_says_the_same_and_writes_nothing(firm: SmallFirm) -> None:
    foreseen = baseline(firm, dry_run=True)
    assert standing(firm) == {"D1": BreakState.OPEN}
    with firm.database.read() as connection:
        assert list_ignores(connection) == []
    done = baseline(firm)
    assert [each.id for each in foreseen.fallen_silent] == [each.id for each in done.fallen_silent]


def test_a_second_baseline_finds_nothing_left_to_hush(firm: SmallFirm) -> None:
    baseline(firm)
    assert baseline(firm).fallen_silent == []


def test_suspicions_are_counted_because_a_baseline_does_not_cover_them(
    database: Database,
) -> None:
    firm = SmallFirm(database, settle=timedelta(hours=1))
    firm.win("D1")
    firm.staff("D1", amount="900.00")
    look(firm)
    done = baseline(firm)
    assert (len(done.fallen_silent), done.unconfirmed) == (0, 1)


def test_every_decision_is_a_row_with_who_and_why(firm: SmallFirm) -> None:
    number = ignore(firm).ignore.id
    withdraw(firm.estate, firm.database, number, "bob", "enough", firm.clock)
    with firm.database.read() as connection:
        steps = history_of(connection, the_break(firm).fingerprint)[-2:]
        assert verify_audit(connection) is None
        (kept,) = list_ignores(connection)
    assert [(step.kind, step.who) for step in steps] == [
        (TransitionKind.SUPPRESSED, "ann"),
        (TransitionKind.RELEASED, "bob"),
    ]
    assert (kept.named, kept.ended_by, kept.ended_why) == (1, "bob", "enough")


def test_a_restart_in_between_changes_nothing(firm: SmallFirm) -> None:
    ignore(firm, hours=10)
    before = standing(firm), told(firm)
    with firm.database.read() as connection:
        steps = len(history_of(connection, the_break(firm).fingerprint))
    for _ in range(3):
        look(firm)
    with firm.database.read() as connection:
        assert len(history_of(connection, the_break(firm).fingerprint)) == steps
    assert (standing(firm), told(firm)) == before
