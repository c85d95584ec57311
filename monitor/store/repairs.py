"""Verified repairs, and which of them were counted: each once, whoever applied it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from sqlalchemy import Connection, select

from monitor.core.corrections import CorrectionState
from monitor.store.correction_tables import correction, plan
from monitor.store.schema import breaks
from monitor.store.settings import load_setting, save_setting

_COUNTED = "repairs_counted"


@dataclass(frozen=True, slots=True)
class Repair:
    """A correction that was verified, and how long it took since its break had opened."""

    id: int
    flow: str
    took: timedelta


def uncounted_repairs(connection: Connection, since: datetime) -> Sequence[Repair]:
    """Repairs that were verified since then and that nobody has counted.

    What takes another correction back repairs nothing.
    """
    query = (
        select(correction.c.id, plan.c.flow, correction.c.ended_at, breaks.c.opened_at)
        .join_from(correction, plan)
        .join(breaks, breaks.c.fingerprint == correction.c.fingerprint)
        .where(
            correction.c.state == CorrectionState.VERIFIED.value,
            correction.c.ended_at >= since,
            correction.c.undoes.is_(None),
            breaks.c.opened_at <= correction.c.ended_at,
        )
        .order_by(correction.c.id)
    )
    counted = _counted(connection)
    return [
        Repair(row.id, row.flow, row.ended_at - row.opened_at)
        for row in connection.execute(query)
        if row.id not in counted
    ]


def note_counted(connection: Connection, repairs: Sequence[Repair], since: datetime) -> None:
    """These are counted from now on; what was verified before then is forgotten."""
    recent = select(correction.c.id).where(correction.c.ended_at >= since)
    known = _counted(connection) | {each.id for each in repairs}
    kept = known.intersection(connection.execute(recent).scalars())
    save_setting(connection, _COUNTED, msgspec.json.encode(sorted(kept)).decode())


def _counted(connection: Connection) -> set[int]:
    text = load_setting(connection, _COUNTED)
    return set() if text is None else msgspec.json.decode(text, type=set[int])
