"""A Slack that keeps messages, knows its limits, and refuses what the real one refuses."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from tests.alerts.receiver import Reply, Request

TOKEN = "xoxb-canary-7f3a9c"
CONVERSATION = "C0123ABCD"

_TEXT_LIMITS = {"header": 150, "section": 3_000, "context": 3_000}
_CELL_LIMIT = 2_000
_ALL_BLOCKS = 13_200


@dataclass
class FakeSlack:
    """Messages of one conversation, newest first in its history; replies stand in threads."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    replies: list[dict[str, Any]] = field(default_factory=list)
    page_size: int = 200
    may_read: bool = True

    def answer(self, request: Request) -> Reply:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return _refuse("invalid_auth")
        method = request.path.rsplit("/", 1)[-1]
        if method == "chat.postMessage":
            return self._post(json.loads(request.body))
        if method == "chat.update":
            return self._update(json.loads(request.body))
        if method == "conversations.history":
            return self._history(request.body)
        if method == "conversations.replies":
            return self._replies(request.body)
        return _refuse("unknown_method")

    def _post(self, message: dict[str, Any]) -> Reply:
        if message["channel"] != CONVERSATION:
            return _refuse("channel_not_found")
        problem = check_blocks(message["blocks"])
        if problem:
            return _refuse(problem)
        stamp = f"{1_795_340_000 + len(self.messages) + len(self.replies)}.000100"
        if "thread_ts" not in message:
            self.messages.append({**message, "ts": stamp})
        elif message["thread_ts"] in {each["ts"] for each in self.messages}:
            self.replies.append({**message, "ts": stamp})
        else:
            return _refuse("thread_not_found")
        return _accept({"ts": stamp, "channel": CONVERSATION})

    def _update(self, message: dict[str, Any]) -> Reply:
        """Only what this bot posted itself can be edited; what is not given stays."""
        problem = check_blocks(message["blocks"])
        if problem:
            return _refuse(problem)
        for known in self.messages:
            if known["ts"] == message["ts"]:
                known.update(message)
                return _accept({"ts": message["ts"], "channel": CONVERSATION})
        return _refuse("message_not_found")

    def _replies(self, body: bytes) -> Reply:
        if not self.may_read:
            return _refuse("missing_scope")
        asked = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        first = [each for each in self.messages if each["ts"] == asked["ts"]]
        found = [each for each in self.replies if each["thread_ts"] == asked["ts"]]
        return _accept({"messages": [*first, *found]})

    def _history(self, body: bytes) -> Reply:
        if not self.may_read:
            return _refuse("missing_scope")
        asked = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        newest_first = [
            each for each in reversed(self.messages) if float(each["ts"]) >= float(asked["oldest"])
        ]
        start = int(asked.get("cursor", "0"))
        page = newest_first[start : start + self.page_size]
        if asked.get("include_all_metadata") != "true":
            page = [{**each, "metadata": None} for each in page]
        rest = len(newest_first) > start + self.page_size
        cursor = str(start + self.page_size) if rest else ""
        return _accept({"messages": page, "response_metadata": {"next_cursor": cursor}})


def check_blocks(blocks: list[dict[str, Any]]) -> str:
    """The error code that Slack would answer with; empty where the blocks are in order."""
    if len(blocks) > 50:
        return "invalid_blocks"
    total = 0
    for block in blocks:
        cells = block.get("fields", [])
        if len(cells) > 10 or any(len(cell["text"]) > _CELL_LIMIT for cell in cells):
            return "invalid_blocks"
        texts = [block["text"]] if "text" in block else block.get("elements", [])
        for text in texts:
            if not text["text"] or len(text["text"]) > _TEXT_LIMITS[block["type"]]:
                return "invalid_blocks"
        total += sum(len(text["text"]) for text in [*texts, *cells])
    return "msg_blocks_too_long" if total > _ALL_BLOCKS else ""


def _accept(document: dict[str, Any]) -> Reply:
    return _json({"ok": True, **document})


def _refuse(code: str) -> Reply:
    return _json({"ok": False, "error": code})


def _json(document: dict[str, Any]) -> Reply:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    return Reply(body=json.dumps(document).encode(), headers=headers)
