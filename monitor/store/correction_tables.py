"""Further tables: plans, what people say of them, and what became of each write."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)

from monitor.store.columns import Identity, Instant, PlainText
from monitor.store.schema import metadata

plan = Table(
    "plan",
    metadata,
    Column("hash", PlainText, primary_key=True),
    Column("flow", PlainText, nullable=False),
    Column("mode", PlainText, nullable=False),
    Column("requester", PlainText, nullable=False),
    Column("state", PlainText, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("document", PlainText, nullable=False),
    Column("ended_at", Instant),
    Column("ended_why", PlainText, nullable=False),
    Index(None, "state"),
)
"""Plans; `document` is the canonical JSON that the hash is of, and never changes."""

approval = Table(
    "approval",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("plan", PlainText, ForeignKey("plan.hash"), nullable=False),
    Column("who", PlainText, nullable=False),
    Column("is_approved", Boolean, nullable=False),
    Column("why", PlainText, nullable=False),
    Column("at", Instant, nullable=False),
    UniqueConstraint("plan", "who"),
)
"""What people said of plans, each once. Append-only."""

correction = Table(
    "correction",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("plan", PlainText, ForeignKey("plan.hash"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("fingerprint", PlainText, nullable=False),
    Column("system", PlainText, nullable=False),
    Column("target", PlainText, nullable=False),
    Column("state", PlainText, nullable=False),
    Column("pre_image", PlainText),
    Column("native_id", PlainText, nullable=False),
    Column("reference", PlainText, nullable=False),
    Column("reason", PlainText, nullable=False),
    Column("undoes", Identity),
    Column("intended_at", Instant),
    Column("applied_at", Instant),
    Column("ended_at", Instant),
    Column("look_at", Instant),
    UniqueConstraint("plan", "position"),
    Index(None, "state"),
    Index(None, "fingerprint"),
    Index(None, "undoes"),
)
"""The corrections of every plan that was kept, in its order, as they stand. `pre_image` is the
record before the write, `look_at` when a write of unknown outcome is looked for again."""

correction_step = Table(
    "correction_step",
    metadata,
    Column("correction_id", Identity, ForeignKey("correction.id"), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("before", PlainText, nullable=False),
    Column("after", PlainText, nullable=False),
    Column("who", PlainText, nullable=False),
    Column("why", PlainText, nullable=False),
    Column("answer", PlainText, nullable=False),
    PrimaryKeyConstraint("correction_id", "sequence"),
)
"""Every step of a correction and what came back. Append-only."""

target_claim = Table(
    "target_claim",
    metadata,
    Column("target", PlainText, primary_key=True),
    Column("correction_id", Identity, ForeignKey("correction.id"), nullable=False),
)
"""Records that a correction is in flight for: no other can claim them."""

breaker = Table(
    "breaker",
    metadata,
    Column("system", PlainText, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("opened_at", Instant),
)
"""Failures in a row at each target, and since when it is left alone."""

refusal = Table(
    "refusal",
    metadata,
    Column("fingerprint", PlainText, nullable=False),
    Column("guard", PlainText, nullable=False),
    Column("why", PlainText, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("fingerprint", "guard"),
)
"""Why nothing is done about a break: what each guard said when it was last planned for."""

APPEND_ONLY = (approval, correction_step)
