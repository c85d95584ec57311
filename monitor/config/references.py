"""References: `${env:NAME}` and `${file:path}` stand for values that no file should hold.

A reference may be the whole value or part of a text; `$${` is a literal `${`. What it stands for
is never shown: wherever a landscape is printed, the reference is.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from monitor.config.document import Document, Tree
from monitor.config.issues import KeyPath, Problem, did_you_mean

MOST_BYTES = 64 << 10
_LITERAL, _REFERENCE = r"\$\$\{", r"\$\{(?P<kind>[^${}:]*):(?P<name>[^${}]*)\}"
_TOKEN = re.compile(rf"{_LITERAL}|{_REFERENCE}|\$\{{")
_SHORT = 4
_HIDDEN = "…"


@dataclass(frozen=True, slots=True)
class References:
    """What references stood where, and what must not be shown.

    Attributes:
        written: by path, the text with its references, as in the file.
        values: what they stood for.
    """

    written: Mapping[KeyPath, str]
    values: frozenset[str] = field(default=frozenset(), repr=False)

    def redact(self, text: str) -> str:
        """The text without anything that a reference stood for."""
        for value in sorted(self.values, key=len, reverse=True):
            exact = re.escape(value)
            # A short value is hidden where it stands alone: every "1" of a message need not go.
            pattern = exact if len(value) >= _SHORT else rf"(?<!\w){exact}(?!\w)"
            text = re.sub(pattern, _HIDDEN, text)
        return text


@dataclass(frozen=True, slots=True)
class Resolved:
    """A document's values with every reference followed, and what could not be followed."""

    tree: Tree = field(repr=False)
    references: References
    problems: tuple[Problem, ...]


def resolve_references(document: Document, environment: Mapping[str, str]) -> Resolved:
    """Follow every reference of a document; files are relative to the document's folder."""
    resolver = _Resolver(document.file.parent, environment)
    tree = resolver.follow(document.tree, ())
    references = References(resolver.written, frozenset(resolver.values))
    return Resolved(tree, references, tuple(resolver.problems))


class _Unresolvable(Exception):  # noqa: N818 - never leaves this module
    """A reference that stands for nothing; says why."""


class _Resolver:
    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.written: dict[KeyPath, str] = {}
        self.values: set[str] = set()
        self.problems: list[Problem] = []
        self._folder = folder
        self._environment = environment

    def follow(self, tree: Tree, path: KeyPath) -> Tree:
        match tree:
            case dict():
                return {key: self.follow(value, (*path, key)) for key, value in tree.items()}
            case list():
                return [self.follow(item, (*path, index)) for index, item in enumerate(tree)]
            case str() if "${" in tree:
                try:
                    return "".join(self._pieces(tree, path))
                except _Unresolvable as error:
                    self.problems.append(Problem(path, str(error)))
        return tree

    def _pieces(self, text: str, path: KeyPath) -> Iterator[str]:
        end = 0
        for token in _TOKEN.finditer(text):
            yield text[end : token.start()]
            end = token.end()
            if token[0] == "$${":
                yield "${"
                continue
            if token["kind"] is None:
                raise _Unresolvable("write ${env:NAME} or ${file:path}, or $${ for a literal ${")
            self.written[path] = text
            value = self._value(token["kind"], token["name"])
            if value:
                self.values.add(value)
            yield value
        yield text[end:]

    def _value(self, kind: str, name: str) -> str:
        if kind == "env":
            if name not in self._environment:
                raise _Unresolvable(f"the environment variable {name} is not set")
            return self._environment[name]
        if kind == "file":
            return _read_secret(self._folder / name, name)
        hint = did_you_mean(kind, ("env", "file"))
        raise _Unresolvable(f"'{kind}' is no kind of reference{hint}")


def _read_secret(file: Path, name: str) -> str:
    try:
        with file.open("rb") as stream:
            raw = stream.read(MOST_BYTES + 1)
        if len(raw) > MOST_BYTES:
            raise _Unresolvable(f"the file {name} is larger than {MOST_BYTES:,} bytes")
        return raw.decode("utf-8").rstrip("\r\n")
    except UnicodeDecodeError:
        raise _Unresolvable(f"the file {name} is not UTF-8 text") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise _Unresolvable(f"the file {name} cannot be read: {why}") from None
