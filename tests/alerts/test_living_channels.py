"""What each channel makes of an incident's life, beside what all of them have in common."""

import json
from datetime import timedelta
from typing import Any

import pytest

from monitor.core.incidents import IncidentState, Message, Told
from monitor.core.ports import LivingChannel
from tests.alerts.examples import GREW, LATER, RESOLVED, every_message, message
from tests.alerts.harness import HARNESSES

OVER = message(state=IncidentState.RESOLVED, history=(GREW, RESOLVED._replace(sequence=3)))
LIFE = (message(), message(history=(GREW,)), message(state=IncidentState.ACKNOWLEDGED), OVER)


def posted(name: str, life: tuple[Message, ...]) -> list[Any]:
    """What arrives as the incident goes on."""
    with HARNESSES[name]() as harness:
        assert isinstance(harness.channel, LivingChannel)
        told: Told | None = None
        for each in life:
            told = harness.channel.tell(each, told)
        return [json.loads(request.body) for request in harness.receiver.requests]


def test_pagerduty_hears_each_turn_under_one_key() -> None:
    events = posted("pagerduty", LIFE)
    actions = [each["event_action"] for each in events]
    assert actions == ["trigger", "trigger", "acknowledge", "resolve"]
    assert {each["dedup_key"] for each in events} == {"tieout-incident-12"}
    payload = events[0]["payload"]
    assert (payload["severity"], payload["source"]) == ("critical", "psa")
    assert payload["custom_details"]["Deal"] == "OPP-17"


def test_pagerduty_is_triggered_before_it_hears_of_the_end() -> None:
    assert [each["event_action"] for each in posted("pagerduty", (OVER,))] == ["trigger", "resolve"]


def test_an_alert_keeps_its_identity_and_ends_when_the_incident_does() -> None:
    (first,), *_, (last,) = posted("alertmanager", LIFE)
    assert first["labels"] == last["labels"]
    assert first["endsAt"] > first["startsAt"]
    assert last["endsAt"].startswith(LATER.strftime("%Y-%m-%dT%H:%M"))


def test_an_alert_that_stands_is_sent_again_and_one_that_is_over_is_not() -> None:
    with HARNESSES["alertmanager"]() as harness:
        assert isinstance(harness.channel, LivingChannel)
        assert harness.channel.tell(message(), None).again == timedelta(minutes=1)
        assert harness.channel.tell(OVER, None).again is None


@pytest.mark.parametrize("name", ["slack_webhook", "teams"])
def test_a_channel_that_cannot_edit_says_only_what_is_new(name: str) -> None:
    assert len(posted(name, LIFE)) == 2


@pytest.mark.parametrize("name", ["slack_webhook", "teams", "pagerduty", "alertmanager"])
def test_every_shape_of_an_incident_can_be_shown(name: str) -> None:
    for each in every_message().values():
        assert posted(name, (each,))


def test_a_card_is_small_enough_for_teams() -> None:
    sizes = [len(json.dumps(posted("teams", (each,))[0])) for each in every_message().values()]
    assert max(sizes) < 28 * 1024
