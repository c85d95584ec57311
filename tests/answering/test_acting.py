"""What people press is done once, by those who may, on what still stands; all else does nothing."""

from collections.abc import Iterable
from dataclasses import replace

import pytest

from monitor.acting.acts import ACTS
from monitor.core.answers import BUTTONS, Act, Click, Filled, Form, Press, read_press, write_press
from monitor.core.breaks import BreakState
from monitor.core.incidents import IncidentState
from monitor.core.people import GRANTS, People, PersonSettings, Role
from tests.answering.scene import MEMBERS, Scene

ABLE = {
    act: [
        name
        for name, (_, roles) in MEMBERS.items()
        if any(ACTS[act].permission in GRANTS[role] for role in roles)
    ]
    for act in BUTTONS
}
UNABLE = [(act, name) for act in BUTTONS for name in [*MEMBERS, "U0EVE"] if name not in ABLE[act]]


def state(scene: Scene) -> tuple[object, ...]:
    """All that an act could change."""
    return (scene.incident, scene.plan_state())


def named(pairs: Iterable[tuple[Act, str]]) -> list[str]:
    return [f"{act.value}-{name}" for act, name in pairs]


def test_every_button_says_who_may_press_it_and_what_it_does() -> None:
    assert set(ACTS) == set(Act)


def test_a_button_is_read_as_it_was_written() -> None:
    for act in BUTTONS:
        press = Press(act, 12, 'ann|"\u202e', "f" * 64, 4)
        assert read_press(write_press(press)) == press


@pytest.mark.parametrize(
    "text",
    ["", "12", "[]", '["fly",1]', '["approve"]', '["approve","1"]', "{}", "\ud800", "null"],
)
def test_what_is_no_button_of_ours_is_none(text: str) -> None:
    assert read_press(text) is None


@pytest.mark.parametrize(("act", "who"), UNABLE, ids=named(UNABLE))
def test_who_lacks_the_role_changes_nothing_and_is_noted(
    act: Act, who: str, quiet_scene: Scene
) -> None:
    before = state(quiet_scene)
    told = quiet_scene.click(who, quiet_scene.press(act), chosen="otto")
    assert told.startswith("Nothing was done: ")
    assert state(quiet_scene) == before
    assert quiet_scene.deeds()[-1] == (
        f"slack:{who}" if who == "U0EVE" else who,
        "refused_in_slack",
    )


def test_whoever_presses_it_looks_after_the_incident(scene: Scene) -> None:
    told = scene.click("olga", scene.press(Act.ACKNOWLEDGE))
    assert told.startswith(f"You look after incident {scene.incident.id} until ")
    assert scene.incident.acknowledged_by == "olga"
    assert scene.incident.state is IncidentState.ACKNOWLEDGED
    assert scene.deeds()[-1] == ("olga", "acknowledge")


def test_a_click_on_what_somebody_else_took_says_who_and_does_nothing(scene: Scene) -> None:
    shown = scene.press(Act.ACKNOWLEDGE)
    scene.click("olga", shown)
    told = scene.click("otto", shown)
    assert "olga looks after it until" in told
    assert scene.incident.acknowledged_by == "olga"


def test_the_same_click_again_has_no_effect_and_no_answer(scene: Scene) -> None:
    click = Click("one", MEMBERS["olga"][0], scene.press(Act.ACKNOWLEDGE))
    assert scene.said(click)
    version = scene.incident.version
    assert scene.said(click) == ""
    assert scene.incident.version == version


def test_an_incident_waits_and_nobody_is_called_until_then(scene: Scene) -> None:
    scene.click("olga", scene.press(Act.SNOOZE, hours=4))
    until = scene.incident.acknowledged_until
    assert until is not None
    assert (until - scene.firm.clock()).total_seconds() == 4 * 3600
    assert scene.incident.state is IncidentState.ACKNOWLEDGED


def test_an_incident_is_given_to_somebody_whom_the_landscape_names(scene: Scene) -> None:
    told = scene.click("olga", scene.press(Act.ASSIGN), chosen="otto")
    assert told.startswith("otto looks after incident ")
    assert scene.incident.acknowledged_by == "otto"
    told = scene.click("olga", scene.press(Act.ASSIGN), chosen="U0EVE")
    assert "does not know whom you chose" in told
    assert scene.incident.acknowledged_by == "otto"


