"""Whether a flow's root, keys, hand-offs and rules fit the streams of the landscape."""

from collections.abc import Callable, Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from typing import Any

from monitor.config.context import rule_context
from monitor.config.issues import KeyPath, Problem, did_you_mean
from monitor.config.landscape import FlowSettings, Landscape
from monitor.config.named_streams import NamedStreams
from monitor.core.flows import PLAIN, HandOffSettings, RuleSettings
from monitor.core.indicators import SlicesSettings
from monitor.core.model import FieldType, StreamId
from monitor.core.plugins import Misfit, Plugins, RuleContext
from monitor.core.ports import Rule
from monitor.core.streams import StreamSettings

_NO_DEMAND = {"severity", "settle", "objective"}
"""What says how a break is told, and neither when there is one nor to whom."""


def check_flow(
    name: str, flow: FlowSettings, landscape: Landscape, plugins: Plugins, *, is_sound: bool
) -> list[Problem]:
    """Everything in a flow that leads nowhere.

    Args:
        name: of the flow.
        flow: its settings.
        landscape: which it is part of.
        plugins: whose rules are built, to hear what they say of their settings.
        is_sound: the rest of the landscape is in order, so that rules can be built on it.
    """
    check = _FlowCheck(("flows", name), flow, landscape)
    problems = [
        *check.root(),
        *check.value(),
        *check.of_record(),
        *check.owners(),
        *check.hand_offs(),
        *check.loops(),
        *check.indicators(),
    ]
    if is_sound and not problems:
        problems += _check_rules(name, flow, landscape, plugins)
    return problems


def _check_rules(
    name: str, flow: FlowSettings, landscape: Landscape, plugins: Plugins
) -> Iterator[Problem]:
    context = rule_context(name, flow, landscape)
    for hand_off, demand in flow.hand_offs.items():
        build = plugins.build_hand_off
        yield from _try(("flows", name, "hand_offs", hand_off), build, demand, context)
    for rule, settings in flow.rules.items():
        check = plugins.rules[str(getattr(settings, "check", ""))]
        yield from _try(("flows", name, "rules", rule), check.build, settings, context)


def _try(
    path: KeyPath,
    build: Callable[[str, Any, RuleContext], Rule] | None,
    settings: RuleSettings,
    context: RuleContext,
) -> Iterator[Problem]:
    """What the rule itself says of its settings."""
    try:
        if build is not None:
            build(str(path[-1]), settings, context)
    except ValueError as error:
        at = error.at if isinstance(error, Misfit) else ()
        yield Problem((*path, *at), str(error))


