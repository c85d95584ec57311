"""Since when a break stands and what introduced it, over a firm of two systems."""

from datetime import datetime, timedelta

import pytest

from monitor.core.breaks import BreakKind, Transition, TransitionKind
from monitor.core.model import StreamId
from monitor.core.watches import ESTATE
from monitor.explaining.explain import explain
from monitor.explaining.explanation import Explanation
from monitor.explaining.origin import Cause
from monitor.single_pass import pass_once
from monitor.store.breaks import apply_transitions, list_breaks
from monitor.store.database import Database
from tests.cycle.small_firm import OPPORTUNITY, PROJECT, SmallFirm
from tests.store.building import a_break, a_finding


@pytest.fixture
def firm(database: Database) -> SmallFirm:
    """A deal in order, seen over an hour."""
    opened = SmallFirm(database)
    look(opened)
    opened.win("D1")
    opened.staff("D1")
    for _ in range(6):
        look(opened)
    return opened


def look(firm: SmallFirm, minutes: float = 10) -> None:
    firm.later(minutes=minutes)
    pass_once(firm.estate, firm.runtime)


def explained(firm: SmallFirm) -> Explanation:
    with firm.database.read() as connection:
        (found,) = list_breaks(connection, states=())
    told = explain(firm.estate, firm.database, found.id, firm.clock())
    assert told is not None
    return told


def changed(told: Explanation) -> list[tuple[StreamId, str, tuple[str, ...]]]:
    return [(each.stream, each.native_id, each.fields) for each in told.origin.changes]


def test_the_change_of_the_record_at_fault_is_named_with_what_it_was_before(
    firm: SmallFirm,
) -> None:
    wrong_at = firm.clock()
    firm.staff("D1", amount="900.00")
    look(firm)
    look(firm)
    told = explained(firm)
    assert (told.origin.cause, told.origin.since) == (Cause.RECORD_CHANGED, wrong_at)
    assert ("amount" in changed(told)[0][2], changed(told)[0][:2]) == (True, (PROJECT, "p-D1"))
    assert told.before == (
        "Until then it said 1,000.00, and all agreed: it was right, and was changed."
    )
    assert told.remedy == ("Set amount of psa.project p-D1 to 1,000.00, as crm.opportunity says.")


def test_a_change_that_the_other_side_did_not_follow_is_told_as_that(firm: SmallFirm) -> None:
    firm.crm.put("o-D1", "D1", amount=firm.crm.rows["o-D1"].fields["amount"] * 2)  # type: ignore[operator]  # a decimal
    look(firm)
    told = explained(firm)
    assert changed(told) == [(OPPORTUNITY, "o-D1", ("amount",))]
    assert told.before == (
        "Until then all said 1,000.00. crm.opportunity o-D1 changed to 2,000.00, and the other"
        " side did not follow."
    )


def test_changes_that_made_no_difference_are_passed_over(firm: SmallFirm) -> None:
    wrong_at = firm.clock()
    firm.staff("D1", amount="900.00")
    look(firm)
    firm.psa.put("p-D1", "D1", status="closed")
    look(firm)
    assert explained(firm).origin.since == wrong_at


def test_a_break_that_was_mended_in_between_stands_since_it_came_back(firm: SmallFirm) -> None:
    firm.staff("D1", amount="900.00")
    look(firm)
    firm.staff("D1", amount="1000.00")
    look(firm)
    again_at = firm.clock()
    firm.staff("D1", amount="800.00")
    look(firm)
    assert explained(firm).origin.since == again_at


def test_a_deal_that_waited_too_long_was_changed_by_nobody(database: Database) -> None:
    firm = SmallFirm(database)
    look(firm)
    firm.win("D1")
    won_at = firm.clock()
    look(firm)
    look(firm, minutes=245)
    told = explained(firm)
    assert told.origin.cause is Cause.TIME_PASSED
    assert told.origin.since == won_at + timedelta(hours=4)
    assert told.remedy.startswith("Create the project in psa.project under deal D1")


def test_a_deleted_record_is_named(firm: SmallFirm) -> None:
    firm.win("D2")
    firm.staff("D2")
    firm.later(hours=5)
    look(firm)
    del firm.psa.rows["p-D1"]
    for _ in range(3):
        look(firm)
    told = explained(firm)
    assert told.origin.cause is Cause.RECORD_DELETED
    assert "psa.project p-D1 was deleted then" in told.before


def test_what_was_wrong_before_the_first_look_is_not_dated_by_guess(database: Database) -> None:
    firm = SmallFirm(database)
    firm.win("D1")
    firm.staff("D1", amount="900.00")
    created_at = firm.clock()
    firm.later(minutes=5)
    firm.psa.put("p-D1", "D1", status="closed")
    firm.later(days=1)
    look(firm)
    told = explained(firm)
    assert told.origin.cause is Cause.BEFORE_HISTORY
    assert told.origin.since is not None
    assert told.origin.since <= created_at + timedelta(minutes=5)
    assert "what was true before is not known" in told.before


def test_a_resolved_break_is_explained_by_when_it_last_began(firm: SmallFirm) -> None:
    wrong_at = firm.clock()
    firm.staff("D1", amount="900.00")
    look(firm)
    firm.staff("D1", amount="1000.00")
    look(firm)
    assert explained(firm).origin.since == wrong_at


def test_nothing_is_explained_that_does_not_exist(firm: SmallFirm) -> None:
    assert explain(firm.estate, firm.database, "feed", datetime.now().astimezone()) is None


def test_what_a_watch_found_is_explained_without_a_deal(firm: SmallFirm) -> None:
    found = a_finding("erp", flow=ESTATE, kind=BreakKind.SOURCE, rule="silence", field="")
    standing = a_break(found)
    step = Transition(TransitionKind.OPENED, standing, None, firm.clock(), "It is silent.")
    with firm.database.write() as connection:
        apply_transitions(connection, [step], "tieout")
    told = explain(firm.estate, firm.database, standing.id, firm.clock())
    assert told is not None
    assert (told.origin.cause, told.origin.since) == (Cause.NOT_REPEATED, found.since)
    assert (told.sides, told.cohorts, told.compared) == ((), (), 0)
    assert "does not show how it came about" in told.before
