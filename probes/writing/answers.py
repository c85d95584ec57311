"""What a system answered to a write, for the audit log: cut, and without secrets."""

import json
import re
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import quote

from monitor.core.writing import Receipt
from monitor.response import Response
from probes.engine.caller import Quote

ANSWER_CHARACTERS: Final = 2000
QUOTED_CHARACTERS: Final = 300
_READ: Final = 64 * 1024
_HIDDEN: Final = "(hidden)"
_SHORTEST_SECRET: Final = 4
"""Shorter ones would blot out ordinary text, and guard nothing."""

_SECRET_MEMBER: Final = re.compile(
    r'("[^"\\]*(?:password|passwd|secret|token|api_?key|authorization|credential)[^"\\]*"\s*:\s*)'
    r'(?:"(?:[^"\\]|\\.)*"?|\[[^\]]*\]?|[^\s,}\]]+)',
    re.IGNORECASE,
)
"""Members of a JSON object that hold what nobody should read, whatever it is."""

_REFERENCES: Final = ("x-request-id", "request-id", "x-correlation-id")
"""Headers by which vendors name a call."""


def receipt_of(response: Response, secrets: Iterable[str], native_id: str = "") -> Receipt:
    """What is kept of an answer."""
    return Receipt(
        native_id=native_id,
        reference=hide_secrets(_reference(response.headers), secrets)[:ANSWER_CHARACTERS],
        answer=kept_text(response.body[:_READ].decode("utf-8", "replace"), secrets),
    )


def quoted(secrets: frozenset[str]) -> Quote:
    """How a refusal is quoted by whoever keeps these secrets."""

    def quote(response: Response, of_the_call: frozenset[str]) -> str:
        return quoted_text(response.body[:_READ].decode("utf-8", "replace"), secrets | of_the_call)

    return quote


def quoted_text(text: str, secrets: Iterable[str]) -> str:
    """A refusal in one line, for a person."""
    return " ".join(kept_text(text, secrets).split())[:QUOTED_CHARACTERS]


def kept_text(text: str, secrets: Iterable[str]) -> str:
    """An answer's text as the audit log keeps it."""
    hidden = _SECRET_MEMBER.sub(rf'\1"{_HIDDEN}"', hide_secrets(text, secrets))
    return hidden.replace("\x00", "�")[:ANSWER_CHARACTERS]


def hide_secrets(text: str, secrets: Iterable[str]) -> str:
    """The text without these secrets, however an answer may have spelled them."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= _SHORTEST_SECRET:
            for spelled in (secret, json.dumps(secret)[1:-1], quote(secret, safe="")):
                text = text.replace(spelled, _HIDDEN)
    return text


def _reference(headers: Mapping[str, str]) -> str:
    return next((headers[name] for name in _REFERENCES if name in headers), "")
