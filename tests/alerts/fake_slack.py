"""A Slack that keeps messages, knows its limits, and refuses what the real one refuses.

Limits and codes as documented on docs.slack.dev ("Block Kit reference", "Rate limits", and "Errors"
of each method).
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.alerts.receiver import Reply, Request

TOKEN = "xoxb-canary-7f3a9c"
CONVERSATION = "C0123ABCD"

_TEXT_LIMITS = {"header": 150, "section": 3_000, "context": 3_000}
_CELL_LIMIT = 2_000
_ALL_BLOCKS = 13_200
_FIRST_STAMP = 1_795_340_000
_PACE = timedelta(seconds=1)


@dataclass
class FakeSlack:
    """Messages of one conversation, newest first in its history; replies stand in threads.

    With a clock, messages are stamped by it, and more than one a second is throttled; without one,
    stamps are counted. While it is `down`, it answers that it is.
    """

    messages: list[dict[str, Any]] = field(default_factory=list)
    replies: list[dict[str, Any]] = field(default_factory=list)
    page_size: int = 200
    may_read: bool = True
    clock: Callable[[], datetime] | None = None
    down: bool = False
    throttled: int = 0
    _spoke_at: datetime | None = None

    def answer(self, request: Request) -> Reply:
        if self.down:
            return Reply(503, b"<html>upstream connect error</html>")
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return _refuse("invalid_auth")
        return self._call(request)

    def _call(self, request: Request) -> Reply:
        url = urlsplit(request.path)
        match url.path.rsplit("/", 1)[-1]:
            case "chat.postMessage":
                return self._paced(self._post, json.loads(request.body))
            case "chat.update":
                return self._paced(self._update, json.loads(request.body))
            case "conversations.history":
                return self._history(_asked(url.query, request.body))
            case "conversations.replies":
                return self._replies(_asked(url.query, request.body))
            case _:
                return _refuse("unknown_method")

    def _paced(self, method: Callable[[dict[str, Any]], Reply], message: dict[str, Any]) -> Reply:
        now = self.clock() if self.clock is not None else None
        if now is not None and self._spoke_at is not None and now < self._spoke_at + _PACE:
            self.throttled += 1
            return Reply(429, b'{"ok": false, "error": "ratelimited"}', {"Retry-After": "1"})
        self._spoke_at = now
        return method(message)

    def _post(self, message: dict[str, Any]) -> Reply:
        if message["channel"] != CONVERSATION:
            return _refuse("channel_not_found")
        problem = check_blocks(message["blocks"])
        if problem:
            return _refuse(problem)
        stamp = self._stamp()
        if "thread_ts" not in message:
            self.messages.append({**message, "ts": stamp})
        elif message["thread_ts"] in {each["ts"] for each in self.messages}:
            self.replies.append({**message, "ts": stamp})
        else:
            return _refuse("thread_not_found")
        return _accept({"ts": stamp, "channel": CONVERSATION})

    def _stamp(self) -> str:
        count = len(self.messages) + len(self.replies)
        if self.clock is None:
            return f"{_FIRST_STAMP + count}.000100"
        return f"{int(self.clock().timestamp())}.{count:06}"

    def _update(self, message: dict[str, Any]) -> Reply:
        """Only what this bot posted itself can be edited; what is not given stays."""
        problem = check_blocks(message["blocks"])
        if problem:
            return _refuse(problem)
        for known in self.messages:
            if known["ts"] == message["ts"]:
                known.update(message)
                known["edited"] = {"user": "U0TIEOUT", "ts": self._stamp()}
                return _accept({"ts": message["ts"], "channel": CONVERSATION})
        return _refuse("message_not_found")

    def _replies(self, asked: dict[str, str]) -> Reply:
        if not self.may_read:
            return _refuse("missing_scope")
        first = [each for each in self.messages if each["ts"] == asked["ts"]]
        found = [each for each in self.replies if each["thread_ts"] == asked["ts"]]
        return _accept({"messages": [*first, *found]})

    def _history(self, asked: dict[str, str]) -> Reply:
        if not self.may_read:
            return _refuse("missing_scope")
        oldest = float(asked.get("oldest", "0"))
        newest_first = [each for each in reversed(self.messages) if float(each["ts"]) >= oldest]
        start = int(asked.get("cursor", "0"))
        page = newest_first[start : start + self.page_size]
        if asked.get("include_all_metadata") not in ("true", "1"):
            page = [{**each, "metadata": None} for each in page]
        rest = len(newest_first) > start + self.page_size
        cursor = str(start + self.page_size) if rest else ""
        return _accept({"messages": page, "response_metadata": {"next_cursor": cursor}})


def _asked(query: str, body: bytes) -> dict[str, str]:
    """What a method that reads is asked, as a form or in the address."""
    return {name: values[0] for name, values in parse_qs(query or body.decode()).items()}


def check_blocks(blocks: list[dict[str, Any]]) -> str:
    """The error code that Slack would answer with; empty where the blocks are in order."""
    names = [each["block_id"] for each in blocks if "block_id" in each]
    if len(blocks) > 50 or len(names) != len(set(names)) or any(map(_is_faulty, blocks)):
        return "invalid_blocks"
    total = sum(len(text) for block in blocks for text in _texts(block))
    return "msg_blocks_too_long" if total > _ALL_BLOCKS else ""


def _is_faulty(block: dict[str, Any]) -> bool:
    if len(block.get("block_id", "")) > 255:
        return True
    if block["type"] == "actions":
        elements = block["elements"]
        names = [each["action_id"] for each in elements]
        return (
            not 0 < len(elements) <= 25
            or len(names) != len(set(names))
            or any(map(_is_faulty_button, elements))
        )
    if block["type"] == "divider":
        return False
    cells, elements = block.get("fields", []), block.get("elements", [])
    texts = [block["text"]] if "text" in block else elements
    limit = _TEXT_LIMITS[block["type"]]
    return (
        len(cells) > 10
        or len(elements) > 10
        or any(not 0 < len(cell["text"]) <= _CELL_LIMIT for cell in cells)
        or any(not 0 < len(text["text"]) <= limit for text in texts)
    )


def _is_faulty_button(element: dict[str, Any]) -> bool:
    said = element.get("text") or element.get("placeholder") or {"text": "-", "type": "plain_text"}
    return (
        said["type"] != "plain_text"
        or not 0 < len(said["text"]) <= (75 if element["type"] == "button" else 150)
        or not 0 < len(element["action_id"]) <= 255
        or len(element.get("value", "")) > 2_000
        or len(element.get("url", "")) > 3_000
        or len(element.get("options", ())) > 100
    )


def _texts(block: dict[str, Any]) -> Iterator[str]:
    parts = [block.get("text"), *block.get("elements", ()), *block.get("fields", ())]
    for part in parts:
        text = part.get("text", "") if part else ""
        yield text if isinstance(text, str) else text["text"]


def _accept(document: dict[str, Any]) -> Reply:
    return _json({"ok": True, **document})


def _refuse(code: str) -> Reply:
    return _json({"ok": False, "error": code})


def _json(document: dict[str, Any]) -> Reply:
    headers = {"Content-Type": "application/json; charset=utf-8"}
    return Reply(body=json.dumps(document).encode(), headers=headers)
