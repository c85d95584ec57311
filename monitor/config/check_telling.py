"""Whether what is said of telling people fits: routes, chains, quiet hours, shifts and urgency."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice

from monitor.config.issues import KeyPath, Problem, did_you_mean
from monitor.config.landscape import Landscape
from monitor.config.own_templates import FILES, FOLDER
from monitor.core.breaks import HINTS, BreakKind, Severity
from monitor.core.calendar import faults_of, working_hours
from monitor.core.duty import next_closing
from monitor.core.flows import PLAIN, CalendarSettings, RuleSettings
from monitor.core.notices import NoticeKind
from monitor.core.plugins import Plugins
from monitor.core.routes import RouteHours, RouteSettings

_OF_SYSTEMS = frozenset({NoticeKind.BLIND, NoticeKind.SIGHTED})
_SOME_MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def check_telling(landscape: Landscape, plugins: Plugins) -> Iterator[Problem]:
    """Every name that leads nowhere, every route that nothing ever fits, every unused chain.

    And every template of the firm's own that could not be used.
    """
    yield from _check_templates(landscape, plugins)
    names = [
        *_check_routes(landscape),
        *_check_chains(landscape),
        *_check_hours(landscape),
    ]
    yield from names
    if names:
        return
    for index, route in enumerate(landscape.routes):
        for why in islice(_why_never(route, landscape), 1):
            yield Problem(("routes", index), f"nothing ever takes this route: {why}")
    used = {route.escalation for route in landscape.routes}
    for name in landscape.incidents.escalations:
        if name not in used:
            path: KeyPath = ("incidents", "escalations", name)
            yield Problem(path, f"no route names the chain '{name}'", at_key=True)


def _check_templates(landscape: Landscape, plugins: Plugins) -> Iterator[Problem]:
    settings = landscape.incidents.templates
    if plugins.check_templates is None:
        return
    for slot, why in plugins.check_templates(settings):
        if settings.folder is None:
            yield Problem(("incidents", "templates", slot.value), why)
        else:
            yield Problem(FOLDER, f"{FILES[slot]}: {why}")


def _check_routes(landscape: Landscape) -> Iterator[Problem]:
    chains = landscape.incidents.escalations
    for index, route in enumerate(landscape.routes):
        path: KeyPath = ("routes", index)
        yield from _all_known((*path, "channels"), "channel", route.channels, landscape.channels)
        yield from _all_known((*path, "systems"), "system", route.systems, landscape.systems)
        yield from _all_known((*path, "owners"), "owner", route.owners, landscape.owners)
        yield from _calendar((*path, "calendar"), route.calendar, landscape)
        if route.escalation is not None:
            yield from _known((*path, "escalation"), "chain", route.escalation, chains)


def _check_chains(landscape: Landscape) -> Iterator[Problem]:
    for name, chain in landscape.incidents.escalations.items():
        for index, step in enumerate(chain.steps):
            path: KeyPath = ("incidents", "escalations", name, "steps", index)
            yield from _all_known((*path, "channels"), "channel", step.channels, landscape.channels)
            yield from _calendar((*path, "calendar"), step.calendar, landscape)
            if landscape.people:
                yield from _all_known((*path, "people"), "person", step.people, landscape.people)


def _check_hours(landscape: Landscape) -> Iterator[Problem]:
    for index, rung in enumerate(landscape.incidents.urgency):
        path: KeyPath = ("incidents", "urgency", index)
        yield from _all_known((*path, "owners"), "owner", rung.owners, landscape.owners)
        yield from _calendar((*path, "calendar"), rung.calendar, landscape)
    for index, quiet in enumerate(landscape.incidents.quiet):
        path = ("incidents", "quiet", index)
        yield from _known((*path, "calendar"), "calendar", quiet.calendar, landscape.calendars)
        yield from _all_known((*path, "channels"), "channel", quiet.channels, landscape.channels)
    for name, owner in landscape.owners.items():
        for index, shift in enumerate(owner.shifts):
            path = ("owners", name, "shifts", index, "calendar")
            yield from _known(path, "calendar", shift.calendar, landscape.calendars)


def _calendar(path: KeyPath, name: str, landscape: Landscape) -> Iterator[Problem]:
    """A calendar by its name, that of the owner, or none."""
    if name not in ("", PLAIN):
        yield from _known(path, "calendar", name, landscape.calendars)


def _why_never(route: RouteSettings, landscape: Landscape) -> Iterator[str]:
    """Why no notice can pass all filters of a route; nothing where one can."""
    if not route.notices:
        yield "it lets no kind of notice through"
    is_of_systems = _OF_SYSTEMS.issuperset(route.notices)
    if is_of_systems and (route.kinds or route.at_risk or route.legal_entities):
        yield "that a source is blind or seen again is about no break, no money and no company"
    if route.kinds and not _kinds(landscape) & set(route.kinds):
        yield f"no rule finds {', '.join(each.value for each in route.kinds)}"
    if route.severities and not _severities(route, landscape) & set(route.severities):
        severities = ", ".join(each.value for each in route.severities)
        yield f"nothing that it lets through is ever {severities}"
    if route.owners and route.systems and not _owners(route, landscape) & set(route.owners):
        yield "what is wrong in these systems is held by nobody whom it names"
    if route.hours is RouteHours.OUTSIDE and not _ever_closes(route, landscape):
        yield "the working time that it means has no outside"


def _kinds(landscape: Landscape) -> set[BreakKind]:
    """Everything that is ever found."""
    return {kind for rule in _rules(landscape) for kind in rule.finds}


def _severities(route: RouteSettings, landscape: Landscape) -> set[Severity]:
    """What may pass the filters on kinds can be so urgent."""
    if route.kinds and HINTS.issuperset(route.kinds):
        return {Severity.INFO}
    found = {rung.severity for rung in landscape.incidents.urgency}
    notices = set(route.notices)
    if not route.kinds:
        found |= {Severity.WARNING} if NoticeKind.BLIND in notices else set()
        found |= {Severity.INFO} if NoticeKind.SIGHTED in notices else set()
    if notices - _OF_SYSTEMS:
        kinds = set(route.kinds) or set(BreakKind)
        found |= {rule.severity for rule in _rules(landscape) if rule.finds & kinds}
        found |= {Severity.INFO} if landscape.watches else set()
    return found


def _owners(route: RouteSettings, landscape: Landscape) -> set[str]:
    """Who may hold what is wrong in the systems of a route."""
    of_systems = {
        landscape.systems[name].owner for name in route.systems if name in landscape.systems
    }
    return of_systems | {rule.owner for rule in _rules(landscape) if rule.owner}


def _rules(landscape: Landscape) -> Iterator[RuleSettings]:
    for flow in landscape.flows.values():
        yield from flow.hand_offs.values()
        yield from flow.rules.values()
    yield from landscape.watches.values()


def _ever_closes(route: RouteSettings, landscape: Landscape) -> bool:
    if route.calendar:
        names = {route.calendar}  # `plain` is in no landscape: it has no outside
    else:
        owners = route.owners or tuple(landscape.owners)
        names = {landscape.owners[name].calendar for name in owners if name in landscape.owners}
    known = [landscape.calendars[name] for name in names if name in landscape.calendars]
    return any(_closes(each) for each in known)


def _closes(calendar: CalendarSettings) -> bool:
    """Whether it has an end; one that cannot be is refused elsewhere."""
    if any(faults_of(calendar)):
        return True
    return next_closing(working_hours(calendar), _SOME_MONDAY) is not None


def _all_known(
    path: KeyPath, word: str, names: Iterable[str], known: Iterable[str]
) -> Iterator[Problem]:
    for position, name in enumerate(names):
        yield from _known((*path, position), word, name, known)


def _known(path: KeyPath, word: str, name: str, known: Iterable[str]) -> Iterator[Problem]:
    if name not in known:
        yield Problem(path, f"unknown {word} '{name}'{did_you_mean(name, known)}")
