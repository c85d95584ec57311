"""Whether the parts of a landscape fit one another, once each of them is well formed."""

from collections.abc import Iterable, Iterator

from monitor.config.check_controls import check_controls
from monitor.config.check_corrections import check_corrections
from monitor.config.check_flows import check_flow
from monitor.config.check_people import check_people
from monitor.config.check_streams import check_stream
from monitor.config.check_telling import check_telling
from monitor.config.context import known_entities, watch_context
from monitor.config.issues import KeyPath, Problem, did_you_mean
from monitor.config.landscape import Landscape
from monitor.config.rates import repeated_rates
from monitor.core.calendar import faults_of
from monitor.core.entities import ENTITIES
from monitor.core.flows import PLAIN
from monitor.core.plugins import Plugins
from monitor.core.watches import ESTATE


def check_landscape(landscape: Landscape, plugins: Plugins) -> list[Problem]:
    """Every reference between sections that leads nowhere, and every rule that cannot be built."""
    problems = [
        *_check_entities(landscape),
        *_check_calendars(landscape),
        *_check_rates(landscape),
        *_check_owners(landscape),
        *_check_systems(landscape, plugins),
        *check_telling(landscape, plugins),
    ]
    for name, flow in landscape.flows.items():
        problems += check_flow(name, flow, landscape, plugins, is_sound=not problems)
    problems += _check_watches(landscape, plugins, is_sound=not problems)
    problems += check_corrections(landscape)
    problems += check_people(landscape)
    problems += check_controls(landscape)
    return problems


def _check_watches(landscape: Landscape, plugins: Plugins, *, is_sound: bool) -> Iterator[Problem]:
    if ESTATE in landscape.flows:
        message = f"the name '{ESTATE}' is taken by what watches find; call the flow another name"
        yield Problem(("flows", ESTATE), message, at_key=True)
    for name, settings in landscape.watches.items():
        if settings.owner:
            path: KeyPath = ("watches", name, "owner")
            yield from _known(path, "owner", settings.owner, landscape.owners)
    if is_sound:
        context = watch_context(landscape)
        for name, settings in landscape.watches.items():
            try:
                plugins.watches[str(getattr(settings, "check", ""))].build(name, settings, context)
            except ValueError as error:
                yield Problem(("watches", name), str(error))


def _check_entities(landscape: Landscape) -> Iterator[Problem]:
    for entity, settings in landscape.entities.items():
        for name, kind in settings.fields.items():
            own = ENTITIES.get(entity, {}).get(name, kind)
            if own is not kind:
                path = ("entities", entity, "fields", name)
                yield Problem(path, f"the field '{name}' of {entity} is {own}; it stays so")


def _check_calendars(landscape: Landscape) -> Iterator[Problem]:
    for name, settings in landscape.calendars.items():
        if name == PLAIN:
            message = f"the name '{PLAIN}' means time that never stops; call it another name"
            yield Problem(("calendars", name), message, at_key=True)
        for key, sentence in faults_of(settings):
            yield Problem(("calendars", name, key), sentence)


def _check_rates(landscape: Landscape) -> Iterator[Problem]:
    for sentence in repeated_rates(landscape.rates.table):
        yield Problem(("rates",), sentence)


def _check_owners(landscape: Landscape) -> Iterator[Problem]:
    for name, owner in landscape.owners.items():
        if owner.calendar:
            path: KeyPath = ("owners", name, "calendar")
            yield from _known(path, "calendar", owner.calendar, landscape.calendars)


def _check_systems(landscape: Landscape, plugins: Plugins) -> Iterator[Problem]:
    if not landscape.systems:
        yield Problem(("systems",), "a landscape needs at least one system")
    entities = known_entities(landscape)
    for name, system in landscape.systems.items():
        path: KeyPath = ("systems", name)
        if system.owner:
            yield from _known((*path, "owner"), "owner", system.owner, landscape.owners)
        if not system.streams:
            yield Problem(path, f"the system '{name}' has no streams")
        for stream, settings in system.streams.items():
            yield from check_stream((*path, "streams", stream), settings, entities, plugins)


def _known(path: KeyPath, word: str, name: str, known: Iterable[str]) -> Iterator[Problem]:
    if name not in known:
        yield Problem(path, f"unknown {word} '{name}'{did_you_mean(name, known)}")
