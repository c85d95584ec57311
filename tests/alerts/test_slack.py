import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from alerts.slack import SlackChannel, SlackSettings
from monitor.core.errors import Permanent, Reason, Transient
from monitor.core.incidents import IncidentState, Told
from tests.alerts.examples import (
    GREW,
    MISSING,
    RESOLVED,
    message,
)
from tests.alerts.fake_slack import CONVERSATION, TOKEN, FakeSlack
from tests.alerts.harness import Time, slack_settings
from tests.alerts.harness import build as build_any
from tests.alerts.receiver import Receiver, Reply, running


@pytest.fixture
def fake() -> FakeSlack:
    return FakeSlack()


@pytest.fixture
def receiver(fake: FakeSlack) -> Iterator[Receiver]:
    with running(Receiver(fake.answer)) as receiver:
        yield receiver


def build(raw_settings: dict[str, Any], time: Time) -> SlackChannel:
    channel = build_any(raw_settings, time)
    assert isinstance(channel, SlackChannel)
    return channel


def refusal(code: str) -> Reply:
    return Reply(body=json.dumps({"ok": False, "error": code}).encode())


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("invalid_auth", Reason.CREDENTIALS),
        ("token_revoked", Reason.CREDENTIALS),
        ("channel_not_found", Reason.NOT_FOUND),
        ("not_in_channel", Reason.NOT_FOUND),
        ("msg_blocks_too_long", Reason.TOO_LARGE),
        ("invalid_blocks", Reason.REFUSED),
        ("a_code_of_next_year", Reason.REFUSED),
    ],
)
def test_a_refusal_that_stays_is_permanent(receiver: Receiver, code: str, reason: Reason) -> None:
    receiver.replies.append(refusal(code))
    with pytest.raises(Permanent, match=code) as caught:
        build(slack_settings(receiver.address), Time()).tell(message(), None)
    assert caught.value.reason is reason


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (refusal("ratelimited"), Reason.THROTTLED),
        (refusal("internal_error"), Reason.SERVER_ERROR),
        (Reply(503, b"<html>"), Reason.SERVER_ERROR),
        (Reply(200, b"<html>a proxy</html>"), Reason.MALFORMED),
        (Reply(200, b'{"ok": tr', cut=True), Reason.MALFORMED),
        (Reply(200, b'{"ok": true}'), Reason.MALFORMED),
        (Reply(200, b'{"ok": 1, "ts": "1.1"}'), Reason.MALFORMED),
    ],
)
def test_a_failure_that_passes_is_transient(
    receiver: Receiver, reply: Reply, reason: Reason
) -> None:
    receiver.replies.append(reply)
    with pytest.raises(Transient) as caught:
        build(slack_settings(receiver.address), Time()).tell(message(), None)
    assert caught.value.reason is reason


def test_a_wrong_token_is_refused_by_the_other_side(receiver: Receiver) -> None:
    channel = build({**slack_settings(receiver.address), "token": "xoxb-wrong"}, Time())
    with pytest.raises(Permanent) as caught:
        channel.tell(message(), None)
    assert caught.value.reason is Reason.CREDENTIALS


def test_messages_are_a_second_apart(receiver: Receiver, fake: FakeSlack) -> None:
    time = Time()
    channel = build(slack_settings(receiver.address), time)
    for _ in range(3):
        channel.tell(message(), None)
    time.now += timedelta(seconds=0.75)
    channel.tell(message(), None)
    time.now += timedelta(seconds=5)
    channel.tell(message(), None)
    assert len(fake.messages) == 5
    assert time.slept == [1.0, 1.0, 0.25]


def test_a_clock_that_was_set_back_does_not_silence_the_channel(receiver: Receiver) -> None:
    time = Time()
    channel = build(slack_settings(receiver.address), time)
    channel.tell(message(), None)
    time.now -= timedelta(days=1)
    channel.tell(message(), None)
    assert time.slept == [1.0]


def test_a_message_mentions_nobody_and_unfolds_nothing(receiver: Receiver, fake: FakeSlack) -> None:
    build(slack_settings(receiver.address), Time()).tell(message(), None)
    (posted,) = fake.messages
    assert (posted["parse"], posted["link_names"]) == ("none", False)
    assert (posted["unfurl_links"], posted["unfurl_media"]) == (False, False)


