"""What reports state besides records and findings: only rows that never change, in one order."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import Connection, Select, select

from monitor.core.model import StreamId
from monitor.store.bulk import fetch_frame, listed_texts
from monitor.store.correction_tables import approval, correction, correction_step
from monitor.store.evidence_tables import reading, sign_off
from monitor.store.schema import break_ignore, break_transition, breaks, quarantine

TEXT, COUNT, MOMENT = pl.String, pl.Int64, pl.Int64

STEPS = {
    "break": TEXT, "deal": TEXT, "rule": TEXT, "stream": TEXT, "field": TEXT, "record_id": TEXT,
    "sequence": COUNT, "at": MOMENT, "kind": TEXT, "before": TEXT, "after": TEXT, "who": TEXT,
    "why": TEXT,
}  # fmt: skip
CORRECTIONS = {
    "correction": COUNT, "plan": TEXT, "break": TEXT, "deal": TEXT, "rule": TEXT, "target": TEXT,
    "sequence": COUNT, "at": MOMENT, "before": TEXT, "after": TEXT, "who": TEXT, "why": TEXT,
}  # fmt: skip
APPROVALS = {"plan": TEXT, "at": MOMENT, "who": TEXT, "is_approved": pl.Boolean, "why": TEXT}
IGNORES = {
    "owner": TEXT, "reason": TEXT, "rule": TEXT, "system": TEXT, "field": TEXT, "deal": TEXT,
    "made_at": MOMENT, "until": MOMENT,
}  # fmt: skip
SET_ASIDE = {"stream": TEXT, "native_id": TEXT, "first_seen_at": MOMENT, "reason": TEXT}
READINGS = {
    "stream": TEXT, "began_at": MOMENT, "kind": TEXT, "from": MOMENT, "until": MOMENT,
    "page": COUNT, "rows": COUNT, "rejected": COUNT, "hash": TEXT, "stored_at": MOMENT,
}  # fmt: skip
SIGN_OFFS = {"control": TEXT, "role": TEXT, "who": TEXT, "why": TEXT, "at": MOMENT}

MOMENTS = frozenset({"at", "made_at", "until", "first_seen_at", "began_at", "from", "stored_at"})
"""Columns with instants."""


def read_steps(
    connection: Connection, flow: str, rules: Collection[str], since: datetime, known: datetime
) -> pl.DataFrame:
    """Every step in the lives of these rules' breaks between two instants, as `STEPS`."""
    step = break_transition.c
    query = (
        select(
            step.fingerprint, breaks.c.transaction, breaks.c.rule,
            breaks.c.system + "." + breaks.c.stream, breaks.c.field, breaks.c.record_id,
            step.sequence, step.at, step.kind, step.before, step.after, step.who, step.why,
        )
        .join_from(break_transition, breaks)
        .where(
            breaks.c.flow == flow,
            breaks.c.rule.in_(listed_texts(connection, rules)),
            step.at.between(since, known),
        )
        .order_by(step.at, step.fingerprint, step.sequence)
    )  # fmt: skip
    return _frame(connection, query, STEPS)


def read_correction_steps(
    connection: Connection, flow: str, rules: Collection[str], since: datetime, known: datetime
) -> pl.DataFrame:
    """Every step of corrections of these rules' breaks between two instants, as `CORRECTIONS`."""
    step = correction_step.c
    query = (
        select(
            correction.c.id, correction.c.plan, correction.c.fingerprint, breaks.c.transaction,
            breaks.c.rule, correction.c.target, step.sequence, step.at, step.before, step.after,
            step.who, step.why,
        )
        .join_from(correction_step, correction, step.correction_id == correction.c.id)
        .join(breaks, breaks.c.fingerprint == correction.c.fingerprint)
        .where(
            breaks.c.flow == flow,
            breaks.c.rule.in_(listed_texts(connection, rules)),
            step.at.between(since, known),
        )
        .order_by(correction.c.id, step.sequence)
    )  # fmt: skip
    return _frame(connection, query, CORRECTIONS)


def read_approvals(connection: Connection, plans: Collection[str], known: datetime) -> pl.DataFrame:
    """What people said of these plans, as `APPROVALS`."""
    said = approval.c
    query = (
        select(said.plan, said.at, said.who, said.is_approved, said.why)
        .where(said.plan.in_(listed_texts(connection, plans)), said.at <= known)
        .order_by(said.at, said.plan, said.who)
    )
    return _frame(connection, query, APPROVALS)


def read_ignores(connection: Connection, since: datetime, known: datetime) -> pl.DataFrame:
    """Decisions to ignore that were in force at some time between two instants, as `IGNORES`."""
    made = break_ignore.c
    query = (
        select(
            made.owner, made.reason, made.rule, made.system, made.field, made.deal, made.made_at,
            made.until,
        )
        .where(made.made_at <= known, made.ended_at.is_(None) | (made.ended_at >= since))
        .order_by(made.made_at, made.owner, made.reason, made.rule, made.deal)
    )  # fmt: skip
    return _frame(connection, query, IGNORES)


def read_set_aside(
    connection: Connection, streams: Collection[StreamId], at: datetime, known: datetime
) -> pl.DataFrame:
    """Rows of these streams that nobody could read at an instant, as `SET_ASIDE`."""
    row = quarantine.c
    query = (
        select(row.stream, row.native_id, row.first_seen_at, row.reason)
        .where(
            row.stream.in_(listed_texts(connection, [str(each) for each in streams])),
            row.first_seen_at <= known,
            row.released_at.is_(None) | (row.released_at > at),
        )
        .order_by(row.stream, row.identity)
    )
    return _frame(connection, query, SET_ASIDE)


def read_readings(
    connection: Connection, streams: Collection[StreamId], since: datetime, known: datetime
) -> pl.DataFrame:
    """Pages of these streams that were stored between two instants, as `READINGS`."""
    page = reading.c
    query = (
        select(
            page.stream, page.began_at, page.kind, page.seen_from, page.seen_until, page.page,
            page.rows, page.rejected, page.hash, page.stored_at,
        )
        .where(
            page.stream.in_(listed_texts(connection, [str(each) for each in streams])),
            page.stored_at.between(since, known),
        )
        .order_by(page.stored_at, page.stream, page.began_at, page.page)
    )  # fmt: skip
    return _frame(connection, query, READINGS)


def read_sign_offs(connection: Connection, control: str, known: datetime) -> pl.DataFrame:
    """Who signed reports of a control off before, as `SIGN_OFFS`."""
    said = sign_off.c
    query = (
        select(said.control, said.role, said.who, said.why, said.at)
        .where(said.control == control, said.at <= known)
        .order_by(said.at, said.role, said.who)
    )
    return _frame(connection, query, SIGN_OFFS)


def _frame(
    connection: Connection, query: Select[Any], schema: Mapping[str, type[pl.DataType]]
) -> pl.DataFrame:
    """The rows, with instants as instants."""
    frame = fetch_frame(connection, query, schema)
    moments = [pl.col(name).cast(pl.Datetime("us", "UTC")) for name in schema if name in MOMENTS]
    return frame.with_columns(moments)
