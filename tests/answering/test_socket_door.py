"""Socket Mode: tieout opens the connection, acknowledges at once, acts once, and comes back."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest

from alerts import CHANNELS
from monitor.answering import desk as desks
from monitor.answering.desk import BUSY, AnsweringDesk
from monitor.answering.sockets import SocketDoors
from monitor.core.answers import Act, write_press
from monitor.core.plugins import ChannelContext
from monitor.scheduler import Daemon
from monitor.store.database import Database
from tests.answering.scene import MEMBERS, Scene
from tests.answering.socket_slack import (
    ACKNOWLEDGED_WITHIN,
    APP_TOKEN,
    SocketSlack,
    running_slack,
)
from tests.answering.waiting import wait_until


@dataclass
class Door:
    """The connection, and both of its ends."""

    scene: Scene
    slack: SocketSlack
    doors: SocketDoors
    desk: AnsweringDesk

    def click(self, act: Act, who: str, stamp: str = "1.5") -> dict[str, Any]:
        return {
            "type": "block_actions",
            "user": {"id": MEMBERS[who][0]},
            "container": {"type": "message", "message_ts": "1.1"},
            "response_url": f"{self.slack.receiver.address}/actions/canary-url",
            "actions": [
                {
                    "action_id": act.value,
                    "action_ts": stamp,
                    "value": write_press(self.scene.press(act)),
                }
            ],
        }

    def command(self, who: str, text: str) -> dict[str, Any]:
        return {
            "command": "/tieout",
            "text": text,
            "user_id": MEMBERS[who][0],
            "trigger_id": "9.9.canary",
            "response_url": f"{self.slack.receiver.address}/commands/canary-url",
        }

    def answers(self) -> list[str]:
        asked = [each for each in self.slack.receiver.requests if "canary-url" in each.path]
        return [json.loads(each.body)["text"] for each in asked]

    def wait_for_answers(self, count: int) -> list[str]:
        wait_until(lambda: len(self.answers()) >= count)
        return self.answers()


@pytest.fixture
def door(sqlite_database: Database) -> Iterator[Door]:
    scene = Scene(sqlite_database)
    with running_slack() as slack:
        settings = {
            "channel": "slack",
            "token": "xoxb-canary",
            "conversation": "C0123ABCD",
            "app_token": APP_TOKEN,
            "base_url": f"{slack.receiver.address}/api/",
        }
        kind = CHANNELS["slack"]
        channel = kind.build(
            kind.settings.model_validate(settings), ChannelContext("team", scene.firm.clock)
        )
        scene.firm.estate = replace(scene.firm.estate, channels={"team": channel})
        desk = AnsweringDesk(lambda: scene.firm.estate, scene.firm.runtime, slack.receiver.address)
        doors = SocketDoors(desk, ping_every=1.0)
        doors.follow(scene.firm.estate)
        wait_until(lambda: slack.is_connected)
        yield Door(scene, slack, doors, desk)
        doors.close()
        desk.close()
        channel.close()


def test_a_click_is_acknowledged_in_time_done_and_answered(door: Door) -> None:
    door.slack.send("e1", "interactive", door.click(Act.ACKNOWLEDGE, "olga"))
    (told,) = door.wait_for_answers(1)
    assert told.startswith("You look after incident")
    assert door.scene.incident.acknowledged_by == "olga"
    assert door.slack.acknowledged["e1"] < ACKNOWLEDGED_WITHIN


def test_an_envelope_that_is_sent_again_has_one_effect(door: Door) -> None:
    click = door.click(Act.ACKNOWLEDGE, "olga")
    for envelope in ("e1", "e2"):
        door.slack.send(envelope, "interactive", click)
        wait_until(lambda envelope=envelope: envelope in door.slack.acknowledged)  # type: ignore[misc]
    door.slack.send("e3", "slash_commands", door.command("vic", "help"))
    assert len(door.wait_for_answers(2)) == 2
    assert [action for _, action in door.scene.deeds()].count("acknowledge") == 1


def test_a_command_is_answered(door: Door) -> None:
    door.slack.send("e1", "slash_commands", door.command("vic", "trace OPP-3"))
    (told,) = door.wait_for_answers(1)
    assert "OPP-3" in told


def test_an_envelope_of_another_kind_is_acknowledged_and_nothing_else(door: Door) -> None:
    door.slack.send("e1", "events_api", {"event": {"type": "message", "text": "hi"}})
    wait_until(lambda: "e1" in door.slack.acknowledged)
    assert door.answers() == []


def test_who_comes_when_all_room_is_taken_is_told_so(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door.desk, "take", lambda said: False)
    door.slack.send("e1", "slash_commands", door.command("vic", "status"))
    wait_until(lambda: "e1" in door.slack.acknowledged)
    assert door.slack.payloads["e1"] == {"text": BUSY}
    assert desks.WAITING == 32


def test_it_comes_back_after_slack_hung_up(door: Door) -> None:
    door.slack.hang_up()
    wait_until(lambda: door.slack.opened > 1 and door.slack.is_connected)
    door.slack.send("e1", "interactive", door.click(Act.ACKNOWLEDGE, "olga"))
    assert door.wait_for_answers(1)


def test_what_the_landscape_no_longer_asks_for_is_closed(door: Door) -> None:
    door.doors.follow(replace(door.scene.firm.estate, channels={}))
    assert door.doors._open == {}


def test_a_token_that_slack_refuses_leaves_the_daemon_at_work(
    door: Door, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    (channel,) = door.scene.firm.estate.channels.values()
    settings = channel.settings.model_dump() | {"app_token": "xapp-canary-other"}  # type: ignore[union-attr]
    kind = CHANNELS["slack"]
    other = kind.build(
        kind.settings.model_validate(settings), ChannelContext("team", door.scene.firm.clock)
    )
    door.doors.follow(replace(door.scene.firm.estate, channels={"team": other}))
    assert not door.doors.is_connected()
    said = capsys.readouterr()
    assert "credentials" in said.out + said.err + caplog.text
    assert "canary" not in said.out + said.err + caplog.text


def test_a_daemon_opens_the_connection_keeps_it_over_a_reload_and_closes_it(door: Door) -> None:
    door.doors.close()
    daemon = Daemon(door.scene.firm.runtime, lambda: door.scene.firm.estate)
    daemon.start()
    try:
        wait_until(lambda: door.slack.opened > 1 and door.slack.is_connected)
        assert daemon.reload() is None
        daemon.answering.reply_origin = door.slack.receiver.address
        door.slack.send("e1", "slash_commands", door.command("vic", "help"))
        assert door.wait_for_answers(1)
    finally:
        assert daemon.stop()
