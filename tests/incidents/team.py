"""A small firm with a team that has working hours, and several channels to watch."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from monitor.core.calendar import working_hours
from monitor.core.duty import Duty, ShiftSettings
from monitor.core.flows import CalendarSettings
from monitor.core.routes import RouteSettings
from monitor.jobs import deliver_notices
from monitor.store.database import Database
from tests.cycle.small_firm import SmallFirm
from tests.incidents.board import Board, look, watched_firm

CALENDARS: Mapping[str, CalendarSettings] = {
    "office": CalendarSettings(opens="09:00", closes="17:00"),
    "europe": CalendarSettings(opens="06:00", closes="14:00"),
    "america": CalendarSettings(opens="14:00", closes="22:00"),
}
"""In UTC, from Monday to Friday; the firm's time begins on a Monday at eight."""


def team_firm(
    database: Database,
    *routes: Mapping[str, object],
    shifts: Mapping[str, Sequence[Mapping[str, str]]] | None = None,
    **settings: Any,
) -> tuple[SmallFirm, dict[str, Board]]:
    """The firm, and a board for each channel that routes and chains name."""
    firm, _ = watched_firm(database, **settings)
    read = tuple(RouteSettings.model_validate(each) for each in routes)
    chains = firm.estate.incidents.escalations.values()
    names = {name for route in read for name in route.channels}
    names |= {name for chain in chains for step in chain.steps for name in step.channels}
    boards = {name: Board() for name in sorted(names)}
    held = {
        owner: tuple(ShiftSettings.model_validate(each) for each in named)
        for owner, named in (shifts or {}).items()
    }
    duty = Duty(
        {name: working_hours(each) for name, each in CALENDARS.items()},
        {"delivery": "office"},
        held,
    )
    firm.estate = replace(firm.estate, channels=boards, routes=read, duty=duty)
    return firm, boards


def break_deal(firm: SmallFirm, deal: str, amount: str = "900.00") -> None:
    """A deal whose project says another amount."""
    firm.win(deal)
    firm.staff(deal, amount=amount)


def repair_deal(firm: SmallFirm, deal: str) -> None:
    """Its project says what it should."""
    firm.staff(deal)


def turn(firm: SmallFirm, **later: float) -> None:
    """Time passes; everything is looked at, and channels are told."""
    firm.later(**later)
    look(firm)
    deliver_notices(firm.estate, firm.runtime)


def tell(firm: SmallFirm, **later: float) -> None:
    """Time passes, and channels are told."""
    firm.later(**later)
    deliver_notices(firm.estate, firm.runtime)
