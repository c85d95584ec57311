"""The simulated firm: six systems on loopback, a clock to move, and faults to plant."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

from monitor.core.clock import system_clock
from monitor.simulation.chance import seeded
from monitor.simulation.clock import VirtualClock
from monitor.simulation.control import ControlPanel
from monitor.simulation.dialects import DIALECTS, Credentials, issue_credentials, open_access
from monitor.simulation.disturbance import Disturbance, Trouble, Troubles
from monitor.simulation.exchange import Application
from monitor.simulation.ledger import Entry, FaultKind
from monitor.simulation.loopback import LoopbackServer
from monitor.simulation.planting import generate
from monitor.simulation.systems import SimulatedSystem


class SimulatedFirm:
    """Serves a generated firm from `with` to its end.

    Args:
        seed: where all chance comes from.
        deals: how many deals.
        clock: the firm's time; None follows the machine's.
        faults: how many are planted in its history; None: one in ten deals, at least one of
            each kind.

    Attributes:
        clock: move it with `advance`.
        world: the rows behind the systems.
        troubles: what goes wrong on the way.
        credentials: secrets and names, by system.
        webhook_secret: signs what is posted to the control panel's `/notices`.
    """

    def __init__(
        self,
        seed: int = 1,
        deals: int = 200,
        clock: VirtualClock | None = None,
        faults: int | None = None,
    ) -> None:
        self.clock = clock or VirtualClock(system_clock(), follow=system_clock)
        self._planter = generate(seed, deals, self.clock, faults)
        self.world = self._planter.world
        self.troubles = Troubles()
        self.credentials: Credentials = issue_credentials(seed)
        self.webhook_secret = f"{seeded(seed, 'webhook').getrandbits(128):032x}"
        self._servers: list[LoopbackServer] = []
        self._urls: dict[str, str] = {}
        self._control_url = ""

    def _open_system(self, system: str) -> SimulatedSystem:
        access = open_access(system, self.credentials[system], self.clock)
        return SimulatedSystem(system, DIALECTS[system], access, self.world, self.troubles)

    def __enter__(self) -> Self:
        for system in DIALECTS:
            self._urls[system] = self._serve(self._open_system(system))
        self._control_url = self._serve(ControlPanel(self))
        return self

    def _serve(self, application: Application) -> str:
        server = LoopbackServer(application, self.clock)
        self._servers.append(server)
        server.start()
        return server.url

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with ThreadPoolExecutor(len(self._servers)) as closers:  # each takes a moment to notice
            list(closers.map(LoopbackServer.close, self._servers))
        self._servers.clear()

    @property
    def urls(self) -> Mapping[str, str]:
        """Base address of each system, once they are served."""
        return self._urls

    @property
    def control_url(self) -> str:
        """Base address of the control panel."""
        return self._control_url

    def ledger(self) -> tuple[Entry, ...]:
        """Every fault that stands now and can be seen, in the order of planting."""
        now = self.world.now()
        return tuple(entry for entry in self._planter.ledger.standing() if entry.visible_at <= now)

    def history(self) -> tuple[Entry, ...]:
        """Every fault that was ever planted, repaired and not yet visible ones included."""
        return self._planter.ledger.entries()

    def plant(self, kind: FaultKind, deal: str | None = None, system: str | None = None) -> Entry:
        """Make something go wrong now.

        Args:
            kind: what.
            deal: key of a deal; None takes any that suits. An orphan needs a key that no deal has.
            system: where, for a kind that several systems can have; None takes any.

        Raises:
            Permanent: no deal suits, or the named one does not.
        """
        return self._planter.plant(kind, deal, system)

    def late_commit(
        self,
        delay: timedelta,
        kind: FaultKind = FaultKind.AMOUNT_DRIFT,
        deal: str | None = None,
        system: str | None = None,
    ) -> Entry:
        """Plant a fault whose rows are stamped now and can be seen only after `delay`.

        When they appear, rows with newer stamps may long have been read: what is written
        meanwhile is visible at once.

        Raises:
            Permanent: no deal suits, or the named one does not.
        """
        return self._planter.plant(kind, deal, system, commit_after=delay)

    def repair(self, entry: Entry | str) -> Entry:
        """Undo a fault; its rows are as they were before, stamped now.

        Raises:
            Permanent: no such fault stands.
        """
        return self._planter.repair(entry if isinstance(entry, str) else entry.id)

    def advance(self, by: timedelta) -> datetime:
        """Let time pass: deals go on, new ones are won. Returns the new present.

        Raises:
            ValueError: time does not run backwards.
        """
        return self.clock.advance(by)

    def disturb(self, schedule: Disturbance | None) -> None:
        """Disturb the systems by this schedule from now on; None for calm."""
        self.troubles.follow(schedule)

    def befall(self, system: str, *troubles: Trouble) -> None:
        """Let these befall the next requests to a system, one each."""
        self.troubles.queue(system, troubles)

    def take_down(self, system: str) -> None:
        """The system answers nothing until `bring_up`."""
        self.troubles.take_down(system)

    def bring_up(self, system: str) -> None:
        """The system answers again."""
        self.troubles.bring_up(system)


def environment(firm: SimulatedFirm) -> dict[str, str]:
    """The variables that the firm's landscape (`landscape.yaml` beside this file) refers to."""
    variables = {
        "TIEOUT_DEMO_STORE": "sqlite:///tieout-demo.db",
        "TIEOUT_DEMO_PORT": "9464",
    }
    variables |= {f"SIM_{system.upper()}_URL": url for system, url in firm.urls.items()}
    for system, secrets in firm.credentials.items():
        for name, value in secrets.items():
            variables[f"SIM_{system.upper()}_{name.upper()}"] = value
    variables["SIM_WEBHOOK_URL"] = f"{firm.control_url}/notices"
    variables["SIM_WEBHOOK_SECRET"] = firm.webhook_secret
    return variables
