"""The buttons beside an incident: what can be done as it stands, bound to what is shown."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from alerts.blocks import compose_message, measure_message
from alerts.slack_actions import HOURS, action_blocks, ignore_form
from monitor.core.answers import Act, Form, Press, read_press
from monitor.core.circumstances import Circumstances, Proposal
from monitor.core.incidents import Cause, CauseKind, IncidentState, Message
from tests.alerts.examples import LATER, RESOLVED, message
from tests.alerts.fake_slack import check_blocks

PLAN = Proposal(
    plan="90cdaaeb96ba",
    state="proposed",
    changes=("amount: 900.00 to 1,000.00",),
    others=0,
    at_stake={},
    approvers=("ann",),
    expires_at=LATER,
    hash="9" * 64,
    is_whole=True,
)


def proposed(**others: Any) -> Message:
    return replace(message(), circumstances=Circumstances(proposal=replace(PLAN, **others)))


def presses(shown: Message) -> Mapping[Act, Press]:
    """By what it does, the button that people see."""
    texts = [
        text
        for block in (each.to_dict() for each in action_blocks(shown))
        for element in block["elements"]
        for text in (
            element.get("value"),
            *(option["value"] for option in element.get("options", ())),
            block.get("block_id"),
        )
        if text
    ]
    found = [press for text in texts if (press := read_press(text)) is not None]
    return {press.act: press for press in found}


def test_who_looks_at_an_open_incident_can_take_it_give_it_away_or_let_it_wait() -> None:
    shown = presses(message())
    assert set(shown) == {Act.ACKNOWLEDGE, Act.SNOOZE, Act.ASSIGN, Act.IGNORE}
    assert {press.incident for press in shown.values()} == {message().incident.id}
    assert shown[Act.SNOOZE].hours == HOURS[-1]


def test_what_somebody_looks_after_can_be_let_go() -> None:
    held = replace(message().incident, acknowledged_by="olga", state=IncidentState.ACKNOWLEDGED)
    shown = presses(replace(message(), incident=held))
    assert set(shown) == {Act.RELEASE, Act.SNOOZE, Act.ASSIGN, Act.IGNORE}
    assert {press.holder for press in shown.values()} == {"olga"}


def test_a_plan_that_is_shown_whole_can_be_decided_by_its_hash() -> None:
    shown = presses(proposed())
    assert {shown[act].plan for act in (Act.APPROVE, Act.REJECT)} == {PLAN.hash}


def test_buttons_vanish_once_it_is_decided_and_where_the_plan_does_more_than_is_shown() -> None:
    for others in ({"state": "approved"}, {"is_whole": False}, {"approvers": ()}):
        assert not {Act.APPROVE, Act.REJECT} & set(presses(proposed(**others)))


def test_nothing_can_be_done_about_what_is_over() -> None:
    over = message(state=IncidentState.RESOLVED, history=(RESOLVED,))
    assert action_blocks(over) == []


@pytest.mark.parametrize("kind", [CauseKind.STORM, CauseKind.SILENCE])
def test_nothing_can_be_done_about_a_list_of_others(kind: CauseKind) -> None:
    listed = replace(message().incident, cause=Cause(kind, "team"))
    assert action_blocks(replace(message(), incident=listed)) == []


def test_a_message_with_buttons_is_within_slacks_limits() -> None:
    shown = compose_message(proposed(), acts=True)
    assert check_blocks(shown.blocks) == ""
    assert all(each.fits for each in measure_message(shown))
    assert [each["type"] for each in shown.blocks].count("actions") == 3


def test_without_a_door_there_are_no_buttons() -> None:
    blocks = compose_message(proposed()).blocks
    assert "actions" not in {each["type"] for each in blocks}


def test_the_form_is_within_slacks_limits_and_carries_the_button() -> None:
    press = Press(Act.IGNORE, 2**31 - 1, "olga", "9" * 64)
    view = ignore_form(Form(press)).to_dict()
    assert len(view["title"]["text"]) <= 24
    assert len(view["private_metadata"]) <= 3_000
    assert read_press(view["private_metadata"]) == press
    assert all(len(block["label"]["text"]) <= 2_000 for block in view["blocks"])
