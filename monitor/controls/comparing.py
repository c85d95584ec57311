"""What differs between two landscapes, path by path."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from monitor.core.controls import ControlSettings

Path = tuple[str, ...]
_ABSENT = object()

EVERYWHERE = frozenset({"calendars", "entities", "owners", "rates", "settle"})
"""Sections that any rule's verdict may follow from."""


class ChangeKind(StrEnum):
    """What became of a setting."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Change(NamedTuple):
    """A setting that is not what it was; of what was added or removed, all of it."""

    kind: ChangeKind
    path: Path
    before: Any
    after: Any


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Every difference, by path. Lists are compared as wholes: their order says something."""
    return list(_compare(before, after, ()))


def _compare(before: Any, after: Any, path: Path) -> Iterator[Change]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in sorted(before.keys() | after.keys()):
            yield from _compare(
                before.get(name, _ABSENT), after.get(name, _ABSENT), (*path, str(name))
            )
    elif before is _ABSENT:
        yield Change(ChangeKind.ADDED, path, None, after)
    elif after is _ABSENT:
        yield Change(ChangeKind.REMOVED, path, before, None)
    elif before != after:
        yield Change(ChangeKind.CHANGED, path, before, after)


def touches_control(path: Path, name: str, control: ControlSettings, systems: set[str]) -> bool:
    """Whether a setting is one that a control's verdicts or its card follow from.

    Args:
        path: of the setting.
        name: of the control.
        control: its settings.
        systems: those that its rules look at.
    """
    match path:
        # A section may have come or gone as a whole.
        case ("controls" | "flows" | "systems",):
            concerns = True
        case ("flows", flow) | ("flows", flow, "rules" | "hand_offs"):
            concerns = flow == control.flow
        case ("controls", each, *_):
            concerns = each == name
        case ("flows", flow, "rules" | "hand_offs", rule, *_):
            concerns = flow == control.flow and rule in control.rules
        case ("flows", flow, part, *_):
            concerns = flow == control.flow and part not in ("corrections", "indicators")
        case ("systems", system, *_):
            concerns = system in systems
        case _:
            concerns = path[0] in EVERYWHERE
    return concerns
