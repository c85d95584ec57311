"""JSON read without surprises: nothing is dropped, rounded or followed without end."""

import json
from decimal import Decimal, InvalidOperation
from typing import Any

MAX_NESTING = 64
_MAX_MAGNITUDE = 400


class RefusedJson(ValueError):  # noqa: N818 - what it says: refused, not broken
    """The text is JSON, but of a kind that would be read differently by different readers."""


def parse_json(text: bytes | str) -> Any:
    """The document, every number with a fraction or an exponent as a Decimal.

    The standard library's reader keeps the last of two equal keys, takes `NaN`, and rounds
    `12345678901234567.89` to a float; each of these is refused or read exactly here.

    Raises:
        RefusedJson: duplicate keys, NaN or Infinity, numbers beyond any use, or deep nesting.
        ValueError: not JSON at all, which is also what a text that was cut off looks like.
    """
    try:
        document = json.loads(
            text,
            object_pairs_hook=_read_object,
            parse_float=_read_decimal,
            parse_constant=_refuse_constant,
        )
    except RecursionError:
        document = None
        too_deep = True
    else:
        too_deep = _is_nested_deeper(document, MAX_NESTING)
    if too_deep:
        raise RefusedJson(f"nested deeper than {MAX_NESTING} levels")
    return document


def _read_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise RefusedJson("an object has the same key twice")
    return members


def _read_decimal(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("Infinity")
    if not number.is_finite() or abs(number.adjusted()) > _MAX_MAGNITUDE:
        raise RefusedJson("a number is too large or too small to be used")
    return number


def _refuse_constant(name: str) -> Any:
    raise RefusedJson(f"{name} is not a JSON number")


def _is_nested_deeper(document: Any, levels: int) -> bool:
    containers = [document] if isinstance(document, dict | list) else []
    for _ in range(levels):
        containers = [
            child
            for container in containers
            for child in (container.values() if isinstance(container, dict) else container)
            if isinstance(child, dict | list)
        ]
        if not containers:
            return False
    return bool(containers)
