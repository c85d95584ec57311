"""Real systems corrected: planned, approved by somebody else, written once, read back, closed."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from tests.e2e.correcting import (
    FLOW,
    MISPRICED,
    Desk,
    correcting_landscape,
    edit_lead,
    let_projects_be_cancelled,
    mispriced,
    nothing_can_be_booked,
    strand,
    take_away,
)
from tests.e2e.deals import Deal, Fault
from tests.e2e.estate import RunningEstate, wait_until
from tests.e2e.plan import Message
from tests.e2e.rabbitmq import WORK_QUEUE

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]


@pytest.fixture
def desk(estate: RunningEstate, looked: str, tmp_path: Path) -> Desk:
    made = Desk(estate, looked, correcting_landscape(tmp_path))
    made.look()
    return made


@pytest.fixture
def unstaffed(estate: RunningEstate) -> Iterator[Deal]:
    """A won deal without a project; what is made for it is deleted again."""
    deal = estate.plan.with_fault(Fault.NO_PROJECT)[0]
    yield deal
    for each in projects_of(estate, deal):
        estate.delete_project(each)


def projects_of(estate: RunningEstate, deal: Deal, status: str = "Open") -> list[int]:
    domain = [
        ["type", "=", "project"],
        ["name", "ilike", f"%{deal.key}%"],
        ["status.name", "=", status],
    ]
    return [row["id"] for row in estate.tryton["psa"].read("project.work", domain, ["id"])]


@pytest.fixture
def stranded(estate: RunningEstate, unstaffed: Deal) -> Iterator[Message]:
    """A message for that deal among the dead letters; it is consumed afterwards."""
    message = Message(unstaffed.key, "msg-stranded", "rejected")
    strand(estate, message)
    yield message
    take_away(estate, message)
    wait_until(lambda: estate.rabbitmq.has_dead_letters(estate.plan.dead_letters))


def test_a_missing_project_is_made_once_and_a_second_run_plans_nothing(
    estate: RunningEstate, desk: Desk, unstaffed: Deal
) -> None:
    assert desk.correct(unstaffed.key, "won-to-project") == ["verified"]
    desk.look()
    assert len(projects_of(estate, unstaffed)) == 1
    assert desk.breaks_of(unstaffed.key, "won-to-project") == []
    words = ("plan", desk.landscape, "--flow", FLOW, "--rule", "won-to-project")
    _, again = desk.ask(*words)
    left = {each["transaction"] for each in again["plan"]["corrections"]}
    assert unstaffed.key not in left


def test_a_wrong_amount_is_brought_to_its_owners_and_taken_back_again(
    estate: RunningEstate, desk: Desk
) -> None:
    had, right = Decimal("900.00"), Decimal("1000.00")
    with mispriced(estate, had, right) as amount:
        desk.look()
        done = desk.apply(desk.approve(MISPRICED, "amounts-agree"))
        assert [each["state"] for each in done["corrections"]] == ["verified"]
        assert amount() == right
        desk.look()
        assert desk.breaks_of(MISPRICED, "amounts-agree") == []
        number = str(done["corrections"][0]["id"])
        place = ("--landscape", desk.landscape)
        _, undo = desk.ask("undo", number, *place, "--propose", "--as", "rita")
        desk.ask("approve", undo["hash"], *place, "--as", "ann", "--reason", "not after all")
        assert [each["state"] for each in desk.apply(undo["hash"])["corrections"]] == ["verified"]
        assert amount() == had


def test_what_somebody_edits_between_approval_and_write_is_left_alone(
    estate: RunningEstate, desk: Desk
) -> None:
    with mispriced(estate, Decimal("900.00"), Decimal("1000.00")) as amount:
        desk.look()
        plan = desk.approve(MISPRICED, "amounts-agree")
        edit_lead(estate, Decimal("907.00"))
        done = desk.apply(plan)
        assert {each["guard"] for each in done["refusals"]} == {"changed"}
        assert amount() == Decimal("907.00")
        desk.look()
        assert desk.approve(MISPRICED, "amounts-agree") != plan


def test_the_copy_of_a_project_is_closed_and_the_original_stays(
    estate: RunningEstate, desk: Desk
) -> None:
    let_projects_be_cancelled(estate)
    deal = estate.plan.with_fault(Fault.SECOND_PROJECT)[0]
    psa = estate.tryton["psa"]
    (opened,) = psa.read("project.work.status", [["name", "=", "Open"]], ["id"])
    first, second = sorted(projects_of(estate, deal))
    try:
        assert desk.correct(deal.key, "one-project-a-deal") == ["verified"]
        desk.look()
        assert desk.breaks_of(deal.key, "one-project-a-deal") == []
        assert projects_of(estate, deal) == [first]
        assert projects_of(estate, deal, "Cancelled") == [second]
    finally:
        psa.call("model.project.work.write", [second], {"status": opened["id"]})


def test_a_dead_letter_goes_back_to_its_queue_and_counts_when_its_effect_is_there(
    estate: RunningEstate, desk: Desk, unstaffed: Deal, stranded: Message
) -> None:
    desk.look()
    plan = desk.approve(stranded.deal, "no-dead-letters")
    assert desk.apply(plan)["refusals"] == []
    (arrived,) = estate.rabbitmq.take(WORK_QUEUE, 5, "ack_requeue_false")
    assert arrived["properties"]["message_id"] == stranded.message_id
    wait_until(lambda: estate.rabbitmq.has_dead_letters(estate.plan.dead_letters))
    desk.look()
    assert desk.states(plan) == ["applied"]
    estate.create_project(unstaffed)  # as whoever consumes the message does
    wait_until(lambda: _is_verified(desk, plan))
    assert desk.breaks_of(stranded.deal, "no-dead-letters") == []


def test_a_message_whose_effect_exists_is_not_replayed(
    estate: RunningEstate, desk: Desk, unstaffed: Deal, stranded: Message
) -> None:
    estate.create_project(unstaffed)
    desk.look()
    plan = desk.plan(stranded.deal, "no-dead-letters")
    assert plan["plan"]["corrections"] == []
    assert {each["guard"] for each in plan["left_out"]} == {"effect_exists"}


def test_a_posting_that_outlives_the_answer_is_found_done_and_not_done_again(
    estate: RunningEstate, desk: Desk
) -> None:
    erp = estate.tryton["erp"]
    _, standing = desk.ask("breaks", "--landscape", desk.landscape)
    draft = next(each for each in standing if each["rule"] == "invoices-are-posted")
    deal, invoice = draft["transaction"], int(draft["record_id"])
    plan = desk.approve(deal, "invoices-are-posted")
    with nothing_can_be_booked(estate):
        done = desk.apply(plan)
        assert [each["state"] for each in done["corrections"]] == ["unknown"]

    def is_posted() -> bool:
        (row,) = erp.read("account.invoice", [["id", "=", invoice]], ["state"])
        return bool(row["state"] == "posted")

    wait_until(is_posted)
    wait_until(lambda: _is_verified(desk, plan), seconds=90)
    assert desk.breaks_of(deal, "invoices-are-posted") == []
    moves = erp.read("account.move", [["origin", "=", f"account.invoice,{invoice}"]], ["id"])
    assert len(moves) == 1


def _is_verified(desk: Desk, plan: str) -> bool:
    desk.look()
    return desk.states(plan) == ["verified"]
