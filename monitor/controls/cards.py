"""A control's card: what it is, when it ran, what it found, and who signed its reports off."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from monitor.config.effective import digest_of
from monitor.controls.comparing import Path, touches_control
from monitor.controls.history import History, read_history
from monitor.controls.runs import Runs, runs_of
from monitor.core.controls import ControlSettings
from monitor.core.model import StreamId
from monitor.estate import Estate, Flow
from monitor.store.control_facts import Exceptions, count_exceptions, reports_about
from monitor.store.database import Connection
from monitor.store.looks import load_look_spans
from monitor.store.reports import ReportEntry, SignOff, list_sign_offs


@dataclass(frozen=True, slots=True)
class Card:
    """A control over a period.

    Attributes:
        name: as the landscape calls it.
        control: its settings.
        rules: hash of the settings of each rule.
        streams: what its rules look at.
        runs: when it looked, and when it should have and did not.
        exceptions: breaks of its rules.
        history: how what it follows from changed.
        reports: those made about it, the newest first.
        sign_offs: who signed them off.
    """

    name: str
    control: ControlSettings
    rules: Mapping[str, str]
    streams: list[StreamId]
    runs: Runs
    exceptions: Exceptions
    history: History
    reports: list[ReportEntry]
    sign_offs: list[SignOff]

    @property
    def is_effective(self) -> bool:
        """Whether it looked as often as it should in all of the period."""
        return not self.runs.missed


def read_card(
    connection: Connection, estate: Estate, name: str, since: datetime, until: datetime
) -> Card:
    """A control over a period.

    Raises:
        KeyError: the landscape has no control of this name.
    """
    control = estate.controls[name]
    flow = flow_of(estate, control)
    streams = streams_of(flow, control)
    systems = {stream.system for stream in streams}

    def concerns(path: Path) -> bool:
        return touches_control(path, name, control, systems)

    reports = reports_about(connection, "control", name)
    return Card(
        name=name,
        control=control,
        rules={rule: digest_of(flow.settings[rule]) for rule in control.rules},
        streams=streams,
        runs=runs_of(streams, load_look_spans(connection), since, until, control.frequency),
        exceptions=count_exceptions(connection, flow.name, control.rules, since, until),
        history=read_history(connection, since, until, concerns),
        reports=reports,
        sign_offs=[signed for each in reports for signed in list_sign_offs(connection, each.id)],
    )


def read_cards(
    connection: Connection, estate: Estate, since: datetime, until: datetime
) -> list[Card]:
    """Every control over a period, in the landscape's order."""
    return [read_card(connection, estate, name, since, until) for name in estate.controls]


def flow_of(estate: Estate, control: ControlSettings) -> Flow:
    """The flow that a control looks at; the landscape was checked to have it."""
    return next(flow for flow in estate.flows if flow.name == control.flow)


def streams_of(flow: Flow, control: ControlSettings) -> list[StreamId]:
    """Every stream that some rule of a control needs."""
    needed = [rule.needs for rule in flow.rules if rule.name in control.rules]
    return sorted(frozenset[StreamId]().union(*needed))
