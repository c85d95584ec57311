"""The composition root: the only place that knows every plug-in."""

import sys
import time
from collections.abc import Callable, Mapping
from functools import cache
from importlib.metadata import EntryPoints, entry_points
from pathlib import Path
from typing import Any

from alerts import CHANNELS
from alerts.wording import Wording, check_templates
from monitor.config import Landscape
from monitor.config.context import duty_of, known_entities, rule_context, watch_context
from monitor.config.effective import (
    digest,
    digest_of,
    effective,
    policies_digest,
    reading_digest,
    rules_digest,
)
from monitor.config.landscape import FlowSettings
from monitor.config.load import load_landscape
from monitor.core.clock import Clock
from monitor.core.entities import EntityFields
from monitor.core.errors import Permanent, Reason
from monitor.core.exchange import Exchange
from monitor.core.model import StreamId
from monitor.core.people import People
from monitor.core.plugins import ChannelContext, Plugins, ProbeContext, Row, Rows
from monitor.core.ports import Probe, Rule
from monitor.core.rates import rate_table
from monitor.estate import Estate, Flow, HandOff, Lookout, Source, Traces
from monitor.indicators.plan import plan_indicators
from probes import PROBES
from probes.definitions import expand_system
from probes.writing.checks import check_stream
from reconcilers import RULES
from reconcilers.hand_off import build_hand_off
from reconcilers.watches import WATCHES


def load_plugins() -> Plugins:
    """Every plug-in of this installation: our own rows and those of installed packages.

    Packages offer rows under the entry point groups `tieout.probes`, `tieout.rules`,
    `tieout.watches` and `tieout.channels`; they cannot take the place of ours.
    """
    return Plugins(
        probes=_with_outsiders(PROBES, "tieout.probes"),
        rules=_with_outsiders(RULES, "tieout.rules"),
        channels=_with_outsiders(CHANNELS, "tieout.channels"),
        watches=_with_outsiders(WATCHES, "tieout.watches"),
        check_stream=check_stream,
        build_hand_off=build_hand_off,
        check_templates=check_templates,
        expand_system=expand_system,
    )


@cache
def _offered(group: str, _path: tuple[str, ...]) -> EntryPoints:
    """What the packages on a path offer; asking every one of them takes a while."""
    return entry_points(group=group)


def _with_outsiders(ours: Rows[Row], group: str) -> Rows[Row]:
    points = _offered(group, tuple(sys.path))
    for point in points:
        if point.name in ours:
            raise Permanent(
                f"a package offers '{point.name}' in {group}, which exists already",
                reason=Reason.CONFIGURATION,
            )
    return Rows({**ours.loaders, **{point.name: point.load for point in points}})


def read_landscape(path: Path, environment: Mapping[str, str]) -> Landscape:
    """The landscape in a file, checked against the installed plug-ins.

    Raises:
        ConfigurationError: the file says something that cannot be; every issue is named.
    """
    return load_landscape(path, load_plugins(), environment)


