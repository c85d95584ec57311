"""Business keys: brought to one form, so that the same deal is spelled the same everywhere."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from monitor.core.model import KeyRole, KeyUse, RejectReason
from monitor.core.streams import KeyMapping, StreamSettings
from probes.engine.selector import values_at
from probes.engine.values import Misfit, is_blank, read_text

SEPARATOR: Final = "|"
"""Stands between the parts of a composite key; a part's own `|` and `\\` are escaped with `\\`."""

_BLANKS: Final = re.compile(r"\s+")
_STEPS: Final[Mapping[str, Callable[[str], str]]] = {
    "trim": str.strip,
    "upper": str.upper,
    "lower": str.lower,
    "squeeze": lambda text: _BLANKS.sub(" ", text),
    "digits": lambda text: "".join(each for each in text if each in "0123456789"),
    "alphanumeric": lambda text: "".join(filter(str.isalnum, text)),
}
_INVISIBLE: Final = "Cf"
"""Unicode's category of format characters: zero-width spaces and byte order marks."""
_ROUNDS: Final = 4


def as_key_mapping(mapping: str | KeyMapping) -> KeyMapping:
    """The full form of a bare path."""
    return (
        mapping if isinstance(mapping, KeyMapping) else KeyMapping.model_validate({"from": mapping})
    )


def paths_of(mapping: KeyMapping) -> tuple[str, ...]:
    """The paths whose values make the key."""
    return (mapping.source,) if isinstance(mapping.source, str) else mapping.source


def plain_paths(settings: StreamSettings, kind: str) -> tuple[str, ...]:
    """Where a source can be asked for keys of this kind; none where it cannot.

    It can where each of its keys is one path, and differs from the source's own spelling by
    nothing but case and blanks around it.
    """
    mappings = [
        as_key_mapping(keys[kind]) for keys in (settings.defines, settings.refers) if kind in keys
    ]
    if not all(_is_plain(mapping) for mapping in mappings):
        return ()
    return tuple(path for mapping in mappings for path in paths_of(mapping))


def prefixed_paths(settings: StreamSettings, kind: str) -> tuple[tuple[str, str], ...]:
    """The same where the source's spelling may also have one of some prefixes before it.

    Returns:
        path and prefix of every spelling; the empty prefix is among them.
    """
    mappings = [
        as_key_mapping(keys[kind]) for keys in (settings.defines, settings.refers) if kind in keys
    ]
    if not all(_is_plain(mapping, with_prefix=True) for mapping in mappings):
        return ()
    return tuple(
        (path, prefix)
        for mapping in mappings
        for path in paths_of(mapping)
        for prefix in ("", *mapping.strip_prefix)
    )


def _is_plain(mapping: KeyMapping, *, with_prefix: bool = False) -> bool:
    path = paths_of(mapping)
    is_spelling_kept = set(mapping.normalise) <= {"trim", "upper", "lower"}
    is_whole = not (mapping.rewrite or mapping.split)
    is_bare = with_prefix or not mapping.strip_prefix
    return len(path) == 1 and is_spelling_kept and is_whole and is_bare


def kinds_of(settings: StreamSettings) -> frozenset[str]:
    """Every key kind that the stream's records carry."""
    return frozenset((*settings.defines, *settings.refers))


def read_keys(row: Any, settings: KeyMapping, kind: str, role: KeyRole) -> tuple[KeyUse, ...]:
    """The keys of one kind that a row carries, each once; none where a part of it is blank.

    Raises:
        Misfit: a part is no text, or lists that belong together differ in length.
    """
    columns = [_read_parts(row, path, settings) for path in paths_of(settings)]
    parts_of_each = zip(*_align(columns), strict=True)
    values = (join_parts(parts) for parts in parts_of_each if all(parts))
    return tuple(KeyUse(role, kind, value) for value in dict.fromkeys(values))


def _read_parts(row: Any, path: str, settings: KeyMapping) -> list[str]:
    """Every value at the path in its one form; an empty text where the row has a blank."""
    parts: list[str] = []
    for value in values_at(row, path):
        if is_blank(value):
            parts.append("")
            continue
        text = read_text(value)
        if not settings.normalise and isinstance(value, str):
            text = value
        pieces = text.split(settings.split) if settings.split else [text]
        parts.extend(unify(piece, settings) for piece in pieces)
    return parts


def _align(columns: Sequence[list[str]]) -> list[list[str]]:
    """Parts at the same place belong together; a part that stands alone belongs to all."""
    if not all(columns):
        return [[] for _ in columns]
    count = max(map(len, columns))
    if any(len(column) not in (1, count) for column in columns):
        raise Misfit(RejectReason.WRONG_TYPE, "has lists of different lengths that belong together")
    return [column * count if len(column) == 1 else column for column in columns]


def unify(text: str, settings: KeyMapping) -> str:
    """One part in its one form: normalised, then without its prefix, then rewritten."""
    unified = normalise(text, settings.normalise) if settings.normalise else text
    fitting = (prefix for prefix in settings.strip_prefix if prefix and unified.startswith(prefix))
    unified = unified.removeprefix(next(fitting, ""))
    for replacement in settings.rewrite:
        unified = _compiled(replacement.pattern).sub(replacement.replace, unified)
    return unified


def normalise(text: str, steps: Sequence[str]) -> str:
    """Text after the steps; the same again when repeated.

    Compatible spellings are one before anything else (Unicode NFKC: full-width digits,
    ligatures, composed and decomposed accents), and characters that nobody sees are gone.
    """
    if text.isascii():
        return _take(text, steps)
    visible = "".join(each for each in text if unicodedata.category(each) != _INVISIBLE)
    normal = unicodedata.normalize("NFKC", visible)
    # Upper case can take a letter apart, and then a second round finds more to do.
    for _ in range(_ROUNDS):
        before, normal = normal, unicodedata.normalize("NFKC", _take(normal, steps))
        if normal == before:
            break
    return normal


def _take(text: str, steps: Sequence[str]) -> str:
    for step in steps:
        text = _STEPS[step](text)
    return text


def join_parts(parts: Sequence[str]) -> str:
    """A composite key; two different lists of parts never give the same text.

    A key of one part stays as it is.
    """
    if len(parts) == 1:
        return parts[0]
    return SEPARATOR.join(_escape(part) for part in parts)


def _escape(part: str) -> str:
    return part.replace("\\", "\\\\").replace(SEPARATOR, f"\\{SEPARATOR}")


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
