"""E-mail, against a mail server on loopback."""

import socket
import traceback
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import ValidationError

from alerts.email import EmailChannel, EmailSettings
from monitor.core.errors import Permanent, Reason, TieoutError, Transient
from monitor.core.incidents import IncidentState, Told
from tests.alerts.examples import GREW, HOSTILE, RESOLVED, hostile_finding, message
from tests.alerts.harness import Time, build
from tests.alerts.mail_server import Mailbox, mail_server

PASSWORD = "canary-mail-password"


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with mail_server(Mailbox()) as running:
        yield running


def settings(port: int, **more: object) -> dict[str, Any]:
    return {
        "channel": "email",
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        "sender": "tieout@firm.example",
        "to": ["on-call@firm.example", "desk@firm.example"],
        **more,
    }


def channel(port: int, **more: object) -> EmailChannel:
    built = build(settings(port, **more), Time())
    assert isinstance(built, EmailChannel)
    return built


def test_an_incident_is_one_thread_of_mails(mailbox: Mailbox) -> None:
    sender = channel(mailbox.port)
    told = sender.tell(message(), None)
    told = sender.tell(message(history=(GREW,)), told)
    over = message(state=IncidentState.RESOLVED, history=(GREW, RESOLVED._replace(sequence=3)))
    assert sender.tell(over, told) == Told("", 3)
    first, last = mailbox.mails
    assert first["Subject"].startswith("[tieout] PSA project missing for OPP-17")
    assert last["Subject"].startswith("[tieout] Resolved: ")
    assert last["In-Reply-To"] == last["References"] == first["Message-ID"]
    assert first["To"] == "on-call@firm.example, desk@firm.example"
    assert "At risk: 125,000.00 EUR" in first.get_content()


def test_a_repetition_carries_the_identifier_of_the_first(mailbox: Mailbox) -> None:
    for _ in range(2):
        channel(mailbox.port).tell(message(), None)
    assert len({mail["Message-ID"] for mail in mailbox.mails}) == 1


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_of_a_record_makes_a_header_or_keeps_a_mail_from_arriving(
    mailbox: Mailbox, text: str
) -> None:
    channel(mailbox.port).tell(message(hostile_finding(f"x\r\nBcc: a@b.c\r\n{text}")), None)
    (mail,) = mailbox.mails
    assert set(mail.keys()) >= {"Subject", "Message-ID"}
    assert mail["Bcc"] is None


@pytest.mark.parametrize(
    ("answer", "kind", "reason"),
    [
        ("451 later", Transient, Reason.SERVER_ERROR),
        ("554 spam", Permanent, Reason.REFUSED),
        ("drop", Transient, Reason.UNREACHABLE),
    ],
)
def test_what_the_server_answers_is_told_apart(
    mailbox: Mailbox, answer: str, kind: type[TieoutError], reason: Reason
) -> None:
    mailbox.answers.append(answer)
    with pytest.raises(kind) as caught:
        channel(mailbox.port).tell(message(), None)
    assert caught.value.reason is reason
    assert mailbox.mails == []


def test_a_refused_login_tells_no_password(mailbox: Mailbox) -> None:
    mailbox.refused_login = True
    with pytest.raises(Permanent) as caught:
        channel(mailbox.port, user="tieout", password=PASSWORD).tell(message(), None)
    assert caught.value.reason is Reason.CREDENTIALS
    assert PASSWORD not in "".join(traceback.format_exception(caught.value))


def test_nobody_listening_is_unreachable() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        with pytest.raises(Transient) as caught:
            channel(reserved.getsockname()[1]).tell(message(), None)
    assert caught.value.reason is Reason.UNREACHABLE


@pytest.mark.parametrize("address", ["a@b\r\nBcc: c@d", "A <a@b.c>", "nobody", "a@b,c@d"])
def test_an_address_is_an_address_and_nothing_else(address: str) -> None:
    with pytest.raises(ValidationError):
        EmailSettings.model_validate({**settings(25), "sender": address})


def test_settings_and_channel_show_no_secret() -> None:
    made = EmailSettings.model_validate({**settings(25), "user": "u", "password": PASSWORD})
    assert PASSWORD not in f"{made!r} {made} {made.model_dump_json()}"
