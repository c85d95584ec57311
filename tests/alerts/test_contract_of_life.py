"""What holds of an incident's life in every channel for people: our clients, before our own sides.

Created once, found after a crash or known by its name, updated in place, closed; and what a side
may answer meanwhile. What each channel can is stated here, and in docs/reference/channels.md.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from alerts import CHANNELS
from alerts.incident_text import text_of
from monitor.core.drafts import Drafting
from monitor.core.errors import Permanent, Transient
from monitor.core.incidents import Event, EventKind, IncidentState, Message, Told
from monitor.core.ports import LivingChannel
from tests.alerts.examples import HOSTILE, LATER, RESOLVED, every_message, hostile_finding, message
from tests.alerts.harness import HARNESSES, Time, build
from tests.alerts.mail_server import Mailbox, mail_server
from tests.alerts.receiver import Receiver, Reply

EDITS = frozenset({"alertmanager", "jira", "pagerduty", "servicenow", "slack"})
RECOGNISES = EDITS | {"email"}
FEEDS = frozenset({"webhook"})
"""They carry notices of single steps to programs, and know no incident."""

LIVING = sorted(set(CHANNELS) - FEEDS)
OVER_HTTP = sorted(set(LIVING) - {"email"})
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "channels.md"

RAISED = Event(2, LATER, EventKind.RAISED, "tieout", "It is critical now, and was warning.")
OPEN = message()
URGENT = message(history=(RAISED,))
OVER = message(state=IncidentState.RESOLVED, history=(RAISED, RESOLVED._replace(sequence=3)))


@dataclass
class Side:
    """A channel, and what is on its other side."""

    name: str
    channel: LivingChannel
    things: Callable[[], Mapping[str, bool]]
    receiver: Receiver | None = None
    time: Time | None = None


@contextmanager
def mail() -> Iterator[Side]:
    with mail_server(Mailbox()) as mailbox:
        settings = {
            "channel": "email",
            "host": "127.0.0.1",
            "port": mailbox.port,
            "security": "none",
            "sender": "tieout@firm.example",
            "to": ["on-call@firm.example"],
        }
        channel = build(settings, Time())
        assert isinstance(channel, LivingChannel)
        yield Side(
            "email",
            channel,
            lambda: {
                str(each["Message-ID"]): "Resolved: " in each["Subject"] for each in mailbox.mails
            },
        )


@contextmanager
def opened(name: str) -> Iterator[Side]:
    if name == "email":
        with mail() as side:
            yield side
        return
    with HARNESSES[name]() as each:
        assert isinstance(each.channel, LivingChannel)
        yield Side(name, each.channel, each.things, each.receiver, each.time)


@pytest.fixture(params=LIVING)
def side(request: pytest.FixtureRequest) -> Iterator[Side]:
    with opened(request.param) as each:
        yield each


@pytest.fixture(params=OVER_HTTP)
def answering(request: pytest.FixtureRequest) -> Iterator[tuple[Side, Receiver]]:
    with opened(request.param) as each:
        assert each.receiver is not None
        yield each, each.receiver


def live(side: Side, *life: Message, told: Told | None = None) -> Told:
    for each in life:
        told = side.channel.tell(each, told)
    assert told is not None
    return told


def test_an_incident_is_created_once(side: Side) -> None:
    told = live(side, OPEN)
    assert list(side.things().values()) == [False]
    assert told.events == len(OPEN.history)


def test_what_is_new_is_said_in_place_where_the_channel_edits(side: Side) -> None:
    live(side, OPEN, URGENT)
    assert len(side.things()) == (1 if side.name in EDITS else 2)


def test_the_same_again_says_nothing_new(side: Side) -> None:
    told = live(side, OPEN)
    before = dict(side.things())
    live(side, OPEN, told=told)
    assert dict(side.things()) == before


def test_it_is_closed_in_the_end(side: Side) -> None:
    live(side, OPEN, URGENT, OVER)
    states = list(side.things().values())
    assert states[-1]
    assert len(states) == (1 if side.name in EDITS else 3)


def test_after_a_crash_it_is_the_same_thing_where_the_channel_can_tell(side: Side) -> None:
    live(side, OPEN)
    live(side, OPEN, told=side.channel.find(OPEN))  # what was told was not written down
    assert len(side.things()) == (1 if side.name in RECOGNISES else 2)


def test_after_a_crash_it_is_closed_all_the_same(side: Side) -> None:
    live(side, OPEN)
    live(side, OVER, told=side.channel.find(OVER))
    assert list(side.things().values())[-1]


def test_two_incidents_are_two_things(side: Side) -> None:
    live(side, OPEN)
    live(side, message(number=13))
    assert len(side.things()) == 2


def test_every_shape_is_within_the_limits(side: Side) -> None:
    for number, each in enumerate(every_message().values(), 1):
        live(side, replace(each, incident=replace(each.incident, id=number)))
        assert len(side.things()) == number


def test_no_text_of_a_record_keeps_an_incident_from_its_end(side: Side) -> None:
    for number, text in enumerate(HOSTILE, 1):
        found, ended = hostile_finding(text), RESOLVED._replace(sequence=2)
        over = message(found, number=number, state=IncidentState.RESOLVED, history=(ended,))
        live(side, message(found, number=number), replace(over, examples=tuple([text] * 10)))
        assert list(side.things().values())[-1]


def test_a_wait_in_seconds_is_kept(answering: tuple[Side, Receiver]) -> None:
    side, receiver = answering
    receiver.replies.append(Reply(429, b"{}", {"Retry-After": "7"}))
    with pytest.raises(Transient) as caught:
        live(side, OPEN)
    assert caught.value.retry_after == 7.0


def test_a_wait_until_an_instant_is_kept(answering: tuple[Side, Receiver]) -> None:
    side, receiver = answering
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=900), usegmt=True)
    receiver.replies.append(Reply(429, b"{}", {"Retry-After": until}))
    with pytest.raises(Transient) as caught:
        live(side, OPEN)
    assert caught.value.retry_after is not None
    assert 600 < caught.value.retry_after <= 900  # by the other side's own clock


@pytest.mark.parametrize("text", ["", "soon", "-5", "1.5", "9" * 40, "Wed, 99 Foo 2026"])
def test_a_wait_that_is_none_is_left_to_us(answering: tuple[Side, Receiver], text: str) -> None:
    side, receiver = answering
    receiver.replies.append(Reply(429, b"{}", {"Retry-After": text}))
    with pytest.raises(Transient) as caught:
        live(side, OPEN)
    assert caught.value.retry_after is None


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_what_fails_there_is_tried_again(answering: tuple[Side, Receiver], status: int) -> None:
    side, receiver = answering
    receiver.replies.append(Reply(status, b"<html>upstream</html>"))
    with pytest.raises(Transient):
        live(side, OPEN)
    live(side, OPEN)
    assert len(side.things()) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 410, 413, 422])
def test_what_is_refused_is_not(answering: tuple[Side, Receiver], status: int) -> None:
    side, receiver = answering
    receiver.replies.append(Reply(status, b'{"ok": false, "error": "invalid_arguments"}'))
    with pytest.raises(Permanent):
        live(side, OPEN)


def test_half_an_answer_is_none(answering: tuple[Side, Receiver]) -> None:
    side, receiver = answering
    receiver.replies.append(Reply(200, b'{"ok": true, "resu', cut=True))
    with pytest.raises(Transient):
        live(side, OPEN)


def test_the_page_says_what_each_channel_can() -> None:
    rows = re.findall(r"^\| `(\w+)` \|[^|]+\| (\w+) \| ([^|]+) \|$", PAGE.read_text("utf-8"), re.M)
    assert {name for name, edits, _ in rows if edits == "yes"} == EDITS
    assert {name for name, _, knows in rows if knows != "no"} == RECOGNISES | FEEDS
    assert {name for name, _, _ in rows} == set(CHANNELS)


@pytest.mark.parametrize("name", sorted(CHANNELS))
def test_a_preview_is_what_is_sent(name: str) -> None:
    if name == "email":
        with mail() as side:
            assert isinstance(side.channel, Drafting)
            draft = side.channel.draft(OPEN)
            assert "Subject: [tieout] PSA project missing" in draft.body
            assert draft.body.endswith(text_of(OPEN) + "\n")
        return
    with HARNESSES[name]() as harness:
        assert isinstance(harness.channel, Drafting)
        draft = harness.channel.draft(OPEN)
        harness.say()
        sent = next(
            json.loads(each.body)
            for each in reversed(harness.receiver.requests)
            if each.body and b"jql" not in each.body
        )
    shown = json.dumps(draft.body)
    assert not [canary for canary in harness.canaries if canary in shown]
    if isinstance(draft.body, dict):
        sent = {key: value for key, value in sent.items() if key in draft.body}
    if name == "pagerduty":
        sent["routing_key"] = "…"
    assert draft.body == sent


@pytest.mark.parametrize("name", sorted(CHANNELS))
def test_a_preview_says_that_every_shape_fits(name: str) -> None:
    with mail() if name == "email" else HARNESSES[name]() as side:
        assert isinstance(side.channel, Drafting)
        drafts = [side.channel.draft(each) for each in every_message().values()]
    assert [each for draft in drafts for each in draft.measures if not each.fits] == []
