"""Pydantic's errors in the words of whoever writes a landscape."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic_core import ErrorDetails

from monitor.config.document import Tree
from monitor.config.issues import KeyPath, Problem, did_you_mean
from monitor.config.references import References
from monitor.config.shape import Place, Shape
from monitor.core.flows import STREAM_NAME
from monitor.core.streams import NAME

_BOOLEAN_WORDS = frozenset({"yes", "no", "on", "off", "y", "n"})
_TYPES: Mapping[str, str] = {
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "decimal_type": "a number",
    "decimal_parsing": "a number",
    "dict_type": "keys and values",
    "float_type": "a number",
    "int_from_float": "a whole number",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_attributes_type": "keys and values",
    "model_type": "keys and values",
    "none_required": "nothing",
    "string_type": "text (in quotes where it looks like something else)",
    "tuple_type": "a list",
}
"""Errors that say only that another type was expected."""

_PATTERNS = {
    NAME: "a name of lower case letters, digits, '_' and '-' that starts with a letter",
    STREAM_NAME: "a stream written system.stream",
    r"^[A-Z]{3}$": "a currency code of three capital letters",
    r"^([01]\d|2[0-3]):[0-5]\d$": "a time of day such as 09:00",
    r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$": "a time of day such as 17:00",
}


def read_errors(
    errors: Iterable[ErrorDetails], shape: Shape, tree: Tree, references: References
) -> list[Problem]:
    """The problems that a validation's errors stand for.

    A union reports an error for each alternative that it tried; only what is said of the deepest
    place is kept, and alternatives of one place are joined.
    """
    located = [(shape.locate(error["loc"]), error) for error in errors]
    expected: dict[KeyPath, list[str]] = {}
    problems: list[Problem] = []
    for place, error in located:
        if error["type"] in _TYPES and not place.at_key:
            if not _has_deeper(place.path, located):
                expected.setdefault(place.path, []).append(_TYPES[error["type"]])
        else:
            problems.append(_problem(place, error, shape, tree, references))
    for path, types in expected.items():
        hint = "" if path in references.written else _hint(_value(tree, path), types)
        problems.append(Problem(path, f"expected {_either(types)}{hint}"))
    return problems


def _hint(value: Tree, types: list[str]) -> str:
    """What surprises those who know other readers of YAML."""
    if not isinstance(value, str):
        return ""
    if "true or false" in types and value.lower() in _BOOLEAN_WORDS:
        return "; 'yes', 'no', 'on' and 'off' are text"
    if "a whole number" in types and value.isdigit():
        return "; in quotes or with a leading zero it is text"
    return ""


def _has_deeper(path: KeyPath, located: list[tuple[Place, ErrorDetails]]) -> bool:
    return any(
        place.path[: len(path)] == path
        and (len(place.path) > len(path) or error["type"] not in _TYPES)
        for place, error in located
    )


def _problem(
    place: Place, error: ErrorDetails, shape: Shape, tree: Tree, references: References
) -> Problem:
    value = None if place.path in references.written else _value(tree, place.path)
    message = _MESSAGES.get(error["type"], _otherwise)(place, error, shape, value)
    at_key = place.at_key or error["type"] == "extra_forbidden"
    return Problem(_path(place, error), message, at_key=at_key)


def _path(place: Place, error: ErrorDetails) -> KeyPath:
    if error["type"].startswith("union_tag") and place.absent == "":
        return (*place.path, error["ctx"]["discriminator"].strip("'"))
    return place.path


def _missing(place: Place, error: ErrorDetails, _shape: Shape, _value: Tree) -> str:
    return f"the key '{place.absent or error['loc'][-1]}' is missing"


def _unknown_key(place: Place, _error: ErrorDetails, shape: Shape, _value: Tree) -> str:
    key = str(place.path[-1])
    return f"unknown key '{key}'{did_you_mean(key, shape.keys_at(place.path[:-1]))}"


def _unknown_tag(_place: Place, error: ErrorDetails, _shape: Shape, value: Tree) -> str:
    kind = error["ctx"]["discriminator"].strip("'")
    known = _words(error["ctx"]["expected_tags"])
    named = value.get(kind) if isinstance(value, dict) else None
    if not isinstance(named, str):
        return f"unknown {kind}{did_you_mean('', known)}"
    return f"unknown {kind} '{named}'{did_you_mean(named, known)}"


def _no_tag(_place: Place, error: ErrorDetails, _shape: Shape, _value: Tree) -> str:
    return f"the key {error['ctx']['discriminator']} is missing"


def _unknown_word(_place: Place, error: ErrorDetails, _shape: Shape, value: Tree) -> str:
    expected = error["ctx"]["expected"]
    hint = did_you_mean(value, _words(expected)) if isinstance(value, str) else ""
    return f"expected {expected}" + (hint if "mean" in hint else "")


def _no_match(place: Place, error: ErrorDetails, _shape: Shape, _value: Tree) -> str:
    pattern = error["ctx"]["pattern"]
    words = _PATTERNS.get(pattern, f"text that matches {pattern}")
    return f"'{place.path[-1]}' is not {words}" if place.at_key else f"expected {words}"


def _too_few(_place: Place, error: ErrorDetails, _shape: Shape, _value: Tree) -> str:
    return f"expected at least {error['ctx']['min_length']}"


def _no_url(_place: Place, _error: ErrorDetails, _shape: Shape, _value: Tree) -> str:
    return "expected an address such as https://crm.firm.example"


def _raised(_place: Place, error: ErrorDetails, _shape: Shape, _value: Tree) -> str:
    return str(error["ctx"]["error"])


def _otherwise(_place: Place, error: ErrorDetails, _shape: Shape, _value: Tree) -> str:
    message = error["msg"].removeprefix("Input ").removeprefix("Value ")
    return message[:1].lower() + message[1:]


_MESSAGES: Mapping[str, Callable[[Place, ErrorDetails, Shape, Tree], str]] = {
    "assertion_error": _raised,
    "enum": _unknown_word,
    "extra_forbidden": _unknown_key,
    "literal_error": _unknown_word,
    "missing": _missing,
    "string_pattern_mismatch": _no_match,
    "too_short": _too_few,
    "union_tag_invalid": _unknown_tag,
    "union_tag_not_found": _no_tag,
    "url_parsing": _no_url,
    "url_scheme": _no_url,
    "value_error": _raised,
}


def _words(quoted: str) -> list[str]:
    """The words of pydantic's `'a', 'b' or 'c'`."""
    return quoted.split("'")[1::2]


def _either(types: list[str]) -> str:
    return " or ".join(dict.fromkeys(types))


def _value(tree: Any, path: KeyPath) -> Tree:
    for step in path:
        tree = tree[step]
    return tree
