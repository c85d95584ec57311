"""One line that says what an incident is about."""

from collections.abc import Collection, Mapping
from typing import assert_never

from alerts.compose import show_system
from alerts.escaping import one_line
from monitor.core.incidents import CauseKind, Incident, IncidentState
from monitor.core.model import StreamId
from monitor.core.notices import Notice

_RESOLVED = "Resolved: "


def headline(
    incident: Incident,
    worst: Notice | None,
    standing: int,
    blind: Collection[StreamId],
    titles: Mapping[str, str],
) -> str:
    """What an incident is about, as plain text on one line.

    Args:
        incident: as it stands.
        worst: what would be told of its worst break alone; None where it has none.
        standing: how many of its breaks stand; of a digest, how many incidents it stands for.
        blind: streams that cannot be seen.
        titles: what people call the systems.
    """
    text = one_line(_about(incident, worst, standing, blind, titles))
    if incident.merged_into is not None:
        return f"Part of incident {incident.merged_into}: {text.removeprefix(_RESOLVED)}"
    is_digest = incident.cause.kind is CauseKind.SILENCE
    is_over = incident.state is IncidentState.RESOLVED and not is_digest
    return f"{_RESOLVED}{text.removeprefix(_RESOLVED)}" if is_over else text


def _about(
    incident: Incident,
    worst: Notice | None,
    standing: int,
    blind: Collection[StreamId],
    titles: Mapping[str, str],
) -> str:
    kind, about = incident.cause
    single = worst.title if worst is not None else ""
    count = f"{standing} breaks" if standing else "Breaks"
    match kind:
        case CauseKind.DEAL:
            text = single if standing <= 1 else f"{count} on one deal: {single}"
        case CauseKind.QUEUE:
            stream = StreamId.parse(about)
            place = f"{show_system(stream.system, titles)} ({stream.stream.replace('_', ' ')})"
            text = f"Messages are held up at {place}" + (f": {count}" if standing else "")
        case CauseKind.RULE:
            _, rule, system = about.split(" ", 2)
            text = f"{count} of {rule} at {show_system(system, titles)}"
        case CauseKind.SOURCE if blind:
            streams = ", ".join(sorted(stream.stream for stream in blind))
            text = f"{show_system(about, titles)} cannot be seen ({streams})"
        case CauseKind.SOURCE if worst is None:
            text = f"{show_system(about, titles)} could not be seen"
        case CauseKind.SOURCE:
            text = single if standing == 1 else f"{show_system(about, titles)} is not as usual"
        case CauseKind.DELIVERY:
            text = f"The channel {about} does not get through: look there for what it lacks"
        case CauseKind.STORM:
            text = f"{standing} more incidents" if standing else "More incidents than usual"
        case CauseKind.SILENCE:
            incidents = "1 incident" if standing == 1 else f"{standing} incidents"
            text = f"{incidents} came and went under silence {about}"
        case _:
            assert_never(kind)
    return text
