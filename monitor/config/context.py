"""What a landscape tells the parts that run it: entities, streams, working time, rule contexts."""

from monitor.config.landscape import FlowSettings, Landscape
from monitor.core.calendar import working_hours, working_time
from monitor.core.duty import Duty
from monitor.core.entities import ENTITIES, EntityFields
from monitor.core.model import StreamId
from monitor.core.plugins import RuleContext, WatchContext, WorkingTime
from monitor.core.rates import rate_table
from monitor.core.streams import StreamSettings
from monitor.core.watches import ESTATE, NOWHERE


def known_entities(landscape: Landscape) -> dict[str, EntityFields]:
    """The canonical entities with the fields that the landscape adds."""
    entities = dict(ENTITIES)
    for name, settings in landscape.entities.items():
        entities[name] = {**entities.get(name, {}), **settings.fields}
    return entities


def known_streams(landscape: Landscape) -> dict[StreamId, StreamSettings]:
    """Every stream, in the landscape's order."""
    return {
        StreamId(system, name): stream
        for system, settings in landscape.systems.items()
        for name, stream in settings.streams.items()
    }


def working_times(landscape: Landscape) -> dict[str, WorkingTime]:
    """The working time of each calendar."""
    return {name: working_time(settings) for name, settings in landscape.calendars.items()}


def owner_calendars(landscape: Landscape) -> dict[str, str]:
    """The calendar's name of each owner that has one."""
    return {name: owner.calendar for name, owner in landscape.owners.items() if owner.calendar}


def duty_of(landscape: Landscape) -> Duty:
    """When who works."""
    return Duty(
        calendars={name: working_hours(each) for name, each in landscape.calendars.items()},
        owners=owner_calendars(landscape),
        shifts={name: each.shifts for name, each in landscape.owners.items() if each.shifts},
    )


def rule_context(name: str, flow: FlowSettings, landscape: Landscape) -> RuleContext:
    """What the rules of a flow are built with; only of a landscape whose streams are in order."""
    streams = known_streams(landscape)
    entities = known_entities(landscape)
    value = flow.value
    return RuleContext(
        flow=name,
        root=StreamId.parse(flow.root),
        entities={stream: settings.entity for stream, settings in streams.items()},
        fields={stream: entities[settings.entity] for stream, settings in streams.items()},
        mapped={stream: frozenset(settings.map) for stream, settings in streams.items()},
        keys={stream: {*each.defines, *each.refers} for stream, each in streams.items()},
        owners={system: settings.owner for system, settings in landscape.systems.items()},
        calendars=working_times(landscape),
        owner_calendars=owner_calendars(landscape),
        value_stream=StreamId.parse(value.stream if value else flow.root),
        value_amount=value.amount if value else "amount",
        value_currency=value.currency if value else "currency",
        of_record={field: StreamId.parse(stream) for field, stream in flow.of_record.items()},
        rates=rate_table(landscape.rates.table),
    )


def watch_context(landscape: Landscape) -> WatchContext:
    """What watches are built with; only of a landscape whose streams and flows are in order."""
    streams = known_streams(landscape)
    entities = known_entities(landscape)
    estate = RuleContext(
        flow=ESTATE,
        root=NOWHERE,
        entities={stream: settings.entity for stream, settings in streams.items()},
        fields={stream: entities[settings.entity] for stream, settings in streams.items()},
        owners={system: settings.owner for system, settings in landscape.systems.items()},
        calendars=working_times(landscape),
        owner_calendars=owner_calendars(landscape),
    )
    hand_offs = {
        name: {
            hop: (StreamId.parse(settings.source), StreamId.parse(settings.to))
            for hop, settings in flow.hand_offs.items()
        }
        for name, flow in landscape.flows.items()
    }
    return WatchContext(estate, hand_offs)
