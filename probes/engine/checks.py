"""Whether a stream's mapping fits its entity, said before the first row is read."""

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from monitor.core.entities import EntityFields
from monitor.core.model import FieldType
from monitor.core.streams import FieldMapping, KeyMapping, StreamSettings
from probes.engine.keys import as_key_mapping, paths_of
from probes.engine.selector import parse_path
from probes.engine.values import CENTS, Misfit, converter, read_zone


def check_stream(settings: StreamSettings, entities: Mapping[str, EntityFields]) -> list[str]:
    """One sentence for each thing that does not fit; empty where all does.

    Args:
        settings: the stream's mapping.
        entities: canonical fields by entity name, the landscape's own included.
    """
    if settings.entity not in entities:
        return [f"entity '{settings.entity}' is not known{_suggest(settings.entity, entities)}"]
    return check_mapping(settings, entities[settings.entity])


def check_mapping(settings: StreamSettings, fields: EntityFields) -> list[str]:
    """As `check_stream`, for an entity with these fields."""
    return [
        *_check_path("id", settings.id),
        *_check_cursor(settings),
        *_check_deletes(settings),
        *(
            problem
            for name, mapping in settings.map.items()
            for problem in _check_field(name, as_field_mapping(mapping), fields)
        ),
        *(
            problem
            for keys in (settings.defines, settings.refers)
            for kind, mapping in keys.items()
            for problem in _check_key(kind, as_key_mapping(mapping))
        ),
    ]


def paths_of_stream(settings: StreamSettings) -> Iterator[str]:
    """Every path that a stream's mapping reads."""
    yield settings.id
    for mapping in map(as_field_mapping, settings.map.values()):
        if mapping.source is not None:
            yield mapping.source
    for key in (*settings.defines.values(), *settings.refers.values()):
        yield from paths_of(as_key_mapping(key))
    if settings.cursor is not None:
        yield settings.cursor.field
    if settings.deletes.field is not None:
        yield settings.deletes.field


def as_field_mapping(mapping: str | FieldMapping) -> FieldMapping:
    """The full form of a bare path."""
    if isinstance(mapping, FieldMapping):
        return mapping
    return FieldMapping.model_validate({"from": mapping})


def _check_field(name: str, mapping: FieldMapping, fields: EntityFields) -> Iterator[str]:
    if name not in fields:
        yield f"field '{name}' is not known{_suggest(name, fields)}"
        return
    place, expected = f"field '{name}'", fields[name]
    if mapping.type not in (None, expected):
        yield f"{place} is of type {expected}, not {mapping.type}"
    if (mapping.source is None) == (mapping.constant is None):
        yield f"{place} needs either 'from' or 'constant'"
    elif mapping.source is not None:
        yield from _check_path(place, mapping.source)
    yield from _check_zone(place, mapping.zone)
    yield from _check_constant(place, mapping, expected)
    yield from _check_format(place, mapping.format, expected)


def _check_format(place: str, form: str | None, expected: FieldType) -> Iterator[str]:
    if expected is FieldType.DECIMAL and form not in (None, CENTS):
        yield f"{place} is of type {expected}: its only 'format' is '{CENTS}'"
    elif form == CENTS and expected is not FieldType.DECIMAL:
        yield f"{place} is of type {expected}, which has no '{CENTS}'"
    elif form and expected not in (FieldType.INSTANT, FieldType.DATE, FieldType.DECIMAL):
        yield f"{place} is of type {expected}, so 'format' says nothing"


def _check_constant(place: str, mapping: FieldMapping, expected: FieldType) -> Iterator[str]:
    if mapping.constant is None or list(_check_zone(place, mapping.zone)):
        return
    convert = converter(expected, zone=mapping.zone, form=mapping.format, words=mapping.values)
    try:
        convert(mapping.constant)
    except Misfit as misfit:
        yield f"{place}: the constant {misfit.detail}"


def _check_key(kind: str, mapping: KeyMapping) -> Iterator[str]:
    place = f"key '{kind}'"
    if not paths_of(mapping):
        yield f"{place} needs at least one path"
    for path in paths_of(mapping):
        yield from _check_path(place, path)
    for replacement in mapping.rewrite:
        try:
            re.compile(replacement.pattern).sub(replacement.replace, "")
        except (re.error, IndexError) as error:
            yield f"{place}: the regular expression '{replacement.pattern}' cannot be used: {error}"


def _check_cursor(settings: StreamSettings) -> Iterator[str]:
    if settings.cursor is not None:
        yield from _check_path("cursor", settings.cursor.field)
        yield from _check_zone("cursor", settings.cursor.zone)


def _check_deletes(settings: StreamSettings) -> Iterator[str]:
    deletes = settings.deletes
    if deletes.kind == "field" and deletes.field is None:
        yield "deletes of kind 'field' need the field's path"
    elif deletes.kind != "field" and deletes.field is not None:
        yield f"deletes of kind '{deletes.kind}' read no field"
    elif deletes.field is not None:
        yield from _check_path("deletes", deletes.field)


def _check_path(place: str, path: str) -> Iterator[str]:
    try:
        parse_path(path)
    except ValueError as error:
        yield f"{place}: {error}"


def _check_zone(place: str, zone: str) -> Iterator[str]:
    try:
        read_zone(zone)
    except ValueError as error:
        yield f"{place}: {error}"


def _suggest(word: str, known: Iterable[str]) -> str:
    close = get_close_matches(word, list(known), n=1)
    return f"; did you mean '{close[0]}'?" if close else ""
