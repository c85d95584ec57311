"""Messages as RabbitMQ's management API shows them, with what became of them in one place."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from monitor.core.strict_json import parse_rows

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PER_CALL: Final = ("redelivered", "message_count")
"""What an answer says of the reading, and not of the message."""


def read_messages(messages: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Messages as the mapping selects from them, each with an `id` of its own."""
    seen: Counter[str] = Counter()
    for message in map(_read_message, messages):
        name = str(message["message_id"])
        seen[name] += 1
        yield {**message, "id": name if seen[name] == 1 else f"{name}#{seen[name]}"}


def _read_message(raw: Mapping[str, Any]) -> dict[str, Any]:
    properties = raw.get("properties")
    # Erlang knows one empty list for both: without properties the API says [].
    known: Mapping[str, Any] = properties if isinstance(properties, dict) else {}
    headers = known.get("headers")
    return {
        **known,
        "message_id": known.get("message_id") or _digest(raw),
        "timestamp": _instant(known.get("timestamp")),
        "headers": headers if isinstance(headers, dict) else {},
        "exchange": raw.get("exchange"),
        "routing_key": raw.get("routing_key"),
        "payload": _read_payload(raw),
        "death": _read_death(headers.get("x-death") if isinstance(headers, dict) else None),
    }


def is_same_message(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two answers show the same message."""
    return _content(one) == _content(other)


def _content(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in raw.items() if name not in _PER_CALL}


def _digest(raw: Mapping[str, Any]) -> str:
    encoded = msgspec.json.encode(_content(raw), order="deterministic")
    return hashlib.sha256(encoded).hexdigest()[:32]


def _read_payload(raw: Mapping[str, Any]) -> Any:
    text = raw.get("payload")
    if not isinstance(text, str) or raw.get("payload_encoding") != "string":
        return text
    try:
        return parse_rows(text)
    except ValueError:
        return text


def _read_death(deaths: Any) -> Mapping[str, Any] | None:
    """Why a message died last, how often it died in all, and since when.

    The newest entry comes first; each counts one pair of queue and reason (RabbitMQ
    documentation, dead letter exchanges).
    """
    if not isinstance(deaths, list) or not all(isinstance(each, dict) for each in deaths):
        return None
    if not deaths:
        return None
    times = [instant for each in deaths if (instant := _instant(each.get("time"))) is not None]
    counts = [each["count"] for each in deaths if isinstance(each.get("count"), int)]
    return {
        "queue": deaths[0].get("queue"),
        "reason": deaths[0].get("reason"),
        "exchange": deaths[0].get("exchange"),
        "count": sum(counts),
        "time": min(times, default=None),
    }


def _instant(seconds: Any) -> Any:
    """AMQP timestamps count seconds since 1970."""
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        return seconds
    try:
        return _EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return seconds
