"""Jira Cloud: one issue for each incident, with its steps as comments.

It is found again by a label. Each comment says in its last line how far it tells the history, so
that after a crash nothing is said twice. Texts are documents of runs (ADF), which know no markup.

Source: developer.atlassian.com, "The Jira Cloud platform REST API" v3 (search by JQL, create, edit
and transition issues, add and get comments) and "Atlassian Document Format".
"""

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

import msgspec
from pydantic import AnyHttpUrl, Field, SecretStr, StringConstraints

from alerts.answers import read_as
from alerts.escaping import cut, one_line
from alerts.posting import Poster
from alerts.tickets import basic, came_back, description_of, is_over, name_of, note_of
from monitor.core.drafts import Draft, Measure
from monitor.core.errors import Permanent, Reason, Transient
from monitor.core.incidents import Message, Told
from monitor.core.plugins import ChannelContext
from monitor.core.streams import Duration, Settings

MAX_SUMMARY = 255
MAX_DESCRIPTION = 30_000
"""Jira takes 255 characters in a summary and 32,767 in a text."""

_COMMENTS = 50
_ISSUE = re.compile(r"[A-Z][A-Z0-9_]*-[0-9]+")
_DONE = "done"

Label = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")]


class JiraSettings(Settings):
    """A project in Jira Cloud."""

    channel: Literal["jira"]
    url: AnyHttpUrl
    """The site, such as `https://firm.atlassian.net`."""
    user: str = Field(min_length=3)
    """E-mail address of the account that the token belongs to."""
    token: SecretStr = Field(min_length=1)
    """API token, as a reference: `${env:JIRA_TOKEN}`."""
    project: Annotated[str, StringConstraints(pattern=r"^[A-Z][A-Z0-9_]+$")]
    """Key of the project."""
    issue_type: str = Field(default="Task", min_length=1)
    """As the project calls it."""
    done: str = Field(default="Done", min_length=1)
    """Transition that closes an issue, as its workflow calls it."""
    again: str | None = None
    """Transition that opens it again, where an incident comes back; None: a comment says so."""
    labels: tuple[Label, ...] = ()
    """Added to each issue."""
    prefix: Label = "tieout"
    """What the label that names the incident starts with; another one for each tieout."""
    timeout: Duration = Field(default=timedelta(seconds=20), ge=timedelta(seconds=1))
    """How long a whole call may take."""


class _Issue(msgspec.Struct):
    key: str


class _Found(msgspec.Struct):
    issues: list[_Issue]


class _Category(msgspec.Struct):
    key: str = ""


class _Status(msgspec.Struct):
    statusCategory: _Category  # noqa: N815 - as Jira spells it


class _StatusFields(msgspec.Struct):
    status: _Status


class _Standing(msgspec.Struct):
    fields: _StatusFields


class _Transition(msgspec.Struct):
    id: str
    name: str


class _Transitions(msgspec.Struct):
    transitions: list[_Transition]


class _Comment(msgspec.Struct):
    body: Any = None


class _Comments(msgspec.Struct):
    comments: list[_Comment]


