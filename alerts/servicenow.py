"""ServiceNow: one record of the table `incident` for each incident, with its steps as work notes.

It is found again by `correlation_id`; `correlation_display` says how much of the history it knows,
and is written in one call with the work note, so that nothing is noted twice.

Source: docs.servicenow.com, "Table API" (`/api/now/table/{tableName}`, `sysparm_query`), and
"Disable embedded HTML code": a journal field shows what stands between `[code]` tags as HTML, so
the brackets of such tags are taken away.
"""

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

import msgspec
from pydantic import AnyHttpUrl, Field, SecretStr, StringConstraints, model_validator

from alerts.answers import read_as
from alerts.escaping import cut, one_line
from alerts.incident_facts import outcome_of
from alerts.posting import Poster
from alerts.tickets import basic, came_back, description_of, is_over, name_of, note_of
from monitor.core.breaks import Severity
from monitor.core.drafts import Draft, Measure
from monitor.core.errors import Permanent, Reason, Transient
from monitor.core.incidents import Message, Told
from monitor.core.plugins import ChannelContext
from monitor.core.streams import Duration, Settings

MAX_SHORT = 160
MAX_LONG = 4_000
"""Characters that `short_description` and the long texts take as delivered."""

_IN_PROGRESS, _RESOLVED = "2", "6"
_LEVELS = {Severity.CRITICAL: "1", Severity.WARNING: "2", Severity.INFO: "3"}
_CODE_TAG = re.compile(r"\[(/?code)\]", re.IGNORECASE)
_SYS_ID = re.compile(r"[0-9a-f]{32}")

SysId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class ServiceNowSettings(Settings):
    """An instance of ServiceNow."""

    channel: Literal["servicenow"]
    url: AnyHttpUrl
    """The instance, such as `https://firm.service-now.com`."""
    user: str = ""
    """Integration user; its role needs to read and write the table `incident`."""
    password: SecretStr | None = None
    """As a reference; needed where `user` is given."""
    token: SecretStr | None = None
    """OAuth bearer token as a reference, instead of user and password."""
    assignment_group: SysId | None = None
    """`sys_id` of the group that works on it."""
    caller: SysId | None = None
    """`sys_id` of the user who counts as the caller."""
    close_code: str = Field(default="Solved (Permanently)", min_length=1)
    """As the instance calls how such a record was closed; instances demand one."""
    prefix: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")] = "tieout"
    """What correlation ids start with; another one for each tieout that writes to the instance."""
    timeout: Duration = Field(default=timedelta(seconds=20), ge=timedelta(seconds=1))
    """How long a whole call may take."""

    @model_validator(mode="after")
    def _can_enter(self) -> "ServiceNowSettings":
        if (self.token is None) == (not self.user or self.password is None):
            raise ValueError("give either a token, or a user and a password")
        return self


class _Row(msgspec.Struct):
    sys_id: str
    correlation_display: str = ""
    state: str = ""


class _One(msgspec.Struct):
    result: _Row


class _Several(msgspec.Struct):
    result: list[_Row]


class ServiceNowChannel:
    """Keeps one record for each incident. Safe to use from several threads."""

    def __init__(self, settings: ServiceNowSettings, context: ChannelContext) -> None:
        self._settings = settings
        self._table = f"{str(settings.url).rstrip('/')}/api/now/table/incident"
        headers = {"Authorization": _authorization(settings), "Accept": "application/json"}
        self._poster = Poster(settings.url, settings.timeout, context.clock, headers)

    def tell(self, message: Message, told: Told | None) -> Told:
        """Open the record, or note on it what happened since; close it at the end."""
        told = told or self.find(message)
        if told is None:
            return self._open(message)
        record = self._record(message)
        if note := note_of(message, told).text:
            record["work_notes"] = _plain(note)
        if is_over(message):
            record |= self._closing(message)
        elif came_back(message, told):
            record["state"] = _IN_PROGRESS
        try:
            self._poster.call("PATCH", f"{self._table}/{_checked(told.reference)}", record)
        except Permanent as error:
            if error.reason is not Reason.NOT_FOUND:
                raise
            return self._open(message)  # somebody deleted it; what it says still has to be said
        return Told(told.reference, len(message.history))

    def draft(self, message: Message) -> Draft:
        """The record that would be created."""
        record = self._new_record(message)
        limits = {"short_description": MAX_SHORT, "description": MAX_LONG}
        return Draft(
            record,
            tuple(Measure(name, len(record[name]), limit) for name, limit in limits.items()),
        )

    def find(self, message: Message) -> Told | None:
        """The newest record of the incident that is neither closed nor cancelled."""
        key = name_of(self._settings.prefix, message)
        query = f"correlation_id={key}^stateNOT IN7,8^ORDERBYDESCsys_created_on"
        wanted = "sys_id,correlation_display,state"
        answer = self._poster.call(
            "GET",
            f"{self._table}?sysparm_limit=1&sysparm_fields={wanted}"
            f"&sysparm_query={query.replace('^', '%5E').replace(' ', '%20')}",
        )
        for row in read_as(answer, _Several).result:
            _, _, events = row.correlation_display.rpartition(" ")
            return Told(_checked(row.sys_id), int(events) if events.isdecimal() else 1)
        return None

    def close(self) -> None:
        """Let go of connections."""
        self._poster.close()

    def _open(self, message: Message) -> Told:
        answer = self._poster.call("POST", self._table, self._new_record(message))
        return Told(_checked(read_as(answer, _One).result.sys_id), len(message.history))

    def _new_record(self, message: Message) -> dict[str, Any]:
        record = self._record(message) | {"correlation_id": name_of(self._settings.prefix, message)}
        if self._settings.assignment_group is not None:
            record["assignment_group"] = self._settings.assignment_group
        if self._settings.caller is not None:
            record["caller_id"] = self._settings.caller
        if is_over(message):
            record |= self._closing(message)
        return record

    def _record(self, message: Message) -> dict[str, Any]:
        level = _LEVELS[message.incident.severity]
        return {
            "short_description": cut(_plain(one_line(message.title)), MAX_SHORT),
            "description": _plain(description_of(message, MAX_LONG)),
            "impact": level,
            "urgency": level,
            "correlation_display": f"tieout {len(message.history)}",
        }

    def _closing(self, message: Message) -> dict[str, Any]:
        why = outcome_of(message) or "It is over."
        return {
            "state": _RESOLVED,
            "close_code": self._settings.close_code,
            "close_notes": cut(_plain(one_line(why)), MAX_LONG),
        }


def _authorization(settings: ServiceNowSettings) -> str:
    if settings.token is not None:
        return f"Bearer {settings.token.get_secret_value()}"
    password = settings.password.get_secret_value() if settings.password is not None else ""
    return basic(settings.user, password)


def _plain(text: str) -> str:
    """Text that no journal field takes for HTML, and that any encoding can carry."""
    return _CODE_TAG.sub(r"(\1)", text).encode("utf-8", "replace").decode()


def _checked(sys_id: str) -> str:
    """An identifier that goes into an address.

    Raises:
        Transient: it is none.
    """
    if not _SYS_ID.fullmatch(sys_id):
        raise Transient("the instance names no record", reason=Reason.MALFORMED)
    return sys_id


build = ServiceNowChannel
"""As the table of channels finds it."""
