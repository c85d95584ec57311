"""What a ticket is at each turn of an incident's life: our clients, against desks of our own."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from alerts import CHANNELS
from alerts.examples import examples
from monitor.core.errors import Permanent, Reason, Transient
from monitor.core.incidents import EventKind, IncidentState, Message, Told
from monitor.core.ports import LivingChannel
from tests.alerts.examples import GREW, LATER, RESOLVED, message
from tests.alerts.fake_desks import (
    JIRA_TOKEN,
    SERVICENOW_PASSWORD,
    FakeJira,
    FakeServiceNow,
    texts_of,
)
from tests.alerts.harness import Time, build
from tests.alerts.receiver import Receiver, Reply, running

AGAIN = GREW._replace(sequence=3, kind=EventKind.REOPENED, at=LATER, why="It came back.")
UP = message()
RAISED = message(history=(GREW._replace(kind=EventKind.RAISED, why="More money is at risk."),))
OVER = message(state=IncidentState.RESOLVED, history=(RESOLVED,))
LONG_OVER = message(
    state=IncidentState.RESOLVED, history=(RAISED.history[1], RESOLVED._replace(sequence=3))
)
BACK = message(history=(RESOLVED, AGAIN))


@pytest.fixture
def now() -> FakeServiceNow:
    return FakeServiceNow()


@pytest.fixture
def jira() -> FakeJira:
    return FakeJira()


@pytest.fixture
def servicenow_desk(now: FakeServiceNow) -> Iterator[tuple[LivingChannel, Receiver]]:
    settings = {"channel": "servicenow", "user": "tieout", "password": SERVICENOW_PASSWORD}
    yield from _opened(now.answer, settings)


@pytest.fixture
def jira_desk(jira: FakeJira) -> Iterator[tuple[LivingChannel, Receiver]]:
    yield from _opened(jira.answer, _jira())


def _jira(**more: Any) -> dict[str, Any]:
    known = {"channel": "jira", "user": "t@firm.example", "token": JIRA_TOKEN, "project": "OPS"}
    return {**known, "again": "Reopen", **more}


def _opened(answer: Any, settings: dict[str, Any]) -> Iterator[tuple[LivingChannel, Receiver]]:
    with running(Receiver(answer)) as receiver:
        channel = build({**settings, "url": receiver.address}, Time())
        assert isinstance(channel, LivingChannel)
        yield channel, receiver
        channel.close()


def live(channel: LivingChannel, *life: Message) -> Told:
    told: Told | None = None
    for each in life:
        told = channel.tell(each, told)
    assert told is not None
    return told


def test_servicenow_keeps_one_record_to_the_end(
    now: FakeServiceNow, servicenow_desk: tuple[LivingChannel, Receiver]
) -> None:
    told = live(servicenow_desk[0], UP, RAISED, LONG_OVER)
    ((number, row),) = now.rows.items()
    assert told.reference == number
    assert (row["state"], row["close_code"]) == ("6", "Solved (Permanently)")
    assert row["close_notes"].startswith("Resolved after 2 h 5 min.")
    assert (row["impact"], row["urgency"]) == ("1", "1")
    assert "Deal: OPP-17" in row["description"]
    assert [("More money" in note) for note in now.notes[number]] == [True, False]


def test_servicenow_opens_the_record_again_when_the_incident_comes_back(
    now: FakeServiceNow, servicenow_desk: tuple[LivingChannel, Receiver]
) -> None:
    live(servicenow_desk[0], UP, OVER, BACK)
    (row,) = now.rows.values()
    assert row["state"] == "2"


def test_a_record_that_people_closed_for_good_is_followed_by_a_new_one(
    now: FakeServiceNow, servicenow_desk: tuple[LivingChannel, Receiver]
) -> None:
    live(servicenow_desk[0], UP)
    next(iter(now.rows.values()))["state"] = "7"
    assert servicenow_desk[0].find(UP) is None


def test_jira_keeps_one_issue_to_the_end(
    jira: FakeJira, jira_desk: tuple[LivingChannel, Receiver]
) -> None:
    told = live(jira_desk[0], UP, RAISED, LONG_OVER)
    assert (told.reference, list(jira.issues), jira.done) == ("OPS-1", ["OPS-1"], {"OPS-1"})
    said = [texts_of(each["body"]) for each in jira.comments["OPS-1"]]
    assert ["More money" in text for text in said] == [True, False]
    assert "The rule looked again" in said[1]


def test_jira_opens_the_issue_again_when_the_incident_comes_back(
    jira: FakeJira, jira_desk: tuple[LivingChannel, Receiver]
) -> None:
    live(jira_desk[0], UP, OVER, BACK)
    assert (len(jira.issues), jira.done) == (1, set())


def test_an_issue_that_a_person_closed_already_is_left_closed(
    jira: FakeJira, jira_desk: tuple[LivingChannel, Receiver]
) -> None:
    told = live(jira_desk[0], UP)
    jira.done.add("OPS-1")
    jira_desk[0].tell(OVER, told)
    assert jira.done == {"OPS-1"}


def test_a_workflow_without_the_named_transition_is_a_matter_of_configuration(
    jira: FakeJira,
) -> None:
    for channel, _ in _opened(jira.answer, _jira(done="Close it")):
        told = channel.tell(UP, None)
        with pytest.raises(Permanent) as caught:
            channel.tell(OVER, told)
    assert caught.value.reason is Reason.CONFIGURATION


@pytest.mark.parametrize("name", ["servicenow", "jira"])
def test_an_answer_that_is_lost_makes_no_second_ticket_and_no_second_note(
    request: pytest.FixtureRequest, name: str
) -> None:
    channel, receiver = request.getfixturevalue(f"{name}_desk")
    fake = request.getfixturevalue("now" if name == "servicenow" else "jira")
    usual = receiver.usual

    def lose(call: Any) -> Reply:
        usual(call)
        return Reply(drop=True)

    first = channel.tell(UP, None)
    assert channel.find(UP) == first
    lost = [RAISED]
    receiver.usual = lambda call: lose(call) if call.body and lost else usual(call)
    with pytest.raises(Transient):
        channel.tell(RAISED, first)
    lost.clear()
    found = channel.find(RAISED)
    assert found is not None
    channel.tell(RAISED, found)
    assert len(fake.keys()) == 1
    notes = fake.notes if name == "servicenow" else fake.comments
    assert [len(each) for each in notes.values()] == [1]


@pytest.mark.parametrize("name", ["servicenow", "jira"])
def test_a_ticket_that_was_deleted_is_made_anew(request: pytest.FixtureRequest, name: str) -> None:
    channel, _ = request.getfixturevalue(f"{name}_desk")
    fake = request.getfixturevalue("now" if name == "servicenow" else "jira")
    told = channel.tell(UP, None)
    (fake.rows if name == "servicenow" else fake.issues).clear()
    channel.tell(RAISED, told)
    assert fake.keys() == ["tieout-incident-12"]


@pytest.mark.parametrize("name", ["servicenow", "jira"])
def test_a_ticket_has_everything_that_a_person_needs(
    request: pytest.FixtureRequest, name: str
) -> None:
    channel, _ = request.getfixturevalue(f"{name}_desk")
    fake = request.getfixturevalue("now" if name == "servicenow" else "jira")
    channel.tell(examples()["proposed"], None)
    if name == "servicenow":
        (row,) = fake.rows.values()
        text = row["description"]
    else:
        (fields,) = fake.issues.values()
        text = texts_of(fields["description"])
    for needed in (
        "BS-17",
        "125,000.00",
        "120,000.00",
        "Proposed repair",
        "bea, carlos",
        "https://",
    ):
        assert needed in text


def test_no_text_of_a_record_becomes_html_in_a_work_note(
    now: FakeServiceNow, servicenow_desk: tuple[LivingChannel, Receiver]
) -> None:
    hostile = "[code]<script>alert(1)</script>[/code] [CODE]<b>"
    raised = GREW._replace(kind=EventKind.RAISED, why=hostile)
    live(servicenow_desk[0], UP, message(history=(raised,)))
    kept = str(now.rows) + str(now.notes)
    assert "script" in kept
    assert "[code]" not in kept.lower()
    assert "[/code]" not in kept.lower()


@pytest.mark.parametrize(
    "entry",
    [{}, {"user": "tieout"}, {"user": "tieout", "password": "p", "token": "t"}],
    ids=["nothing", "no password", "both"],
)
def test_servicenow_is_entered_in_exactly_one_way(entry: dict[str, str]) -> None:
    settings = {"channel": "servicenow", "url": "https://firm.example", **entry}
    with pytest.raises(ValidationError, match="either a token"):
        CHANNELS["servicenow"].settings.model_validate(settings)


@pytest.mark.parametrize("reference", ["../../etc", "OPS-1/../x", "", "OPS-1?x=1"])
@pytest.mark.parametrize("name", ["servicenow", "jira"])
def test_no_identifier_of_the_other_side_changes_an_address(
    request: pytest.FixtureRequest, name: str, reference: str
) -> None:
    channel, receiver = request.getfixturevalue(f"{name}_desk")
    with pytest.raises(Transient):
        channel.tell(RAISED, Told(reference, 1))
    assert receiver.requests == []
