"""The reference page of the command line, from what the commands say of themselves."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_type_hints

from typer.models import ArgumentInfo, OptionInfo

from monitor.cli.exits import MEANINGS, Exit
from monitor.cli.main import assemble

_INTRODUCTION = """\
# Command line

Data goes to stdout, logs and remarks to stderr: for people on a terminal, as JSON lines
elsewhere. `tieout --verbose COMMAND` logs what is done. Times are UTC. Where stdout is no
terminal, a row of a table stays on its line; `COLUMNS` sets a width. `make install` puts the
command into `.venv/bin`.

## Exit status

Bit flags; a status of 5 says that breaks stand and that a source could not be looked at.

| status | name | means |
| --- | --- | --- |
"""


def command_line_reference() -> str:
    rows = [f"| {each.value} | {each.name} | {MEANINGS[each]} |" for each in (Exit.IN_ORDER, *Exit)]
    sections = ["\n".join(_section(name, command)) for name, command in sorted(_commands())]
    return _INTRODUCTION + "\n".join(rows) + "\n\n" + "\n\n".join(sections) + "\n"


def _commands() -> Iterator[tuple[str, Callable[..., Any]]]:
    """Every command by its name, those of a group after the group's."""
    application = assemble()
    groups = {"": application}
    for group in application.registered_groups:
        if group.typer_instance is not None:
            groups[f"{group.name} "] = group.typer_instance
    for group_name, part in groups.items():
        for row in part.registered_commands:
            if row.name and row.callback:
                yield f"{group_name}{row.name}", row.callback


@dataclass(frozen=True)
class Parameter:
    """What a command takes: the name in the code, its type, what typer is told, the default."""

    name: str
    type: Any
    info: ArgumentInfo | OptionInfo
    default: Any

    @property
    def is_required(self) -> bool:
        return self.default is inspect.Parameter.empty

    def names(self) -> list[str]:
        if isinstance(self.info, ArgumentInfo):
            return [self.name.upper()]
        # In an annotation typer takes the first name for a default, and sorts it out later.
        declared = [each for each in (self.info.default, *(self.info.param_decls or ())) if each]
        names = [each for each in declared if isinstance(each, str)] or [self._long_name()]
        return [option if self.type is bool else f"{option} {self._kind()}" for option in names]

    def _long_name(self) -> str:
        return f"--{self.name.replace('_', '-')}"

    def _kind(self) -> str:
        kinds: dict[Any, str] = {int: "NUMBER", str: "TEXT", Path: "PATH"}
        return kinds.get(self.type, self.name.upper())

    def means(self) -> str:
        parts = [self.info.help or ""]
        if isinstance(self.type, type) and issubclass(self.type, Enum):
            parts.append("One of " + ", ".join(f"`{each.value}`" for each in self.type))
        if self.info.min is not None:
            parts.append(f"From {self.info.min} to {self.info.max}")
        if self.info.envvar:
            parts.append(f"Else from `{self.info.envvar}`")
        if self.is_required:
            parts.append("Required")
        elif self.default not in (None, "", False):
            parts.append(f"Default: `{self.default}`")
        return " ".join(f"{part.rstrip('.')}." for part in parts if part)


def _parameters(command: Callable[..., Any]) -> list[Parameter]:
    hints = get_type_hints(command, include_extras=True)
    found = []
    for name, parameter in inspect.signature(command).parameters.items():
        kind, info = get_args(hints[name])
        of_kind = [each for each in get_args(kind) if each is not NoneType]
        found.append(Parameter(name, of_kind[0] if of_kind else kind, info, parameter.default))
    return sorted(found, key=lambda each: isinstance(each.info, OptionInfo))


def _section(name: str, command: Callable[..., Any]) -> Iterator[str]:
    parameters = _parameters(command)
    arguments = [each for each in parameters if isinstance(each.info, ArgumentInfo)]
    shown = [
        each.name.upper() if each.is_required else f"[{each.name.upper()}]" for each in arguments
    ]
    yield f"## `{' '.join(['tieout', name, *shown])}`\n"
    yield inspect.getdoc(command) or ""
    if parameters:
        yield "\n| argument or option | means |\n| --- | --- |"
        for each in parameters:
            yield f"| {', '.join(f'`{option}`' for option in each.names())} | {each.means()} |"
