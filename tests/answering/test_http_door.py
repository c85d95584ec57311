"""Slack over HTTP: the signed, near and new is taken; to all else the door is shut."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from alerts import CHANNELS
from monitor.core.answers import Act, write_press
from monitor.core.plugins import ChannelContext
from monitor.scheduler import Daemon
from monitor.store.database import Database
from tests.alerts.receiver import Receiver, Reply, Request, running
from tests.answering.scene import MEMBERS, Scene
from tests.answering.test_signatures import SECRET, sign
from tests.answering.waiting import wait_until
from tests.web.serving import browsing


class Door:
    """The page's own route, with what came of it; answers go to a receiver on loopback."""

    def __init__(self, scene: Scene, client: httpx.Client, replies: Receiver) -> None:
        self.scene, self.client, self.replies = scene, client, replies

    @property
    def stamp(self) -> str:
        return str(int(self.scene.firm.clock().timestamp()))

    def send(self, body: bytes, stamp: str | None = None, signature: str | None = None) -> int:
        stamp = self.stamp if stamp is None else stamp
        headers = {
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": sign(body, stamp) if signature is None else signature,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        answer = self.client.post("/slack", content=body, headers=headers)
        assert answer.content == b""
        return answer.status_code

    def click(self, act: Act, who: str, stamp: str = "1.5") -> bytes:
        """As Slack sends it."""
        payload: dict[str, Any] = {
            "type": "block_actions",
            "user": {"id": MEMBERS[who][0], "username": who},
            "container": {"type": "message", "message_ts": "1.1"},
            "response_url": f"{self.replies.address}/actions/T0/canary-url",
            "trigger_id": "canary-trigger",
            "actions": [
                {
                    "action_id": act.value,
                    "block_id": "b",
                    "type": "button",
                    "value": write_press(self.scene.press(act)),
                    "action_ts": stamp,
                }
            ],
        }
        return urlencode({"payload": json.dumps(payload)}).encode()


@pytest.fixture
def door(sqlite_database: Database) -> Iterator[Door]:
    scene = Scene(sqlite_database)
    with running(Receiver(lambda request: Reply(200, b'{"ok": true}'))) as replies:
        settings = {
            "channel": "slack",
            "token": "xoxb-canary",
            "conversation": "C0123ABCD",
            "signing_secret": SECRET,
            "base_url": f"{replies.address}/api/",
        }
        kind = CHANNELS["slack"]
        channel = kind.build(
            kind.settings.model_validate(settings), ChannelContext("team", scene.firm.clock)
        )
        scene.firm.estate = replace(scene.firm.estate, channels={"team": channel})
        daemon = Daemon(scene.firm.runtime, lambda: scene.firm.estate)
        with browsing(daemon) as client:
            daemon.answering.reply_origin = replies.address
            yield Door(scene, client, replies)
            daemon.answering.close()
        channel.close()


def answers(door: Door) -> list[str]:
    return [json.loads(request.body)["text"] for request in door.replies.requests]


def wait_for_answers(door: Door, count: int) -> list[str]:
    wait_until(lambda: len(door.replies.requests) >= count)
    return answers(door)


def test_a_signed_click_is_done_and_answered_to_whoever_pressed_alone(door: Door) -> None:
    assert door.send(door.click(Act.ACKNOWLEDGE, "olga")) == 200
    (told,) = wait_for_answers(door, 1)
    assert told.startswith("You look after incident")
    assert door.scene.incident.acknowledged_by == "olga"
    sent: Request = door.replies.requests[0]
    assert json.loads(sent.body)["response_type"] == "ephemeral"


def test_a_signed_request_said_again_is_refused_and_has_no_effect(door: Door) -> None:
    body = door.click(Act.ACKNOWLEDGE, "olga")
    assert [door.send(body), door.send(body)] == [200, 401]
    wait_for_answers(door, 1)
    assert len(answers(door)) == 1


def test_a_click_that_slack_sends_again_with_a_new_signature_has_one_effect(door: Door) -> None:
    body = door.click(Act.ACKNOWLEDGE, "olga")
    assert door.send(body) == 200
    wait_for_answers(door, 1)
    version = door.scene.incident.version
    later = str(int(door.stamp) + 60)
    assert door.send(body, later, sign(body, later)) == 200
    assert door.send(door.click(Act.RELEASE, "vic", stamp="2.5")) == 200
    assert "lacks the role" in wait_for_answers(door, 2)[1]
    assert door.scene.incident.version == version


def test_nothing_comes_through_that_slack_did_not_sign_lately(door: Door) -> None:
    before = (door.scene.incident, door.scene.plan_state(), len(door.scene.deeds()))
    now = int(door.stamp)
    for act in Act:
        body = door.click(act, "rita")
        refused = {
            "unsigned": door.send(body, signature=""),
            "forged": door.send(body, signature=sign(body, secret="another")),
            "old": door.send(body, str(now - 301)),
            "future": door.send(body, str(now + 301)),
            "too long": door.send(body + b"&x=" + b"x" * 70_000),
            "no text": door.send(b"\xff\xfe", signature="v0=00"),
        }
        assert set(refused.values()) == {401}, (act, refused)
    assert (door.scene.incident, door.scene.plan_state(), len(door.scene.deeds())) == before


def test_a_signed_body_that_is_nothing_of_ours_does_nothing(door: Door) -> None:
    for body in (b"\xff", b"payload=[]", b"payload=%7B%22type%22%3A1%7D", b"command=%2Fother", b""):
        assert door.send(body) == 200
    assert door.replies.requests == []


def test_a_form_is_shown_filled_in_and_answered_to_whoever_filled_it_in(door: Door) -> None:
    assert door.send(door.click(Act.IGNORE, "olga")) == 200
    wait_until(lambda: len(door.replies.requests) == 1)
    shown = door.replies.requests[0]
    assert shown.path == "/api/views.open"
    view = json.loads(shown.body)["view"]
    assert json.loads(shown.body)["trigger_id"] == "canary-trigger"
    filled = {
        "type": "view_submission",
        "user": {"id": MEMBERS["olga"][0]},
        "view": {
            "id": "V1",
            "callback_id": view["callback_id"],
            "private_metadata": view["private_metadata"],
            "state": {
                "values": {
                    "reason": {"reason": {"type": "plain_text_input", "value": "known"}},
                    "days": {"days": {"selected_option": {"value": "3"}}},
                }
            },
        },
    }
    assert door.send(urlencode({"payload": json.dumps(filled)}).encode()) == 200
    wait_until(lambda: len(door.replies.requests) == 2)
    whispered = door.replies.requests[1]
    assert whispered.path == "/api/chat.postEphemeral"
    assert json.loads(whispered.body)["user"] == MEMBERS["olga"][0]
    assert json.loads(whispered.body)["text"].startswith("Nobody hears of 1 break until ")


def test_a_command_is_answered(door: Door) -> None:
    form = {"command": "/tieout", "text": "status", "user_id": MEMBERS["vic"][0],
            "trigger_id": "1.2.canary-trigger",
            "response_url": f"{door.replies.address}/commands/T0/canary-url"}  # fmt: skip
    assert door.send(urlencode(form).encode()) == 200
    assert "every stream is seen" in wait_for_answers(door, 1)[0]


def test_an_answer_goes_to_slack_alone(door: Door) -> None:
    body = door.click(Act.ACKNOWLEDGE, "olga")
    elsewhere = body.replace(b"127.0.0.1", b"127.0.0.2")
    assert door.send(elsewhere) == 200
    assert door.send(door.click(Act.RELEASE, "vic", stamp="3.5")) == 200
    wait_for_answers(door, 1)
    assert door.scene.incident.acknowledged_by == "olga"
    assert len(answers(door)) == 1


def test_what_is_secret_is_in_no_log(
    door: Door, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    door.send(door.click(Act.ACKNOWLEDGE, "olga"))
    door.send(b"payload=canary-body", signature="v0=canary")
    wait_for_answers(door, 1)
    said = capsys.readouterr()
    assert "canary" not in said.out + said.err + caplog.text
