"""The control panel: one more server, by which a rehearsal is steered over HTTP."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from pydantic import Field, ValidationError

from monitor.core.errors import Permanent
from monitor.core.streams import Settings
from monitor.simulation.disturbance import Disturbance, Trouble
from monitor.simulation.exchange import Refusal, Reply, Request, json_reply
from monitor.simulation.ledger import Entry, FaultKind

if TYPE_CHECKING:  # the firm serves the panel that steers it
    from monitor.simulation.firm import SimulatedFirm


class FaultOrder(Settings):
    """Body of `POST /faults`."""

    kind: FaultKind
    deal: str | None = None
    system: str | None = None
    commit_after: float = Field(default=0, ge=0, le=31_536_000)
    """Seconds until the rows can be seen; their stamp is now all the same."""


class RepairOrder(Settings):
    """Body of `POST /repair`."""

    entry: str | None = None
    """Id of the entry; None repairs everything that stands."""


class AdvanceOrder(Settings):
    """Body of `POST /advance`."""

    seconds: float = Field(ge=0, le=31_536_000)


class Schedule(Settings):
    """A `Disturbance` as JSON."""

    seed: int
    rate: float = Field(ge=0, le=1)
    kinds: tuple[Trouble, ...] = tuple(Trouble)
    in_a_row: int = Field(default=2, ge=0)
    retry_after: int = Field(default=1, ge=0)


class DisturbOrder(Settings):
    """Body of `POST /disturb`: each part that is given takes effect."""

    schedule: Schedule | None = None
    calm: bool = False
    """Ends the schedule and brings every system up."""
    befall: dict[str, tuple[Trouble, ...]] = {}
    down: tuple[str, ...] = ()
    up: tuple[str, ...] = ()


_NOTICES_KEPT = 1_000


class ControlPanel:
    """Answers what steers the firm: an `Application`."""

    def __init__(self, firm: "SimulatedFirm") -> None:
        self._firm = firm
        self._notices: deque[Any] = deque(maxlen=_NOTICES_KEPT)
        self._posts: Mapping[str, Callable[[bytes], Reply]] = {
            "/faults": self._plant,
            "/repair": self._repair,
            "/advance": self._advance,
            "/disturb": self._disturb,
            "/notices": self._receive,
        }

    def __call__(self, request: Request) -> Reply:
        """Answer one request.

        Raises:
            Refusal: the request cannot be granted.
        """
        if request.method == "GET":
            return self._show(request.path)
        handler = self._posts.get(request.path)
        if handler is None:
            raise Refusal(404, "there is nothing here")
        try:
            return handler(request.body or b"{}")
        except msgspec.DecodeError as error:
            raise Refusal(400, "the body must be JSON") from error
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"])) or "body"
            raise Refusal(400, f"{place}: {first['msg']}") from error
        except Permanent as error:
            raise Refusal(409, str(error)) from error

    def _show(self, path: str) -> Reply:
        match path:
            case "/ledger":
                return _listed(self._firm.ledger())
            case "/history":
                return _listed(self._firm.history())
            case "/notices":
                return json_reply({"notices": list(self._notices)})
            case "/":
                return json_reply({"now": self._now(), "systems": dict(self._firm.urls)})
            case _:
                raise Refusal(404, "there is nothing here")

    def _now(self) -> str:
        return self._firm.advance(timedelta()).isoformat()

    def _plant(self, body: bytes) -> Reply:
        order = FaultOrder.model_validate_json(body)
        if order.commit_after:
            delay = timedelta(seconds=order.commit_after)
            entry = self._firm.late_commit(delay, order.kind, order.deal, order.system)
        else:
            entry = self._firm.plant(order.kind, order.deal, order.system)
        return json_reply(show_entry(entry), 201)

    def _repair(self, body: bytes) -> Reply:
        order = RepairOrder.model_validate_json(body)
        if order.entry is not None:
            return _listed([self._firm.repair(order.entry)])
        return _listed([self._firm.repair(entry) for entry in self._firm.ledger()])

    def _receive(self, body: bytes) -> Reply:
        """The inbox of the firm's staff: whatever a webhook brings is kept to be looked at."""
        self._notices.append(msgspec.json.decode(body))
        return Reply(204)

    def _advance(self, body: bytes) -> Reply:
        order = AdvanceOrder.model_validate_json(body)
        now = self._firm.advance(timedelta(seconds=order.seconds))
        return json_reply({"now": now.isoformat()})

    def _disturb(self, body: bytes) -> Reply:
        order = DisturbOrder.model_validate_json(body)
        systems = self._firm.urls.keys()
        unknown = {*order.befall, *order.down, *order.up} - systems
        if unknown:
            raise Refusal(400, f"there is no system '{min(unknown)}'")
        if order.calm:
            self._firm.disturb(None)
        if order.schedule is not None:
            self._firm.disturb(Disturbance(**dict(order.schedule)))
        for system, troubles in order.befall.items():
            self._firm.befall(system, *troubles)
        for system in order.down:
            self._firm.take_down(system)
        for system in systems if order.calm else order.up:
            self._firm.bring_up(system)
        return Reply(204)


def show_entry(entry: Entry) -> dict[str, Any]:
    """An entry as JSON holds it."""
    symptom = entry.symptom
    return {
        "id": entry.id,
        "kind": entry.kind,
        "deal": entry.deal,
        "break_kind": symptom.break_kind,
        "system": symptom.system,
        "stream": f"{symptom.system}.{symptom.stream}",
        "entity": symptom.entity,
        "field": symptom.field,
        "record_id": symptom.record_id,
        "planted_at": entry.planted_at.isoformat(),
        "visible_at": entry.visible_at.isoformat(),
        "repaired_at": entry.repaired_at.isoformat() if entry.repaired_at else None,
    }


def _listed(entries: Sequence[Entry]) -> Reply:
    return json_reply({"entries": [show_entry(entry) for entry in entries]})