class _FlowCheck:
    """One flow beside the streams that it names."""

    def __init__(self, path: KeyPath, flow: FlowSettings, landscape: Landscape) -> None:
        self._path = path
        self._flow = flow
        self._landscape = landscape
        self._named = NamedStreams(landscape)
        self._streams = self._named.streams

    def root(self) -> Iterator[Problem]:
        """The root defines the key; each further kind is defined by some stream."""
        flow = self._flow
        yield from self._stream(("root",), flow.root)
        root = self._streams.get(StreamId.parse(flow.root))
        if root is not None and flow.key not in root.defines:
            hint = did_you_mean(flow.key, root.defines)
            message = f"the root {flow.root} does not define the key '{flow.key}'{hint}"
            yield Problem((*self._path, "key"), message)
        defined = {kind for stream in self._streams.values() for kind in stream.defines}
        for index, kind in enumerate(flow.through):
            if kind not in defined:
                message = f"no stream defines the key '{kind}'{did_you_mean(kind, defined)}"
                yield Problem((*self._path, "through", index), message)

    def value(self) -> Iterator[Problem]:
        """The money of a transaction is a number with a currency."""
        value = self._flow.value
        if value is None:
            return
        yield from self._stream(("value", "stream"), value.stream)
        yield from self._field(("value", "amount"), value.stream, value.amount, FieldType.DECIMAL)
        yield from self._field(("value", "currency"), value.stream, value.currency, FieldType.TEXT)

    def of_record(self) -> Iterator[Problem]:
        """Whoever owns a field has it."""
        for field, stream in self._flow.of_record.items():
            yield from self._stream(("of_record", field), stream)
            yield from self._field(("of_record", field), stream, field, at_key=True)

    def owners(self) -> Iterator[Problem]:
        """Hand-offs and rules belong to owners that exist, and have names of their own."""
        known = self._landscape.owners
        for section, settled in (("hand_offs", self._flow.hand_offs), ("rules", self._flow.rules)):
            for name, settings in settled.items():
                path = (*self._path, section, name)
                if settings.owner and settings.owner not in known:
                    hint = did_you_mean(settings.owner, known)
                    yield Problem((*path, "owner"), f"unknown owner '{settings.owner}'{hint}")
        for name in self._flow.hand_offs.keys() & self._flow.rules.keys():
            message = f"a hand-off is called '{name}' already"
            yield Problem((*self._path, "rules", name), message, at_key=True)

    def hand_offs(self) -> Iterator[Problem]:
        """Each end is a stream with the fields that the hand-off reads."""
        asked: dict[str, str] = {}
        for name, settings in self._flow.hand_offs.items():
            yield from self._hand_off(("hand_offs", name), settings)
            demand = settings.model_dump_json(exclude=_NO_DEMAND)
            if (other := asked.setdefault(demand, name)) != name:
                message = f"the hand-off '{other}' asks for the same"
                yield Problem((*self._path, "hand_offs", name), message, at_key=True)

    def loops(self) -> Iterator[Problem]:
        """No record can be both before and after another."""
        before: dict[str, set[str]] = {}
        for name, settings in self._flow.hand_offs.items():
            before.setdefault(settings.to, set()).add(settings.source)
            try:
                TopologicalSorter(before).prepare()
            except CycleError as error:
                way = " → ".join(reversed(error.args[1]))
                message = f"with this one the hand-offs form a loop: {way}"
                yield Problem((*self._path, "hand_offs", name), message, at_key=True)
                return

    def indicators(self) -> Iterator[Problem]:
        """What indicators are counted by is there."""
        settings, at = self._flow.indicators, "indicators"
        for index, hop in enumerate(settings.set_up):
            if hop not in self._flow.hand_offs:
                hint = did_you_mean(hop, self._flow.hand_offs)
                path = (*self._path, at, "set_up", index)
                yield Problem(path, f"unknown hand-off '{hop}'{hint}")
        if settings.calendar not in (None, PLAIN, *self._landscape.calendars):
            yield self._unknown_calendar((at, "calendar"), str(settings.calendar))
        for index, stream in enumerate(settings.billing):
            yield from self._stream((at, "billing", index), stream)
        for dimension, place in (settings.slices or SlicesSettings()).places().items():
            where = (at, "slices", dimension.value)
            stream = place.stream or self._flow.root
            if place.stream is not None:
                yield from self._stream((*where, "stream"), stream)
            field, at_key = place.field or dimension.value, not place.field
            path = where if at_key else (*where, "field")
            yield from self._field(path, stream, field, FieldType.TEXT, at_key=at_key)

    def _unknown_calendar(self, at: KeyPath, name: str) -> Problem:
        hint = did_you_mean(name, self._landscape.calendars)
        return Problem((*self._path, *at), f"unknown calendar '{name}'{hint}")

    def _hand_off(self, at: KeyPath, settings: HandOffSettings) -> Iterator[Problem]:
        yield from self._stream((*at, "from"), settings.source)
        yield from self._stream((*at, "to"), settings.to)
        for field in settings.when:
            yield from self._field((*at, "when", field), settings.source, field, at_key=True)
        for field in settings.that:
            yield from self._field((*at, "that", field), settings.to, field, at_key=True)
        instant = FieldType.INSTANT
        yield from self._field((*at, "start"), settings.source, settings.start, instant)
        yield from self._field((*at, "arrival"), settings.to, settings.arrival, instant)
        if settings.calendar not in ("", PLAIN, *self._landscape.calendars):
            yield self._unknown_calendar((*at, "calendar"), settings.calendar)
        if settings.requires is not None:
            yield from self._stream((*at, "requires"), settings.requires)
        if settings.missing_after is not None and settings.missing_after < settings.within:
            message = "a record cannot be missing before it is late: 'missing_after' < 'within'"
            yield Problem((*self._path, *at, "missing_after"), message)
        if settings.match is not None:
            yield from self._match((*at, "match"), settings, settings.match)

    def _match(self, at: KeyPath, settings: HandOffSettings, kind: str) -> Iterator[Problem]:
        for end in (settings.source, settings.to):
            stream = self._streams.get(StreamId.parse(end))
            if stream is not None and kind not in _kinds(stream):
                hint = did_you_mean(kind, _kinds(stream))
                message = f"the stream {end} has no key '{kind}'{hint}"
                yield Problem((*self._path, *at), message)

    def _stream(self, at: KeyPath, name: str) -> Iterator[Problem]:
        return self._named.stream((*self._path, *at), name)

    def _field(
        self,
        at: KeyPath,
        stream: str,
        field: str,
        expected: FieldType | None = None,
        *,
        at_key: bool = False,
    ) -> Iterator[Problem]:
        return self._named.field((*self._path, *at), stream, field, expected, at_key=at_key)


def _kinds(stream: StreamSettings) -> Iterable[str]:
    return [*stream.defines, *stream.refers]
