"""Whether a stream's mapping fits the entity that its rows are said to be."""

from collections.abc import Iterator, Mapping
from zoneinfo import ZoneInfo, available_timezones

from monitor.config.issues import KeyPath, Problem, did_you_mean
from monitor.core.entities import EntityFields
from monitor.core.plugins import Misfit, Plugins
from monitor.core.streams import FieldMapping, StreamSettings


def check_stream(
    path: KeyPath, settings: StreamSettings, entities: Mapping[str, EntityFields], plugins: Plugins
) -> Iterator[Problem]:
    """What does not fit: first what has a place of its own, else what the probes' own check says.

    Args:
        path: of the stream in the document.
        settings: the stream.
        entities: canonical fields by entity, the landscape's own included.
        plugins: whose `check_stream` is asked for what the vocabulary does not know of.
    """
    if settings.entity not in entities:
        hint = did_you_mean(settings.entity, entities)
        yield Problem((*path, "entity"), f"unknown entity '{settings.entity}'{hint}")
        return
    placed = [
        *_check_fields(path, settings, entities[settings.entity]),
        *_check_zones(path, settings),
    ]
    yield from placed
    if not placed and plugins.check_stream is not None:
        for problem in plugins.check_stream(settings, entities):
            at = problem.at if isinstance(problem, Misfit) else ()
            yield Problem((*path, *at), str(problem))


def _check_fields(
    path: KeyPath, settings: StreamSettings, fields: EntityFields
) -> Iterator[Problem]:
    for name, mapping in settings.map.items():
        place: KeyPath = (*path, "map", name)
        if name not in fields:
            message = f"unknown field '{name}' of {settings.entity}{did_you_mean(name, fields)}"
            yield Problem(place, message, at_key=True)
        elif isinstance(mapping, FieldMapping) and mapping.type not in (None, fields[name]):
            message = f"the field '{name}' of {settings.entity} is {fields[name]}"
            yield Problem((*place, "type"), message)


def _check_zones(path: KeyPath, settings: StreamSettings) -> Iterator[Problem]:
    if settings.cursor is not None:
        yield from _check_zone((*path, "cursor", "zone"), settings.cursor.zone)
    for name, mapping in settings.map.items():
        if isinstance(mapping, FieldMapping):
            yield from _check_zone((*path, "map", name, "zone"), mapping.zone)


def _check_zone(path: KeyPath, zone: str) -> Iterator[Problem]:
    try:
        ZoneInfo(zone)
    except (LookupError, OSError, ValueError):
        hint = did_you_mean(zone, available_timezones())
        yield Problem(path, f"'{zone}' is not a time zone of the IANA database{hint}")
