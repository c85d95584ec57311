"""How a flow is measured, from its settings."""

import hashlib
from collections.abc import Iterator, Mapping

from monitor.config.landscape import FlowSettings
from monitor.core.flows import PLAIN, HandOffSettings
from monitor.core.indicators import Dimension, IndicatorPlan, IndicatorSettings, Step
from monitor.core.model import FieldType, StreamId
from monitor.core.plugins import RuleContext, WorkingTime
from reconcilers.hand_off import HandOff

_BILLED = frozenset({"invoice", "billing_schedule"})


def plan_indicators(
    flow: FlowSettings, hand_offs: Mapping[str, HandOff], context: RuleContext, digest: str
) -> IndicatorPlan:
    """A flow's plan.

    Args:
        flow: as the landscape has it, and sound.
        hand_offs: its steps as rules, by name.
        context: what they were built with.
        digest: of all that its findings follow from.
    """
    settings = flow.indicators
    return IndicatorPlan(
        steps=tuple(
            _step(name, demand, hand_offs[name], settings, context)
            for name, demand in flow.hand_offs.items()
        ),
        set_up=settings.set_up or tuple(_chain(flow)),
        billing=frozenset(map(StreamId.parse, settings.billing)) or _billed(context),
        unique=frozenset(_unique(flow)),
        slices=_slices(settings, context),
        value=(
            context.value_stream or context.root,
            context.value_amount,
            context.value_currency,
        ),
        most=settings.most,
        by_hand=settings.by_hand,
        period=settings.period,
        digest=_digest(digest, settings),
    )


def _step(
    name: str,
    demand: HandOffSettings,
    rule: HandOff,
    settings: IndicatorSettings,
    context: RuleContext,
) -> Step:
    return Step(
        name=name,
        source=rule.source,
        to=rule.target,
        start=demand.start,
        match=demand.match,
        expectations=rule.expectations,
        working_time=_working_time(settings.calendar, rule, context),
    )


def _working_time(calendar: str | None, rule: HandOff, context: RuleContext) -> WorkingTime | None:
    if calendar is None:
        return rule.add_time
    return None if calendar == PLAIN else context.calendars[calendar]


def _chain(flow: FlowSettings) -> Iterator[str]:
    """Hand-offs of whole deals that follow one another from the root on."""
    place = flow.root
    while True:
        following = [
            (name, demand.to)
            for name, demand in flow.hand_offs.items()
            if demand.source == place and demand.match is None
        ]
        if not following:
            return
        name, place = following[0]
        yield name


def _billed(context: RuleContext) -> frozenset[StreamId]:
    return frozenset(stream for stream, entity in context.entities.items() if entity in _BILLED)


def _unique(flow: FlowSettings) -> Iterator[StreamId]:
    for rule in flow.rules.values():
        if getattr(rule, "check", "") == "duplicate":
            yield StreamId.parse(str(getattr(rule, "stream", "")))


def _slices(
    settings: IndicatorSettings, context: RuleContext
) -> dict[Dimension, tuple[StreamId, str]]:
    if settings.slices is not None:
        return {
            dimension: (
                StreamId.parse(place.stream) if place.stream else context.root,
                place.field or dimension.value,
            )
            for dimension, place in settings.slices.places().items()
        }
    fields, mapped = context.fields[context.root], context.mapped.get(context.root, ())
    return {
        dimension: (context.root, dimension.value)
        for dimension in Dimension
        if dimension.value in mapped and fields.get(dimension.value) is FieldType.TEXT
    }


def _digest(digest: str, settings: IndicatorSettings) -> str:
    text = f"{digest}\x1f{settings.model_dump_json(exclude={'period', 'most', 'by_hand'})}"
    return hashlib.sha256(text.encode()).hexdigest()