@pytest.mark.parametrize("limit", [{"legal_entities": ("Alpha",)}, {"regions": ("North",)}])
def test_who_sees_some_companies_or_regions_does_nothing_about_all_of_them(
    quiet_scene: Scene, limit: dict[str, tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = PersonSettings(roles=tuple(Role), slack="U0OLGA", **limit)
    narrowed = replace(quiet_scene.firm.estate, people=People({"olga": settings}))
    monkeypatch.setattr(quiet_scene.firm, "estate", narrowed)
    before = state(quiet_scene)
    for act in BUTTONS:
        assert "you see some of them" in quiet_scene.click("olga", quiet_scene.press(act))
        assert quiet_scene.deeds()[-1] == ("olga", "refused_in_slack")
    assert state(quiet_scene) == before
    assert "shown to those who see them all" in quiet_scene.command("olga", "status")


def test_whoever_lets_go_leaves_it_open_again(scene: Scene) -> None:
    scene.click("olga", scene.press(Act.ACKNOWLEDGE))
    scene.click("otto", scene.press(Act.RELEASE))
    assert (scene.incident.acknowledged_by, scene.incident.state) == ("", IncidentState.OPEN)


def test_nothing_is_done_about_what_is_over(scene: Scene) -> None:
    shown = {act: scene.press(act) for act in BUTTONS}
    scene.firm.staff("OPP-3")
    scene.firm.settle_down()
    assert scene.incident.state is IncidentState.RESOLVED
    before = scene.incident.version
    for act in (Act.ACKNOWLEDGE, Act.SNOOZE, Act.RELEASE, Act.ASSIGN, Act.IGNORE):
        told = scene.click("olga", shown[act], chosen="otto")
        assert told.startswith("Nothing was done: "), act
    assert scene.incident.version == before


def test_breaks_are_set_aside_with_a_reason_and_an_end(scene: Scene) -> None:
    press = scene.press(Act.IGNORE)
    asked = scene.say(Click("one", MEMBERS["olga"][0], press))
    assert asked == Form(press)
    assert scene.incident.state is IncidentState.OPEN
    told = scene.fill_in("olga", press, "known to finance", 7)
    assert told.startswith("Nobody hears of 1 break until ")
    assert scene.deeds()[-1] == ("olga", "ignore")
    assert [each.state for each in scene.firm.breaks()] == [BreakState.SUPPRESSED]


@pytest.mark.parametrize(("reason", "days"), [("", 7), ("  ", 7), ("why", 0), ("why", 91)])
def test_nothing_is_set_aside_without_a_reason_or_for_ever(
    reason: str, days: int, quiet_scene: Scene
) -> None:
    before = state(quiet_scene)
    told = quiet_scene.fill_in("olga", quiet_scene.press(Act.IGNORE), reason, days)
    assert told == "Nothing was done: an ignore needs a reason and an end."
    assert state(quiet_scene) == before


@pytest.mark.parametrize("who", ["vic", "ann", "audrey", "adam", "U0EVE"])
def test_a_form_that_somebody_else_fills_in_does_nothing(who: str, quiet_scene: Scene) -> None:
    before = state(quiet_scene)
    told = quiet_scene.fill_in(who, quiet_scene.press(Act.IGNORE), "because", 1)
    assert told.startswith("Nothing was done: ")
    assert state(quiet_scene) == before


def test_a_form_that_is_sent_twice_is_taken_once(scene: Scene) -> None:
    filled = Filled("one", MEMBERS["olga"][0], scene.press(Act.IGNORE), "because", 1)
    assert scene.said(filled)
    assert scene.said(filled) == ""


def test_somebody_else_approves_the_plan_that_was_shown(scene: Scene) -> None:
    told = scene.click("ann", scene.press(Act.APPROVE))
    assert told == f"Plan {scene.plan[:12]} is approved."
    assert scene.plan_state() == "approved"
    assert ("ann", "approve") in scene.deeds()


def test_who_asked_for_a_plan_cannot_approve_it_here_either(scene: Scene) -> None:
    told = scene.click("rita", scene.press(Act.APPROVE))
    assert "somebody else has to approve it" in told
    assert scene.plan_state() == "proposed"


def test_a_plan_that_changed_meanwhile_is_not_approved(scene: Scene) -> None:
    shown = scene.press(Act.APPROVE)
    scene.firm.psa.edit("p-OPP-3", amount=scene.firm.crm.rows["o-OPP-3"].fields["amount"])
    told = scene.click("ann", shown)
    assert told.startswith("Nothing was done: ")
    assert scene.plan_state() != "approved"


def test_a_plan_that_was_decided_is_not_decided_again(scene: Scene) -> None:
    shown = scene.press(Act.REJECT)
    scene.click("ann", shown)
    assert scene.plan_state() == "rejected"
    assert scene.click("ann", shown).startswith("Nothing was done: ")
    assert scene.click("ann", scene.press(Act.APPROVE)).startswith("Nothing was done: ")
    assert scene.plan_state() == "rejected"


def test_a_plan_whose_time_is_over_is_not_approved(scene: Scene) -> None:
    scene.later(hours=5)
    assert scene.click("ann", scene.press(Act.APPROVE)).startswith("Nothing was done: ")
    assert scene.plan_state() != "approved"
