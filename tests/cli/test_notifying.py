"""What people would be told, without telling them; and one message that is a test."""

import json
from pathlib import Path

import pytest

from alerts.examples import examples
from tests.cli.conftest import Run
from tests.daemon.firms import Scene
from tests.servers import Reply, ScriptedServer


def run(tieout: Run, firm: Scene, landscape: Path, *words: object) -> tuple[int, str, str]:
    done = tieout("notify", *words, "--landscape", landscape, variables=firm.environment())
    return done.status, done.out, done.err


def test_an_incident_that_stands_is_previewed(tieout: Run, firm: Scene, looked_at: Path) -> None:
    status, said, _ = run(tieout, firm, looked_at, "preview", "1")
    assert status == 0
    assert "At risk: " in said
    assert "Where " in said
    status, said, _ = run(tieout, firm, looked_at, "preview", "1", "--json")
    blocks = json.loads(said)["blocks"]
    assert blocks[0]["type"] == "header"


@pytest.mark.parametrize("name", sorted(examples()))
def test_every_example_is_previewed(tieout: Run, firm: Scene, looked_at: Path, name: str) -> None:
    status, said, _ = run(tieout, firm, looked_at, "preview", "--example", name)
    assert status == 0
    assert said.startswith(examples()[name].title)


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("preview",), "name an incident"),
        (("preview", "--example", "nothing"), "there is no example"),
        (("preview", "99999"), "there is no incident 99999"),
        (("test", "nobody"), "there is no channel 'nobody'"),
    ],
)
def test_what_cannot_be_shown_is_said(
    tieout: Run, firm: Scene, looked_at: Path, words: tuple[str, ...], complaint: str
) -> None:
    status, _, said = run(tieout, firm, looked_at, *words)
    assert status != 0
    assert complaint in " ".join(said.replace("│", " ").split())


def test_a_channel_is_tried_with_a_message_that_says_what_it_is(
    tieout: Run, firm: Scene, tmp_path: Path
) -> None:
    landscape = tmp_path / "landscape.yaml"
    with ScriptedServer() as server:
        server.scripts["/flow"] = Reply({}, status=202)
        text = firm.landscape.read_text("utf-8")
        channel = "channels:\n  room: {channel: teams, url: '${env:ROOM_URL}'}\n"
        landscape.write_text(text.replace("channels:\n", channel), "utf-8")
        variables = {**firm.environment(), "ROOM_URL": f"{server.url}/flow"}
        done = tieout("notify", "test", "room", "-l", landscape, variables=variables)
        (request,) = server.requests
    assert done.status == 0
    assert "'room' took it" in done.out
    assert "This is a test of this channel" in request.body.decode()


def test_a_feed_of_machines_is_no_channel_to_try(tieout: Run, firm: Scene, tmp_path: Path) -> None:
    landscape = firm.landscape
    done = tieout("notify", "test", "inbox", "-l", landscape, variables=firm.environment())
    assert done.status != 0
    assert "tells machines" in " ".join(done.err.split())


def test_a_channel_shows_what_it_would_send_and_what_limits_that(
    tieout: Run, firm: Scene, tmp_path: Path
) -> None:
    landscape = tmp_path / "landscape.yaml"
    text = firm.landscape.read_text("utf-8")
    room = "channels:\n  room: {channel: teams, url: '${env:ROOM_URL}'}\n"
    landscape.write_text(text.replace("channels:\n", room), "utf-8")
    variables = {**firm.environment(), "ROOM_URL": "https://teams.example/canary-7c1d"}
    words = ("notify", "preview", "--example", "opened", "--channel", "room", "-l", landscape)
    shown = tieout(*words, variables=variables)
    assert shown.status == 0
    assert '"AdaptiveCard"' in shown.out
    assert "of 28,672" in shown.out
    document = json.loads(tieout(*words, "--json", variables=variables).out)
    assert document["channel"] == "room"
    assert document["limits"][0]["what"] == "bytes"
    assert "canary-7c1d" not in shown.out + shown.err


def test_what_the_other_side_would_not_take_is_said(
    tieout: Run, firm: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alerts.teams.MAX_BYTES", 100)
    landscape = tmp_path / "landscape.yaml"
    text = firm.landscape.read_text("utf-8")
    room = "channels:\n  room: {channel: teams, url: 'https://teams.example'}\n"
    landscape.write_text(text.replace("channels:\n", room), "utf-8")
    words = ("notify", "preview", "--example", "opened", "--channel", "room", "-l", landscape)
    shown = tieout(*words, variables=firm.environment())
    assert shown.status == 1
    assert "too long" in shown.err
