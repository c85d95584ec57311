"""Runs in which processes that tell Slack of incidents are killed, and what must be true after."""

import copy
import random
import shutil
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from alerts.blocks import compose_message
from monitor.core.clock import Clock
from monitor.core.incidents import CauseKind, IncidentState
from monitor.estate import Estate
from monitor.incidents.circumstances import complete_message
from monitor.jobs import deliver_notices
from monitor.store.database import Database, open_database
from monitor.store.incidents import list_incidents
from monitor.store.tellings import count_behind
from tests.alerts.fake_slack import FakeSlack
from tests.alerts.receiver import Receiver, Reply, Request, running
from tests.cycle.small_firm import SmallFirm
from tests.incidents.board import look
from tests.incidents.killed import Step, Work, firm_before_slack, run

BEGIN = 10
"""Minutes after which all that is to be told has come up."""

LATER = 20
"""Minutes after a death until what it held may be taken again."""

SETTLING = 5
"""Turns in which everything is told at last."""


@dataclass(frozen=True)
class Shift:
    """Processes side by side, and whether Slack is down meanwhile.

    Attributes:
        minutes: when they start.
        deaths: of each, where it is killed; None: it is not.
        is_down: whether Slack answers that it is.
    """

    minutes: int
    deaths: tuple[tuple[Step, int] | None, ...]
    is_down: bool = False


@dataclass(frozen=True)
class Run:
    """One run: shifts one after another; in the end one more process settles everything.

    `can_tell` is whether the channel may be asked what it has.
    """

    shifts: tuple[Shift, ...]
    can_tell: bool = True


@dataclass
class Result:
    """What became of a run: how many processes were killed, and what must never be, in words."""

    run: Run
    died: int = 0
    told: int = 0
    violations: list[str] = field(default_factory=list)


class Stage:
    """A Slack, and a store in which incidents wait to be told: opened, changed, over."""

    def __init__(self, folder: Path, url: str) -> None:
        self.slack = FakeSlack()
        self._folder, self._url = folder, url
        self._is_file = url.startswith("sqlite:///")
        self._receiver = Receiver(self._answer)
        self._running = running(self._receiver)

    def __enter__(self) -> Self:
        self._running.__enter__()
        self._begin()
        self._begun = copy.deepcopy(self.slack)
        if self._is_file:
            shutil.copy(self._file, self._folder / "begun.db")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._running.__exit__(kind, error, trace)

    def play(self, played: Run) -> Result:
        """Play one run from the beginning. A store that is no file serves one run only."""
        result = Result(played)
        self.slack = copy.deepcopy(self._begun)
        self.slack.may_read = played.can_tell
        if self._is_file:
            shutil.copy(self._folder / "begun.db", self._file)
        end = BEGIN
        for shift in played.shifts:
            self.slack.down = shift.is_down
            result.died += sum(run([self._work(shift.minutes, 1, it) for it in shift.deaths]))
            end = max(end, shift.minutes)
        self.slack.down = False
        run([self._work(end + LATER, SETTLING, None)])
        self.judge(result)
        return result

    def judge(self, result: Result) -> None:
        """Hold what Slack shows now against what the store says; notes what is wrong."""
        with closing(open_database(self._url)) as database:
            firm = firm_before_slack(database, self._receiver.address)
            firm.later(hours=24)
            with closing(firm.estate.channels["people"]):
                _judge(firm.estate, database, firm.clock, self.slack, result)

    @property
    def _file(self) -> Path:
        return Path(self._url.removeprefix("sqlite:///"))

    def _answer(self, request: Request) -> Reply:
        return self.slack.answer(request)

    def _work(self, minutes: int, turns: int, dies_at: tuple[Step, int] | None) -> Work:
        return Work(self._url, self._receiver.address, minutes, turns, dies_at)

    def _begin(self) -> None:
        """Some are told; then one changes, one ends, two come up, and one comes and goes untold."""
        with closing(open_database(self._url)) as database:
            firm = firm_before_slack(database, self._receiver.address)
            with closing(firm.estate.channels["people"]):
                _break(firm, "D1", "D2")
                deliver_notices(firm.estate, firm.runtime)
                firm.later(minutes=4)
                firm.staff("D1", amount="700.00")
                firm.staff("D2")
                _break(firm, "D3", "D4", "D5")
                firm.later(minutes=1)
                firm.staff("D5")
                look(firm)


def _break(firm: SmallFirm, *deals: str) -> None:
    for deal in deals:
        firm.win(deal)
        firm.staff(deal, amount="900.00")
    look(firm)


def _judge(
    estate: Estate, database: Database, clock: Clock, slack: FakeSlack, result: Result
) -> None:
    with database.read() as connection:
        known = list_incidents(connection, tuple(IncidentState))
        behind = count_behind(connection)
    shown = Counter(_key(each) for each in slack.messages)
    result.told = sum(shown.values())
    wanted = {f"tieout-incident-{each.id}": each for each in known}
    result.violations += [f"told, and never was: {key}" for key in shown.keys() - wanted.keys()]
    if behind:
        result.violations.append(f"behind on {behind} in the end")
    for key, incident in wanted.items():
        if incident.cause.kind is CauseKind.DELIVERY:
            continue
        if not shown[key]:
            result.violations.append(f"never told: {key}")
            continue
        if shown[key] > 1 and result.run.can_tell:
            result.violations.append(f"told {shown[key]} times: {key}")
        message = complete_message(estate, database, incident.id, clock())
        assert message is not None
        last = [each for each in slack.messages if _key(each) == key][-1]
        if last["text"] != compose_message(message).text:
            result.violations.append(f"not shown as it stands: {key}")
    said = Counter((each["thread_ts"], str(each["blocks"])) for each in slack.replies)
    if result.run.can_tell:
        result.violations += [f"said twice: {text}" for (_, text), n in said.items() if n > 1]


def _key(message: dict[str, object]) -> str:
    metadata = message["metadata"]
    assert isinstance(metadata, dict)
    return str(metadata["event_payload"]["key"])


def at_each(step: Step, number: int) -> Run:
    """One process that dies the n-th time that it comes to a step."""
    return Run((Shift(BEGIN, ((step, number),)),))


def at_random(seed: int, side_by_side: int = 1) -> Run:
    """Several deaths one after another, Slack down for some of the time, an hour at most."""
    dice = random.Random(seed)
    shifts = tuple(
        Shift(
            BEGIN + 10 * number,
            tuple(_some_death(dice) for _ in range(side_by_side)),
            is_down=dice.random() < 0.3,
        )
        for number in range(dice.randint(1, 6))
    )
    return Run(shifts, can_tell=dice.random() < 0.8)


def down_for_an_hour() -> Run:
    """Slack is down for an hour while tieout goes on trying."""
    return Run(tuple(Shift(BEGIN + minutes, (None,), is_down=True) for minutes in range(0, 60, 5)))


def _some_death(dice: random.Random) -> tuple[Step, int] | None:
    return dice.choice((None, *((step, dice.randint(1, 8)) for step in Step)))


def count(results: Sequence[Result]) -> str:
    """One line of what happened."""
    died = sum(each.died for each in results)
    told = sum(each.told for each in results)
    violations = sum(len(each.violations) for each in results)
    return f"{len(results)} runs, {died} killed, {told} messages, {violations} violations"
