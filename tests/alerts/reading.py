"""What a reader of a conversation sees, as text."""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from slack_sdk import WebClient

from tests.alerts.fake_slack import CONVERSATION, TOKEN

_LINK = re.compile(r"<(https?://[^|>]+)\|([^>]+)>")
_SIGNS = {
    ":red_circle:": "🔴",
    ":large_orange_circle:": "🟠",
    ":large_blue_circle:": "🔵",
    ":large_green_circle:": "🟢",
}


def read_conversation(address: str) -> list[tuple[Mapping[str, Any], list[Mapping[str, Any]]]]:
    """Every message with its thread, the oldest first, read by Slack's own client."""
    client = WebClient(token=TOKEN, base_url=f"{address}/api/")
    found: list[Mapping[str, Any]] = []
    cursor = ""
    while True:
        page = client.conversations_history(channel=CONVERSATION, limit=100, cursor=cursor or None)
        found += page.get("messages", [])
        cursor = (page.get("response_metadata") or {}).get("next_cursor", "")
        if not cursor:
            break
    threads: list[tuple[Mapping[str, Any], list[Mapping[str, Any]]]] = []
    for each in reversed(found):
        answer = client.conversations_replies(channel=CONVERSATION, ts=each["ts"])
        threads.append((each, answer.get("messages", [])[1:]))
    return threads


def show_conversation(address: str) -> str:
    """The conversation as text: each message as it stands in the end, with its thread."""
    threads = read_conversation(address)
    parts = [f"{len(threads)} messages"]
    for message, replies in threads:
        edited = f", edited last at {_time(message['edited']['ts'])}" if "edited" in message else ""
        lines = [f"── {_time(message['ts'])}{edited}", *lines_of(message["blocks"])]
        for reply in replies:
            first, *rest = lines_of(reply["blocks"])
            lines += [f"  └ {_time(reply['ts'])} {first}", *(f"          {it}" for it in rest)]
        parts.append("\n".join(lines))
    return "\n\n".join(parts) + "\n"


def lines_of(blocks: Sequence[Mapping[str, Any]]) -> list[str]:
    """The blocks of a message as lines of text."""
    return [line for block in blocks for line in _lines(block)]


def _lines(block: Mapping[str, Any]) -> Iterator[str]:
    match block["type"]:
        case "header":
            yield f"# {_read(block['text'])}"
        case "context":
            yield " · ".join(_read(each) for each in block["elements"])
        case "actions":
            yield " ".join(f"[{_read(each.get('text') or each)}]" for each in block["elements"])
        case "divider":
            yield "──"
        case _:
            if "text" in block:
                yield from _read(block["text"]).split("\n")
            cells = [_read(each) for each in block.get("fields", ())]
            pairs = zip(cells[::2], cells[1::2], strict=True)
            yield from (f"{label}: {value}" for label, value in pairs)


def _read(text: Mapping[str, Any]) -> str:
    said = str(text.get("text", text["type"]))
    if text["type"] == "mrkdwn":
        said = _LINK.sub(r"\2", said).replace("*", "").replace("`", "")
        for name, sign in _SIGNS.items():
            said = said.replace(name, sign)
    return html.unescape(said)


def _time(stamp: str) -> str:
    return f"{datetime.fromtimestamp(float(stamp), UTC):%H:%M}"