def test_an_incident_is_one_message_whose_thread_keeps_the_history(
    receiver: Receiver, fake: FakeSlack
) -> None:
    channel = build(slack_settings(receiver.address), Time())
    told = channel.tell(message(), None)
    told = channel.tell(message(MISSING, MISSING, history=(GREW,)), told)
    over = message(history=(GREW, RESOLVED._replace(sequence=3)), state=IncidentState.RESOLVED)
    told = channel.tell(over, told)
    (posted,) = fake.messages
    assert posted["text"].startswith("Resolved: ")
    assert [GREW.why in each["blocks"][0]["text"]["text"] for each in fake.replies] == [True, False]
    assert RESOLVED.why in fake.replies[1]["blocks"][0]["text"]["text"]
    assert told == Told(posted["ts"], 3)


def test_nothing_new_adds_nothing_to_the_thread(receiver: Receiver, fake: FakeSlack) -> None:
    channel = build(slack_settings(receiver.address), Time())
    told = channel.tell(message(), None)
    assert channel.tell(message(), told) == told
    assert (len(fake.messages), fake.replies) == (1, [])


def test_a_message_that_somebody_took_away_is_posted_anew(
    receiver: Receiver, fake: FakeSlack
) -> None:
    channel = build(slack_settings(receiver.address), Time())
    told = channel.tell(message(), None)
    fake.messages.clear()
    again = channel.tell(message(history=(GREW,)), told)
    assert [each["ts"] for each in fake.messages] == [again.reference]


def test_after_a_crash_the_message_and_its_thread_are_found_again(
    receiver: Receiver, fake: FakeSlack
) -> None:
    first = build(slack_settings(receiver.address), Time())
    told = first.tell(message(history=(GREW,)), first.tell(message(), None))
    restarted = build(slack_settings(receiver.address), Time())
    assert restarted.find(message()) == told == Told(fake.messages[0]["ts"], 2)


def test_a_message_is_found_behind_many_newer_ones(receiver: Receiver, fake: FakeSlack) -> None:
    fake.page_size = 2
    channel = build(slack_settings(receiver.address), Time())
    incidents = [message(number=number) for number in range(6)]
    told = [channel.tell(each, None) for each in incidents]
    assert [channel.find(each) for each in incidents] == told


def test_another_incident_or_another_app_is_no_match(receiver: Receiver, fake: FakeSlack) -> None:
    channel = build(slack_settings(receiver.address), Time())
    channel.tell(message(number=13), None)
    fake.messages.append({"ts": "1795340100.1", "text": "hello"})
    other = {"event_type": "other_app", "event_payload": {"key": message().key, "events": 1}}
    fake.messages.append({"ts": "1795340101.1", "text": "hello", "metadata": other})
    assert channel.find(message()) is None


def test_without_the_right_to_read_the_channel_cannot_tell(
    receiver: Receiver, fake: FakeSlack
) -> None:
    fake.may_read = False
    channel = build(slack_settings(receiver.address), Time())
    channel.tell(message(), None)
    assert channel.find(message()) is None


def test_a_search_that_fails_is_said_and_not_taken_for_absence(receiver: Receiver) -> None:
    channel = build(slack_settings(receiver.address), Time())
    receiver.replies.append(Reply(500))
    with pytest.raises(Transient):
        channel.find(message())
    receiver.replies.append(refusal("invalid_auth"))
    with pytest.raises(Permanent):
        channel.find(message())
    receiver.replies.append(Reply(body=b'{"ok": true, "messages": [1]}'))
    with pytest.raises(Transient):
        channel.find(message())


def test_a_search_gives_up_on_an_endless_history(receiver: Receiver, fake: FakeSlack) -> None:
    page = {"ok": True, "messages": [], "response_metadata": {"next_cursor": "again"}}
    receiver.replies.extend([Reply(body=json.dumps(page).encode())] * 20)
    assert build(slack_settings(receiver.address), Time()).find(message()) is None
    assert len(receiver.requests) == 10


@pytest.mark.parametrize("conversation", ["#deals", "deals", "", "C1\nX", "U0123ABCD"])
def test_a_conversation_is_named_by_its_identifier(conversation: str) -> None:
    with pytest.raises(ValidationError):
        SlackSettings.model_validate(
            {"channel": "slack", "token": TOKEN, "conversation": conversation}
        )


def test_the_usual_address_is_slacks() -> None:
    settings = SlackSettings.model_validate(
        {"channel": "slack", "token": TOKEN, "conversation": CONVERSATION}
    )
    assert str(settings.base_url) == "https://slack.com/api/"


def test_the_page_names_every_setting() -> None:
    page = (Path(__file__).parents[2] / "docs/reference/slack.md").read_text("utf-8")
    documented = set(re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE))
    assert documented == set(SlackSettings.model_fields) - {"channel"}