def build_estate(
    landscape: Landscape,
    clock: Clock,
    *,
    calls_today: Mapping[str, int],
    sleep: Callable[[float], None] = time.sleep,
    plugins: Plugins | None = None,
) -> Estate:
    """Build every probe, rule and channel that the landscape names.

    Args:
        landscape: as checked by `read_landscape`.
        clock: the present.
        calls_today: calls already made to each system since midnight UTC.
        sleep: waits that many seconds.
        plugins: those of `load_plugins` unless given.
    """
    plugins = plugins or load_plugins()
    entities = known_entities(landscape)
    probes = {
        name: plugins.probes[_kind(settings, "probe")].build(
            settings,
            ProbeContext(name, entities, clock, sleep, calls_today.get(name, 0)),
        )
        for name, settings in landscape.systems.items()
    }
    sources = _build_sources(landscape, probes, entities)
    channels = {
        name: plugins.channels[_kind(settings, "channel")].build(
            settings, ChannelContext(name, clock)
        )
        for name, settings in landscape.channels.items()
    }
    return Estate(
        digest=digest(landscape),
        sources=sources,
        probes=probes,
        flows=tuple(
            build_flow(name, flow, landscape, plugins) for name, flow in landscape.flows.items()
        ),
        channels=channels,
        routes=landscape.routes,
        every=landscape.every,
        address=str(landscape.server.address or "").rstrip("/"),
        titles={
            name: settings.title for name, settings in landscape.systems.items() if settings.title
        },
        owners={name: settings.owner for name, settings in landscape.systems.items()},
        lookouts=build_lookouts(landscape, plugins),
        incidents=landscape.incidents,
        heartbeat=landscape.heartbeat,
        corrections=landscape.corrections,
        currency=landscape.firm.currency,
        rates=rate_table(landscape.rates.table),
        exchange=Exchange.of(landscape.rates.table),
        duty=duty_of(landscape),
        people=People(landscape.people),
        traces=_build_traces(landscape),
        evidence=landscape.evidence,
        wording=Wording(landscape.incidents.templates),
        controls=landscape.controls,
        configuration=effective(landscape),
    )


def _build_traces(landscape: Landscape) -> Traces | None:
    settings = landscape.telemetry
    if settings is None:
        return None
    from monitor.telemetry.otlp import (  # noqa: PLC0415 - what it needs is an extra
        OtlpExporter,
    )

    return Traces(OtlpExporter(settings), settings.quiet)


def _kind(settings: Any, discriminator: str) -> str:
    """The plug-in's name: every settings model of a plug-in carries it as a literal."""
    return str(getattr(settings, discriminator))


def _build_sources(
    landscape: Landscape, probes: Mapping[str, Probe], entities: Mapping[str, EntityFields]
) -> dict[StreamId, Source]:
    return {
        StreamId(system, stream): Source(
            StreamId(system, stream),
            settings,
            entities[settings.entity],
            probes[system],
            reading_digest(settings),
        )
        for system, system_settings in landscape.systems.items()
        for stream, settings in system_settings.streams.items()
    }


def build_flow(
    name: str,
    flow: FlowSettings,
    landscape: Landscape,
    plugins: Plugins,
) -> Flow:
    """A business process with its rules, ready to be looked at."""
    context = rule_context(name, flow, landscape)
    hand_offs = {
        rule: build_hand_off(rule, settings, context) for rule, settings in flow.hand_offs.items()
    }
    checks: dict[str, Rule] = {
        rule: plugins.rules[_kind(settings, "check")].build(rule, settings, context)
        for rule, settings in flow.rules.items()
    }
    settled = {**flow.hand_offs, **flow.rules}
    return Flow(
        name=name,
        root=StreamId.parse(flow.root),
        key=flow.key,
        kinds=frozenset({flow.key, *flow.through}),
        hand_offs=tuple(
            HandOff(
                rule,
                StreamId.parse(settings.source),
                StreamId.parse(settings.to),
                settings.start,
                settings.arrival,
                settings.match,
                settings.that,
            )
            for rule, settings in flow.hand_offs.items()
        ),
        rules=(*hand_offs.values(), *checks.values()),
        value_stream=StreamId.parse(flow.value.stream if flow.value else flow.root),
        margins={
            rule: landscape.settle if settings.settle is None else settings.settle
            for rule, settings in settled.items()
        },
        digest=rules_digest(landscape, name),
        settings=settled,
        indicators=plan_indicators(flow, hand_offs, context, rules_digest(landscape, name)),
        of_record=context.of_record,
        policies=flow.corrections,
        policies_digest=policies_digest(landscape, name),
    )


def build_lookouts(landscape: Landscape, plugins: Plugins) -> tuple[Lookout, ...]:
    """The watches of a landscape, in its order."""
    context = watch_context(landscape)
    return tuple(
        Lookout(
            plugins.watches[_kind(settings, "check")].build(name, settings, context),
            settings.every,
            landscape.settle if settings.settle is None else settings.settle,
            digest_of(settings),
            settings,
        )
        for name, settings in landscape.watches.items()
    )
