"""Requests and replies as plain values, so that the systems know nothing of sockets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import msgspec

_encoder = msgspec.json.Encoder(decimal_format="number")


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asked.

    Attributes:
        method: in upper case.
        path: without the query.
        query: parameters; of a repeated one, the last.
        headers: by name in lower case.
        body: as received.
        origin: `http://host:port` of the server.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    origin: str


class Delivery(StrEnum):
    """How much of a reply reaches the client."""

    WHOLE = "whole"
    NOTHING = "nothing"
    """The connection ends without a reply."""
    BROKEN_OFF = "broken_off"
    """Half the body, with the length of the whole announced."""
    CUT = "cut"
    """Half the body, its length announced as if that were all."""
    CUT_UNSIZED = "cut_unsized"
    """Half the body, without a length; the end of the connection ends it."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answers."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delivery: Delivery = Delivery.WHOLE


class Refusal(Exception):  # noqa: N818 - an answer, not a failure of the server
    """The request cannot be granted.

    Attributes:
        status: of the HTTP reply.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


Application = Callable[[Request], Reply]
"""Answers requests; raises `Refusal` and nothing else."""


def json_reply(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A JSON reply; decimals are written as exact numbers."""
    typed = {"Content-Type": "application/json", **(headers or {})}
    return Reply(status, _encoder.encode(document), typed)
