"""What is wrong with a landscape, and where."""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from monitor.core.errors import Permanent, Reason

KeyPath = tuple[str | int, ...]
"""Keys and list positions from the top of the document down to a value."""


def show_path(path: KeyPath) -> str:
    """A path as people write it: `flows.sales.rules.amount`, list positions in brackets."""
    shown = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return shown.removeprefix(".")


@dataclass(frozen=True, slots=True)
class Problem:
    """A fault found at a path; `at_key` where the key itself is at fault, not its value."""

    path: KeyPath
    message: str
    at_key: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Issue:
    """One fault of a landscape.

    Attributes:
        line, column: where it stands, from 1.
        file: as it was asked for.
        path: where it stands among the keys; empty for the whole file.
        message: one sentence. Never holds a value that came from a reference.
    """

    line: int
    column: int
    file: str
    path: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}: "
        return where + (f"{self.path}: " if self.path else "") + self.message


class ConfigurationError(Permanent):
    """A landscape that cannot be run.

    Attributes:
        issues: every fault found, in the order of the file.
    """

    def __init__(self, issues: Iterable[Issue]) -> None:
        self.issues = tuple(sorted(set(issues)))
        super().__init__("\n".join(map(str, self.issues)), reason=Reason.CONFIGURATION)


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """`; did you mean 'streams'?` where a candidate is close, else what there is to choose from."""
    known = sorted(set(candidates))
    lowered = {candidate.lower(): candidate for candidate in known}
    close = get_close_matches(word.lower(), lowered, n=1)
    if close:
        return f"; did you mean '{lowered[close[0]]}'?"
    if not known:
        return "; there are none"
    if len(known) > MOST_LISTED:
        return ""
    return "; there is " + ", ".join(f"'{candidate}'" for candidate in known)


MOST_LISTED = 12
"""Longer lists of candidates do not help anyone."""
