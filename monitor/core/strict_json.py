"""JSON read without surprises: nothing is dropped, rounded or followed without end."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Any

MAX_NESTING = 64
_MAX_MAGNITUDE = 400
_UNUSABLE = "a number too large or too small to be used"


class RefusedJson(ValueError):  # noqa: N818 - what it says: refused, not broken
    """The text is JSON, but of a kind that would be read differently by different readers."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """Stands in place of a value that different readers would read differently.

    Attributes:
        why: what it is, for a person: "NaN, which is no JSON number".
    """

    why: str

    def __str__(self) -> str:
        return f"({self.why})"


def parse_json(text: bytes | str) -> Any:
    """The document, every number with a fraction or an exponent as a Decimal.

    The standard library's reader keeps the last of two equal keys, takes `NaN`, and rounds
    `12345678901234567.89` to a float; each of these is refused or read exactly here.

    Raises:
        RefusedJson: duplicate keys, NaN or Infinity, numbers beyond any use, or deep nesting.
        ValueError: not JSON at all, which is also what a text that was cut off looks like.
    """
    return _parse(text, _refuse)


def parse_rows(text: bytes | str) -> Any:
    """The same for a list of rows, of which a bad one must not take the others along.

    A value that `parse_json` refuses becomes a `Flaw`: the value of a duplicate key, or the
    number itself. Whoever reads the value refuses it; whoever does not is not bothered.

    Raises:
        RefusedJson: deep nesting.
        ValueError: not JSON at all.
    """
    return _parse(text, Flaw)


def _parse(text: bytes | str, spoilt: Callable[[str], Any]) -> Any:
    try:
        document = json.loads(
            text,
            object_pairs_hook=partial(_read_object, spoilt),
            parse_float=partial(_read_decimal, spoilt),
            parse_int=partial(_read_integer, spoilt),
            parse_constant=lambda name: spoilt(f"{name}, which is no JSON number"),
        )
    except RecursionError:
        document = None
        too_deep = True
    else:
        too_deep = _is_nested_deeper(document, MAX_NESTING)
    if too_deep:
        raise RefusedJson(f"nested deeper than {MAX_NESTING} levels")
    return document


def _refuse(why: str) -> Any:
    raise RefusedJson(f"it has {why}")


def _read_object(spoilt: Callable[[str], Any], pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        counts = Counter(name for name, _ in pairs)
        members |= {name: spoilt("two values under one key") for name in counts if counts[name] > 1}
    return members


def _read_decimal(spoilt: Callable[[str], Any], text: str) -> Any:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("Infinity")
    if not number.is_finite() or abs(number.adjusted()) > _MAX_MAGNITUDE:
        return spoilt(_UNUSABLE)
    return number


def _read_integer(spoilt: Callable[[str], Any], text: str) -> Any:
    return int(text) if len(text) <= _MAX_MAGNITUDE else spoilt(_UNUSABLE)


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
