import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from alerts.slack import SlackSettings
from monitor.core.errors import Permanent, Reason, Transient
from tests.alerts.examples import NOW, notice
from tests.alerts.fake_slack import CONVERSATION, TOKEN, FakeSlack
from tests.alerts.harness import Time, build, slack_settings
from tests.alerts.receiver import Receiver, Reply, running


@pytest.fixture
def fake() -> FakeSlack:
    return FakeSlack()


@pytest.fixture
def receiver(fake: FakeSlack) -> Iterator[Receiver]:
    with running(Receiver(fake.answer)) as receiver:
        yield receiver


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
        build(slack_settings(receiver.address), Time()).send(notice())
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
        build(slack_settings(receiver.address), Time()).send(notice())
    assert caught.value.reason is reason


def test_a_wrong_token_is_refused_by_the_other_side(receiver: Receiver) -> None:
    channel = build({**slack_settings(receiver.address), "token": "xoxb-wrong"}, Time())
    with pytest.raises(Permanent) as caught:
        channel.send(notice())
    assert caught.value.reason is Reason.CREDENTIALS


def test_messages_are_a_second_apart(receiver: Receiver, fake: FakeSlack) -> None:
    time = Time()
    channel = build(slack_settings(receiver.address), time)
    for _ in range(3):
        channel.send(notice())
    time.now += timedelta(seconds=0.75)
    channel.send(notice())
    time.now += timedelta(seconds=5)
    channel.send(notice())
    assert len(fake.messages) == 5
    assert time.slept == [1.0, 1.0, 0.25]


def test_a_clock_that_was_set_back_does_not_silence_the_channel(receiver: Receiver) -> None:
    time = Time()
    channel = build(slack_settings(receiver.address), time)
    channel.send(notice())
    time.now -= timedelta(days=1)
    channel.send(notice())
    assert time.slept == [1.0]


def test_a_message_mentions_nobody_and_unfolds_nothing(receiver: Receiver, fake: FakeSlack) -> None:
    build(slack_settings(receiver.address), Time()).send(notice())
    (message,) = fake.messages
    assert (message["parse"], message["link_names"]) == ("none", False)
    assert (message["unfurl_links"], message["unfurl_media"]) == (False, False)


def test_after_a_crash_the_message_is_found_again(receiver: Receiver, fake: FakeSlack) -> None:
    told = notice()
    delivery = build(slack_settings(receiver.address), Time()).send(told)
    restarted = build(slack_settings(receiver.address), Time())
    assert delivery.reference == fake.messages[0]["ts"]
    assert restarted.find(told) == delivery


def test_a_message_is_found_behind_many_newer_ones(receiver: Receiver, fake: FakeSlack) -> None:
    fake.page_size = 2
    channel = build(slack_settings(receiver.address), Time())
    steps = [notice(at=NOW + timedelta(minutes=minute)) for minute in range(6)]
    deliveries = [channel.send(step) for step in steps]
    assert [channel.find(step) for step in steps] == deliveries


def test_another_notice_or_another_app_is_no_match(receiver: Receiver, fake: FakeSlack) -> None:
    channel = build(slack_settings(receiver.address), Time())
    channel.send(notice())
    fake.messages.append({"ts": "1795340100.1", "text": "hello"})
    other = {"event_type": "other_app", "event_payload": {"id": notice(at=NOW).id, "n": [1]}}
    fake.messages[0]["metadata"] = other
    assert channel.find(notice()) is None


def test_without_the_right_to_read_the_channel_cannot_tell(
    receiver: Receiver, fake: FakeSlack
) -> None:
    fake.may_read = False
    channel = build(slack_settings(receiver.address), Time())
    channel.send(notice())
    assert channel.find(notice()) is None


def test_a_search_that_fails_is_said_and_not_taken_for_absence(receiver: Receiver) -> None:
    channel = build(slack_settings(receiver.address), Time())
    receiver.replies.append(Reply(500))
    with pytest.raises(Transient):
        channel.find(notice())
    receiver.replies.append(refusal("invalid_auth"))
    with pytest.raises(Permanent):
        channel.find(notice())
    receiver.replies.append(Reply(body=b'{"ok": true, "messages": [1]}'))
    with pytest.raises(Transient):
        channel.find(notice())


def test_a_search_gives_up_on_an_endless_history(receiver: Receiver, fake: FakeSlack) -> None:
    page = {"ok": True, "messages": [], "response_metadata": {"next_cursor": "again"}}
    receiver.replies.extend([Reply(body=json.dumps(page).encode())] * 20)
    assert build(slack_settings(receiver.address), Time()).find(notice()) is None
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
