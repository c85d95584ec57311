"""What a system has to do for the contract test of writers; one small class for each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from monitor.core.clock import system_clock
from monitor.core.entities import ENTITIES
from monitor.core.model import KeyRole, KeyUse, StreamId, Value
from monitor.core.plugins import ProbeContext
from monitor.core.ports import Probe
from monitor.core.writing import Operation, Writable, Write, Writer
from probes import PROBES
from tests.writing.fake_target import Mishap

STREAM = StreamId("erp", "invoice")
CANARY = "canary-of-the-writer-7f31"
"""The secret with which is written; it must never be seen again."""

FIELDS = ("number", "status", "amount", "currency", "issued_on", "issued_at")


class Target(Protocol):
    """A system with one stream `invoice` that is read and written.

    It maps the fields of `FIELDS`, refers to `deal`, and declares create, update and delete.
    """

    settings: dict[str, Any]
    """The system as a landscape would describe it."""
    mishaps: frozenset[Mishap]
    """What it can be made to do wrong."""

    def put(self, native_id: str, deal: str, **fields: Value) -> None:
        """Write a record as somebody else would."""
        ...

    def rows(self) -> Mapping[str, Mapping[str, Any]]:
        """What is there, by id, in the system's own words; for comparison only."""
        ...

    def misbehave(self, mishap: Mishap, writer: Writer) -> None:
        """Let this go wrong with the next write of this writer."""
        ...

    def close(self) -> None:
        """Let go of everything."""
        ...


@dataclass
class Opened:
    """A target with its probe and writer."""

    target: Target
    probe: Probe
    writer: Writer
    settings: dict[str, Any] = field(repr=False)


def open_probe(settings: dict[str, Any], system: str = STREAM.system) -> Probe:
    kind = PROBES[settings["probe"]]
    context = ProbeContext(system, ENTITIES, system_clock, lambda seconds: None)
    return kind.build(kind.settings.model_validate(settings), context)


def writer_of(probe: Probe) -> Writer:
    assert isinstance(probe, Writable)
    writer = probe.writer()
    assert writer is not None
    assert writer is probe.writer()
    return writer


def deal(value: str) -> tuple[KeyUse, ...]:
    return (KeyUse(KeyRole.REFERS, "deal", value),)


def creation(key: str, **after: Value) -> Write:
    return Write(Operation.CREATE, STREAM, "", deal(key), "", {}, after)


def update(native_id: str, **after: Value) -> Write:
    return Write(Operation.UPDATE, STREAM, native_id, (), "", {}, after)


def deletion(native_id: str) -> Write:
    return Write(Operation.DELETE, STREAM, native_id, (), "", {}, {})
