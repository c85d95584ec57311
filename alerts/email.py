"""E-mail: what is new of an incident, each incident one thread in the reader's mailbox.

Identifiers follow from the incident and how much of it is told, so that a repetition carries the
identifier of the first one. Source: RFC 5322, 3.6.4 (Message-ID, In-Reply-To, References).
"""

import smtplib
import ssl
from datetime import timedelta
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Annotated, Literal

from pydantic import Field, SecretStr, StringConstraints

from alerts.escaping import cut, one_line
from alerts.incident_text import text_of
from alerts.news import news_of, told_all
from monitor.core.drafts import Draft, Measure
from monitor.core.errors import Permanent, Reason, TieoutError, Transient
from monitor.core.incidents import Message, Told
from monitor.core.plugins import ChannelContext
from monitor.core.streams import Duration, Settings

MAX_SUBJECT = 200
MAX_LINE = 998
"""Characters of one line of a mail (RFC 5322, 2.1.1)."""

_TRANSIENT = range(400, 500)
_CREDENTIALS = frozenset({530, 534, 535, 538})

Address = Annotated[str, StringConstraints(pattern=r"^[^@\s<>,;\"\r\n]+@[^@\s<>,;\"\r\n]+$")]
"""A mail address without a name."""


class EmailSettings(Settings):
    """Mailboxes that hear of incidents."""

    channel: Literal["email"]
    host: str = Field(min_length=1)
    """The mail server."""
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    """`none` is for a server on the same machine alone: everything is readable on the way."""
    user: str = ""
    password: SecretStr | None = None
    """As a reference; needed where `user` is given."""
    sender: Address
    to: tuple[Address, ...] = Field(min_length=1)
    timeout: Duration = Field(default=timedelta(seconds=20), ge=timedelta(seconds=1))
    """How long each step of a delivery may take."""


class EmailChannel:
    """Sends mail by one server, a connection a message. Safe to use from several threads."""

    def __init__(self, settings: EmailSettings, context: ChannelContext) -> None:
        self._settings = settings
        self._clock = context.clock

    def tell(self, message: Message, told: Told | None) -> Told:
        """Send the incident as it stands, if something is new that people have to hear of."""
        if news_of(message, told):
            self._send(self._mail(message, told))
        return told_all(message)

    def draft(self, message: Message) -> Draft:
        """The mail that would be sent."""
        mail = self._mail(message, None)
        measure = Measure("subject", len(str(mail["Subject"])), MAX_LINE)
        headers = "".join(f"{name}: {value}\n" for name, value in mail.items())
        return Draft(f"{headers}\n{mail.get_content()}", (measure,))

    def find(self, message: Message) -> Told | None:
        """Never: what was sent cannot be asked for."""
        return None

    def close(self) -> None:
        """Nothing is kept open."""

    def _mail(self, message: Message, told: Told | None) -> EmailMessage:
        settings, first = self._settings, self._identifier(message, 0)
        mail = EmailMessage()
        mail["From"], mail["To"] = settings.sender, ", ".join(settings.to)
        mail["Subject"] = cut(one_line(f"[tieout] {message.title}"), MAX_SUBJECT)
        mail["Date"] = format_datetime(self._clock())
        mail["Message-ID"] = first if told is None else self._identifier(message, told.events)
        mail["Auto-Submitted"] = "auto-generated"
        if told is not None:
            mail["In-Reply-To"] = mail["References"] = first
        mail.set_content(text_of(message).encode("utf-8", "replace").decode())
        return mail

    def _identifier(self, message: Message, events: int) -> str:
        domain = self._settings.sender.rpartition("@")[2]
        return f"<{message.key}.{events}@{domain}>"

    def _send(self, mail: EmailMessage) -> None:
        failure: TieoutError
        try:
            with self._connect() as server:
                self._enter(server)
                server.send_message(mail)
        except smtplib.SMTPResponseException as error:
            failure = _explain(error.smtp_code)
        except smtplib.SMTPRecipientsRefused as error:
            failure = _explain(max(code for code, _ in error.recipients.values()))
        except (smtplib.SMTPException, OSError):
            failure = Transient("the mail server cannot be reached", reason=Reason.UNREACHABLE)
        else:
            return
        # Raised out here: the library's errors quote addresses and answers.
        raise failure

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        seconds = settings.timeout.total_seconds()
        if settings.security == "tls":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(settings.host, settings.port, timeout=seconds, context=context)
        return smtplib.SMTP(settings.host, settings.port, timeout=seconds)

    def _enter(self, server: smtplib.SMTP) -> None:
        settings = self._settings
        if settings.security == "starttls":
            server.starttls(context=ssl.create_default_context())
        if settings.user and settings.password is not None:
            server.login(settings.user, settings.password.get_secret_value())


def _explain(code: int) -> TieoutError:
    message = f"the mail server answered {code}"
    if code in _CREDENTIALS:
        return Permanent(message, reason=Reason.CREDENTIALS)
    if code in _TRANSIENT:
        return Transient(message, reason=Reason.SERVER_ERROR)
    return Permanent(message, reason=Reason.REFUSED)


build = EmailChannel
"""As the table of channels finds it."""
