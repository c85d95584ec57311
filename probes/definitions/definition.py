"""A definition: everything about a kind of system that is the same at every firm that runs it.

It is data in a YAML file beside this one, or in a file of the firm's own. Names in angle brackets
stand for what differs from stream to stream and from firm to firm.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from monitor.core.streams import Name, Settings
from probes.definitions.layers import lay_over

_ROOM = Path(__file__).parent
_SUFFIX = ".yaml"
_EXTENDS = "extends"
_ITS_OWN = frozenset({"title", "sources", "notes", "streams"})
"""What a definition never has from the one that it extends."""
Tree = dict[str, Any]
"""Settings as a landscape's YAML holds them."""


class ColumnSettings(Settings):
    """How a request names the columns that a stream maps.

    `<columns>` stands for them in a text, `<column_list>` for a list of them in a body.
    """

    join: str = ","
    """Text between two of them."""
    quote: str = ""
    """Around each."""
    under: str = ""
    """Path in a row below which they lie; it is not part of their names."""
    whole_paths: bool = False
    """Whether `account.name` is asked for as such; otherwise as `account`."""
    always: tuple[str, ...] = ()
    """Columns that every stream needs, mapped or not."""
    written: dict[str, str] = {}
    """Columns that are asked for in other words than their name, such as `TO_CHAR(a) AS a`."""

    def name(self, path: str) -> str:
        """What the column is called that holds what lies at a path of a row."""
        below = path.removeprefix(self.under)
        return below if self.whole_paths else re.split(r"[.\[]", below, maxsplit=1)[0]

    def write(self, columns: Iterable[str]) -> str:
        """The columns in one text."""
        quoted = (f"{self.quote}{self.written.get(each, each)}{self.quote}" for each in columns)
        return self.join.join(quoted)


class Definition(Settings):
    """A kind of system, ready to be used."""

    title: str
    """What people call it."""
    extends: str = ""
    """Definition of ours whose way of asking this one shares; what stands here is laid over it."""
    sources: tuple[str, ...] = Field(min_length=1)
    """Pages of the vendor, or of others, that its facts were taken from."""
    notes: tuple[str, ...] = ()
    """What whoever uses it has to know: limits, permissions, what it cannot see."""
    needs: dict[str, str] = {}
    """Values that the landscape must give, and what each is."""
    values: dict[str, str] = {}
    """Values that it may give, with what they are otherwise."""
    columns: ColumnSettings = ColumnSettings()
    """How columns are asked for."""
    system: Tree
    """Settings of the system, `probe` among them."""
    stream: Tree = {}
    """Settings of every stream."""
    streams: dict[Name, Tree] = {}
    """Ready streams: what they add to that, and `values` of their own."""


def definition_names() -> list[str]:
    """Every definition that tieout brings, in order."""
    return sorted(file.stem for file in _ROOM.glob(f"*{_SUFFIX}"))


def read_definition(name: str, folder: Path) -> Definition:
    """The definition of this name, or the one in a file.

    Args:
        name: of ours; or a path that ends with `.yaml`.
        folder: what such a path is relative to.

    Raises:
        ValueError: there is none, or it cannot be read; in one sentence.
    """
    if name.endswith(_SUFFIX):
        return _read(folder / name)
    if name not in definition_names():
        raise LookupError(name)
    return _read(_ROOM / f"{name}{_SUFFIX}")


@lru_cache(maxsize=64)
def _read_as_of(file: Path, _changed_at: int) -> Definition:
    try:
        return Definition.model_validate(_whole(YAML(typ="safe", pure=True).load(file)))
    except (UnicodeDecodeError, YAMLError) as error:
        raise ValueError(f"the definition {file.name} cannot be read: {error}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"]))
        raise ValueError(f"the definition {file.name}: {place}: {first['msg']}") from None


def _whole(tree: Any) -> Any:
    """What a file says, laid over the definition that it extends."""
    if not isinstance(tree, dict) or _EXTENDS not in tree:
        return tree
    base = tree[_EXTENDS]
    if not isinstance(base, str) or base not in definition_names():
        raise ValueError(f"there is no definition '{base}' to extend")
    ready = YAML(typ="safe", pure=True).load(_ROOM / f"{base}{_SUFFIX}")
    if _EXTENDS in ready:
        raise ValueError(f"'{base}' extends another definition itself")
    return lay_over({key: each for key, each in ready.items() if key not in _ITS_OWN}, tree)


def _read(file: Path) -> Definition:
    try:
        changed_at = file.stat().st_mtime_ns
    except OSError as error:
        raise ValueError(f"the definition {file.name} cannot be read: {error.strerror}") from None
    return _read_as_of(file, changed_at)
