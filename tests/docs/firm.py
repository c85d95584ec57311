"""A firm with every stream that the pages on rules speak of, each with all fields of its entity."""

from collections.abc import Iterable, Iterator, Mapping
from textwrap import indent

from monitor.core.entities import ENTITIES
from monitor.core.model import FieldType

OWN_FIELDS: Mapping[str, Mapping[str, FieldType]] = {
    "opportunity": {"rate": FieldType.DECIMAL},
    "project": {"contract_revision": FieldType.INTEGER},
    "role": {"role": FieldType.TEXT},
}
"""Entity to the fields that this firm adds."""

STREAMS: Mapping[str, Mapping[str, str]] = {
    "crm": {"customer": "customer", "opportunity": "opportunity", "change_order": "change_order"},
    "cpq": {"quote": "quote"},
    "contracts": {"contract": "contract", "role": "role"},
    "psa": {
        "project": "project",
        "assignment": "assignment",
        "milestone": "milestone",
        "timecard": "timecard",
        "change_order": "change_order",
    },
    "erp": {
        "customer": "customer",
        "project": "project",
        "billing_schedule": "billing_schedule",
        "change_order": "change_order",
        "invoice": "invoice",
    },
    "middleware": {"message": "message"},
}
"""System to its streams, each with its entity."""

KEYS = ("change_order", "contract", "milestone", "project", "idempotency")
"""Key kinds beside that of the deal."""


def landscape_with(section: str, example: str) -> str:
    """The firm's landscape, in YAML, with an example in its section."""
    part = f"{section}:\n{indent(example, '  ')}"
    return "\n".join(
        [
            *_beginning(),
            *_systems(),
            *([part] if section == "watches" else []),
            "flows:",
            "  sales-to-cash:",
            "    root: crm.opportunity",
            "    key: deal",
            f"    through: [{', '.join(KEYS)}]",
            *([indent(part, "    ")] if section != "watches" else []),
        ]
    )


def _beginning() -> Iterator[str]:
    yield "version: 1"
    yield "firm: {name: Example}"
    yield "calendars: {office: {zone: Europe/Berlin}}"
    yield "entities:"
    for entity, fields in OWN_FIELDS.items():
        written = ", ".join(f"{name}: {kind}" for name, kind in fields.items())
        yield f"  {entity}: {{fields: {{{written}}}}}"


def _systems() -> Iterator[str]:
    yield "systems:"
    for system, streams in STREAMS.items():
        yield f"  {system}:\n    probe: files\n    streams:"
        for stream, entity in streams.items():
            fields = {**ENTITIES.get(entity, {}), **OWN_FIELDS.get(entity, {})}
            role = "defines" if (system, stream) == ("crm", "opportunity") else "refers"
            yield f"      {stream}:\n        path: {system}_{stream}.csv\n        entity: {entity}"
            yield "        id: id\n        cursor: {field: updated_at}"
            yield f"        map: {_same(fields)}"
            yield f"        {role}: {_same(['deal', *KEYS])}"


def _same(names: Iterable[str]) -> str:
    return f"{{{', '.join(f'{name}: {name}' for name in names)}}}"
