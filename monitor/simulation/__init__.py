"""A simulated firm for the demo, for tests and for rehearsing rules: six systems on loopback."""

from monitor.simulation.clock import VirtualClock
from monitor.simulation.disturbance import Disturbance, Trouble
from monitor.simulation.firm import SimulatedFirm, environment
from monitor.simulation.ledger import Entry, FaultKind, Symptom
from monitor.simulation.planting import generate

__all__ = [
    "Disturbance",
    "Entry",
    "FaultKind",
    "SimulatedFirm",
    "Symptom",
    "Trouble",
    "VirtualClock",
    "environment",
    "generate",
]