class JiraChannel:
    """Keeps one issue for each incident. Safe to use from several threads."""

    def __init__(self, settings: JiraSettings, context: ChannelContext) -> None:
        self._settings = settings
        self._api = f"{str(settings.url).rstrip('/')}/rest/api/3"
        headers = {
            "Authorization": basic(settings.user, settings.token.get_secret_value()),
            "Accept": "application/json",
        }
        self._poster = Poster(settings.url, settings.timeout, context.clock, headers)

    def tell(self, message: Message, told: Told | None) -> Told:
        """Open the issue, or say on it what happened since; close it at the end."""
        told = told or self.find(message)
        if told is None:
            told = self._open(message)
            if not is_over(message):
                return told
        try:
            self._follow(message, told)
        except Permanent as error:
            if error.reason is not Reason.NOT_FOUND:
                raise
            return self._open(message)  # somebody deleted it; what it says still has to be said
        return Told(told.reference, len(message.history))

    def draft(self, message: Message) -> Draft:
        """The issue that would be created."""
        fields = self._new_fields(message)
        length = sum(
            len(run.get("text", "\n"))
            for paragraph in fields["description"]["content"]
            for run in paragraph["content"]
        )
        return Draft(
            {"fields": fields},
            (
                Measure("summary", len(fields["summary"]), MAX_SUMMARY),
                Measure("description", length, 32_767),
            ),
        )

    def find(self, message: Message) -> Told | None:
        """The newest issue with the incident's label, and how far its comments tell the history.

        Jira's search may lag some seconds behind what was just created.
        """
        label = name_of(self._settings.prefix, message)
        jql = f'project = "{self._settings.project}" AND labels = "{label}" ORDER BY created DESC'
        asked = {"jql": jql, "fields": ["status"], "maxResults": 1}
        found = read_as(self._poster.call("POST", f"{self._api}/search/jql", asked), _Found)
        for issue in found.issues:
            return Told(_checked(issue.key), self._events_told(issue.key, message))
        return None

    def close(self) -> None:
        """Let go of connections."""
        self._poster.close()

    def _open(self, message: Message) -> Told:
        body = {"fields": self._new_fields(message)}
        answer = self._poster.call("POST", f"{self._api}/issue", body)
        return Told(_checked(read_as(answer, _Issue).key), len(message.history))

    def _follow(self, message: Message, told: Told) -> None:
        issue = f"{self._api}/issue/{_checked(told.reference)}"
        self._poster.call("PUT", issue, {"fields": self._fields(message)})
        note = note_of(message, told)
        if note.text:
            body = _document(f"{note.text}\n{note.mark}")
            self._poster.call("POST", f"{issue}/comment", {"body": body})
        if is_over(message):
            self._move(issue, self._settings.done)
        elif came_back(message, told) and self._settings.again is not None:
            self._move(issue, self._settings.again)

    def _move(self, issue: str, name: str) -> None:
        """Take a transition by its name, unless the issue is where it leads already."""
        offered = read_as(self._poster.call("GET", f"{issue}/transitions"), _Transitions)
        for each in offered.transitions:
            if each.name.casefold() == name.casefold():
                chosen = {"transition": {"id": each.id}}
                self._poster.call("POST", f"{issue}/transitions", chosen)
                return
        standing = read_as(self._poster.call("GET", f"{issue}?fields=status"), _Standing)
        is_done = standing.fields.status.statusCategory.key == _DONE
        if is_done is not (name == self._settings.done):
            raise Permanent("the issue offers no such transition", reason=Reason.CONFIGURATION)

    def _events_told(self, key: str, message: Message) -> int:
        """What the newest of its comments that are ours say; else as much as it was opened with."""
        address = (
            f"{self._api}/issue/{_checked(key)}/comment?orderBy=-created&maxResults={_COMMENTS}"
        )
        answer = read_as(self._poster.call("GET", address), _Comments)
        mark = re.compile(rf"{re.escape(message.key)}, step ([0-9]{{1,9}})(?![0-9])")
        steps = [
            int(found[1])
            for each in answer.comments
            for found in mark.finditer(msgspec.json.encode(each.body).decode())
        ]
        return max(steps, default=1)

    def _new_fields(self, message: Message) -> dict[str, Any]:
        settings = self._settings
        return self._fields(message) | {
            "project": {"key": settings.project},
            "issuetype": {"name": settings.issue_type},
            "labels": [*settings.labels, settings.prefix, name_of(settings.prefix, message)],
        }

    def _fields(self, message: Message) -> dict[str, Any]:
        return {
            "summary": cut(one_line(message.title), MAX_SUMMARY) or "-",
            "description": _document(description_of(message, MAX_DESCRIPTION)),
        }


def _document(text: str) -> dict[str, Any]:
    """A document with a paragraph for each block of lines; a run of text may not be empty."""
    paragraphs = [block.split("\n") for block in text.split("\n\n") if block.strip()]
    return {
        "type": "doc",
        "version": 1,
        "content": [{"type": "paragraph", "content": _runs(lines)} for lines in paragraphs],
    }


def _runs(lines: list[str]) -> list[dict[str, str]]:
    runs: list[dict[str, str]] = []
    for line in lines:
        if not line:
            continue
        if runs:
            runs.append({"type": "hardBreak"})
        runs.append({"type": "text", "text": line.encode("utf-8", "replace").decode()})
    return runs


def _checked(key: str) -> str:
    """A key that goes into an address.

    Raises:
        Transient: it is none.
    """
    if not _ISSUE.fullmatch(key):
        raise Transient("Jira names no issue", reason=Reason.MALFORMED)
    return key


build = JiraChannel
"""As the table of channels finds it."""
