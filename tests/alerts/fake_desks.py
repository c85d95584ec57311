"""A ServiceNow and a Jira that keep tickets and refuse what the documented ones refuse.

They prove what our clients do, not what the vendors' servers do.
"""

import json
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.alerts.receiver import Reply, Request

SERVICENOW_PASSWORD = "canary-now-9a1e"
JIRA_TOKEN = "canary-jira-77cc"
_LIMITS = {
    "short_description": 160,
    "description": 4_000,
    "work_notes": 4_000,
    "close_notes": 4_000,
}
_SUMMARY, _TEXT = 255, 32_767


@dataclass
class FakeServiceNow:
    """Rows of one table; notes by row."""

    rows: dict[str, dict[str, str]] = field(default_factory=dict)
    notes: dict[str, list[str]] = field(default_factory=dict)

    def answer(self, request: Request) -> Reply:
        if not request.headers.get("authorization", "").startswith("Basic "):
            return _json({"error": {"message": "User Not Authenticated"}}, 401)
        address = urlsplit(request.path)
        *_, table, last = address.path.rstrip("/").split("/")
        if last == "incident":
            return self._create(request) if request.body else self._query(address.query)
        if table == "incident" and last in self.rows:
            return self._update(last, json.loads(request.body))
        return _json({"error": {"message": "No Record found"}}, 404)

    def keys(self) -> list[str]:
        """Of the incidents that have a row, once for each row."""
        return [row["correlation_id"] for row in self.rows.values()]

    def standing(self) -> dict[str, bool]:
        """By row, whether it is resolved."""
        return {number: row["state"] == "6" for number, row in self.rows.items()}

    def _query(self, query: str) -> Reply:
        asked = parse_qs(query)["sysparm_query"][0]
        key = re.match(r"correlation_id=([^^]+)\^stateNOT IN7,8\^ORDERBYDESC", asked)
        assert key is not None, asked
        found = [
            row
            for row in reversed(self.rows.values())
            if row["correlation_id"] == key[1] and row["state"] not in ("7", "8")
        ]
        return _json({"result": found[:1]})

    def _create(self, request: Request) -> Reply:
        number = f"{len(self.rows) + 1:032x}"
        self.rows[number] = {"sys_id": number, "state": "1"}
        self.notes[number] = []
        reply = self._update(number, json.loads(request.body))
        return Reply(201, reply.body, reply.headers) if reply.status == 200 else reply

    def _update(self, number: str, fields: dict[str, str]) -> Reply:
        if any(len(fields.get(name, "")) > limit for name, limit in _LIMITS.items()):
            return _json({"error": {"message": "too long"}}, 400)
        if fields.get("state") == "6" and not fields.get("close_code"):
            return _json({"error": {"message": "Data Policy Exception: close code"}}, 403)
        if note := fields.pop("work_notes", ""):
            self.notes[number].append(note)
        self.rows[number] |= fields
        return _json({"result": self.rows[number]})


@dataclass
class FakeJira:
    """Issues of one project with a workflow of two states."""

    issues: dict[str, dict[str, Any]] = field(default_factory=dict)
    comments: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    done: set[str] = field(default_factory=set)

    def answer(self, request: Request) -> Reply:
        if not request.headers.get("authorization", "").startswith("Basic "):
            return _json({"errorMessages": ["not authenticated"]}, 401)
        path = urlsplit(request.path).path.removeprefix("/rest/api/3/")
        body: Any = json.loads(request.body) if request.body else None
        if path == "search/jql":
            return self._search(body["jql"])
        if path == "issue":
            return self._create(body["fields"])
        return self._about_one(path, body)

    def _about_one(self, path: str, body: Any) -> Reply:
        _, key, *what = path.split("/")
        if key not in self.issues:
            return _json({"errorMessages": ["Issue does not exist"]}, 404)
        match what:
            case ["comment"]:
                return self._comment(key, body)
            case ["transitions"]:
                return self._transitions(key, body)
            case _:
                return self._issue(key, body)

    def keys(self) -> list[str]:
        """Of the incidents that have an issue, once for each issue."""
        labels = [fields["labels"] for fields in self.issues.values()]
        return [label for each in labels for label in each if "-incident-" in label]

    def standing(self) -> dict[str, bool]:
        """By issue, whether it is done."""
        return {key: key in self.done for key in self.issues}

    def _search(self, jql: str) -> Reply:
        found = re.fullmatch(r'project = "OPS" AND labels = "([^"]+)" ORDER BY created DESC', jql)
        assert found is not None, jql
        keys = [key for key, fields in self.issues.items() if found[1] in fields["labels"]]
        return _json({"issues": [{"id": key, "key": key} for key in reversed(keys)][:1]})

    def _create(self, fields: dict[str, Any]) -> Reply:
        if problem := _check(fields) or any(" " in label for label in fields["labels"]):
            return _json({"errors": {"fields": str(problem)}}, 400)
        key = f"OPS-{len(self.issues) + 1}"
        self.issues[key], self.comments[key] = fields, []
        return _json({"id": "1", "key": key}, 201)

    def _issue(self, key: str, body: Any) -> Reply:
        if body is None:
            category = "done" if key in self.done else "new"
            return _json({"fields": {"status": {"statusCategory": {"key": category}}}})
        if problem := _check(body["fields"]):
            return _json({"errors": {"fields": problem}}, 400)
        self.issues[key] |= body["fields"]
        return Reply(204, b"")

    def _comment(self, key: str, body: Any) -> Reply:
        if body is None:
            return _json({"comments": list(reversed(self.comments[key]))})
        if problem := _check_document(body["body"]):
            return _json({"errors": {"comment": problem}}, 400)
        self.comments[key].append(body)
        return _json({"id": str(len(self.comments[key]))}, 201)

    def _transitions(self, key: str, body: Any) -> Reply:
        offered = {"31": "Reopen"} if key in self.done else {"41": "done"}
        if body is None:
            listed = [{"id": number, "name": name} for number, name in offered.items()]
            return _json({"transitions": listed})
        chosen = body["transition"]["id"]
        if chosen not in offered:
            return _json({"errorMessages": ["no such transition"]}, 400)
        (self.done.add if chosen == "41" else self.done.discard)(key)
        return Reply(204, b"")


def _check(fields: dict[str, Any]) -> str:
    summary = fields["summary"]
    if not summary or "\n" in summary or len(summary) > _SUMMARY:
        return "summary"
    return _check_document(fields["description"])


def _check_document(document: dict[str, Any]) -> str:
    """What is wrong with an Atlassian document; empty where it is in order."""
    if (document["type"], document["version"]) != ("doc", 1):
        return "no document"
    length = 0
    for paragraph in document["content"]:
        for run in paragraph["content"]:
            if run["type"] == "text" and not run["text"]:
                return "an empty run"
            length += len(run.get("text", ""))
    return "too long" if length > _TEXT else ""


def texts_of(document: dict[str, Any]) -> str:
    """What a reader sees."""
    return "\n".join(
        "".join(run.get("text", "\n") for run in each["content"]) for each in document["content"]
    )


def _json(document: dict[str, Any], status: int = 200) -> Reply:
    return Reply(status, json.dumps(document).encode(), {"Content-Type": "application/json"})
