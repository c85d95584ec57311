"""List: what each definition can do, and how far that is proven."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from probes.definitions.definition import Definition, definition_names, read_definition
from probes.definitions.expansion import expand_system

_PROVEN: Final = Path(__file__).with_name("proven.json")


class Tier(StrEnum):
    """How a connector is proven, the strongest first."""

    REAL = "A"
    """Against the system itself."""
    CLIENT = "B"
    """Against a stand-in that a client library of the vendor or its community reads, unmodified."""
    SPECIFICATION = "C"
    """Requests and answers fit the vendor's published specification."""
    DOCUMENTATION = "D"
    """From documentation alone: unverified."""


class Ability(StrEnum):
    """Something that a connector can do."""

    CHANGES = "changes"
    """Asks for what changed since."""
    DELETES = "deletes"
    """Sees rows that are gone."""
    BY_ID = "by id"
    """Reads records by their own id."""
    BY_KEY = "by key"
    """Finds records by a business key."""
    WRITES = "writes"
    """Creates or changes records."""
    STARTS = "starts flows"
    """Starts a flow again, or replays a message."""


@dataclass(frozen=True, slots=True)
class Connector:
    """A definition as people choose among them.

    Attributes:
        name: as `use` takes it.
        title: what people call it.
        abilities: what some stream of it can do.
        streams: ready ones, and the entity of each.
        needs: values that the landscape must give, and what each is.
        values: values that it may give, and what each is otherwise.
        tier: how it is proven.
        proof: by what.
        notes: what whoever uses it has to know.
    """

    name: str
    title: str
    abilities: frozenset[Ability]
    streams: Mapping[str, str]
    needs: Mapping[str, str]
    values: Mapping[str, str]
    tier: Tier
    proof: str
    notes: tuple[str, ...]


def connectors() -> list[Connector]:
    """Every definition that tieout brings, by name."""
    proven = json.loads(_PROVEN.read_text(encoding="utf-8"))
    return [_describe(name, proven.get(name, {})) for name in definition_names()]


def _describe(name: str, proven: Mapping[str, str]) -> Connector:
    definition = read_definition(name, Path())
    streams = _expanded(name, definition)
    return Connector(
        name=name,
        title=definition.title,
        abilities=frozenset(each for stream in streams.values() for each in _abilities(stream)),
        streams={of: str(stream["entity"]) for of, stream in streams.items()},
        needs=definition.needs,
        values=definition.values,
        tier=Tier(proven.get("tier", Tier.DOCUMENTATION)),
        proof=proven.get("proof", "documentation"),
        notes=definition.notes,
    )


def _expanded(name: str, definition: Definition) -> Mapping[str, Mapping[str, Any]]:
    values = dict.fromkeys(definition.needs, "value")
    streams = dict.fromkeys(definition.streams)
    whole = expand_system({"use": name, "values": values, "streams": streams}, Path())
    found: Mapping[str, Mapping[str, Any]] = whole.get("streams", {})
    return found


def _abilities(stream: Mapping[str, Any]) -> Iterator[Ability]:
    if stream.get("cursor"):
        yield Ability.CHANGES
    if stream.get("deletes", {}).get("kind", "none") != "none" or not stream.get("cursor"):
        yield Ability.DELETES
    if stream.get("fetch"):
        yield Ability.BY_ID
    if stream.get("lookup"):
        yield Ability.BY_KEY
    write = stream.get("write", {})
    if write.keys() & {"create", "update", "delete"}:
        yield Ability.WRITES
    if write.get("triggers"):
        yield Ability.STARTS
