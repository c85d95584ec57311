"""A simulated firm that stands still, and a landscape that looks at it several times a second."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from monitor.core.clock import system_clock
from monitor.simulation import SimulatedFirm, VirtualClock
from monitor.simulation.firm import environment
from tests.alerts.receiver import Receiver, Reply, running
from tests.firm.watching import Identity

LANDSCAPE = Path("monitor/simulation/landscape.yaml")


@dataclass(frozen=True)
class Scene:
    """What a daemon is set to watch, and who hears of it."""

    firm: SimulatedFirm
    receiver: Receiver
    landscape: Path
    folder: Path

    def environment(self, store: str = "tieout.db") -> dict[str, str]:
        """What the landscape's references need."""
        return {
            **environment(self.firm),
            "SIM_WEBHOOK_URL": self.receiver.address,
            "TIEOUT_DEMO_STORE": f"sqlite:///{self.folder / store}",
            "TIEOUT_DEMO_PORT": "0",
        }

    def planted(self) -> set[Identity]:
        """What the firm's own ledger says."""
        return {
            (
                entry.deal,
                entry.symptom.break_kind.value,
                entry.symptom.system,
                entry.symptom.stream,
                entry.symptom.field,
            )
            for entry in self.firm.ledger()
        }


@contextmanager
def scene(folder: Path, *, seed: int = 3, deals: int = 40) -> Iterator[Scene]:
    """A firm whose clock stands still at the present, so that two daemons see the same."""
    with (
        SimulatedFirm(seed, deals, VirtualClock(system_clock())) as firm,
        running(Receiver(lambda _: Reply())) as receiver,
    ):
        landscape = folder / "landscape.yaml"
        landscape.write_text(impatient(LANDSCAPE.read_text("utf-8")), "utf-8")
        yield Scene(firm, receiver, landscape, folder)


def impatient(landscape: str) -> str:
    """The landscape with small pages, and everything done again after a moment.

    No watch looks at the clocks: those of a firm that stands still fall behind.
    """
    short = re.sub(r"every: (15s|1m)", "every: 1s", landscape)
    short = short.replace("\nversion: 1\n", "\nversion: 1\nevery: PT0.2S\n")
    short = re.sub(r"\n  clocks:\n(    .*\n)+", "\n", short)
    return re.sub(r"size: 200", "size: 20", short)
