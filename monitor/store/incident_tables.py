"""Further tables: breaks of one cause, and what each channel was told of them."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
)

from monitor.store.columns import Identity, Instant, PlainText
from monitor.store.schema import metadata

incident = Table(
    "incident",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("cause", PlainText, nullable=False),
    Column("about", PlainText, nullable=False),
    Column("state", PlainText, nullable=False),
    Column("severity", PlainText, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("resolved_at", Instant),
    Column("version", Integer, nullable=False),
    Column("acknowledged_by", PlainText, nullable=False),
    Column("acknowledged_until", Instant),
    Index(None, "cause", "about"),
    Index(None, "state"),
)
"""Incidents as they stand; of one cause at most one stands at a time."""

incident_break = Table(
    "incident_break",
    metadata,
    Column("fingerprint", PlainText, ForeignKey("break.fingerprint"), nullable=False),
    Column("incident_id", Identity, ForeignKey("incident.id"), nullable=False),
    Column("is_current", Boolean, nullable=False),
    PrimaryKeyConstraint("fingerprint", "incident_id"),
    Index(None, "incident_id"),
    sqlite_with_rowid=False,
)
"""Which breaks an incident shows itself in; each has at most one that is current."""

incident_event = Table(
    "incident_event",
    metadata,
    Column("incident_id", Identity, ForeignKey("incident.id"), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("kind", PlainText, nullable=False),
    Column("who", PlainText, nullable=False),
    Column("why", PlainText, nullable=False),
    PrimaryKeyConstraint("incident_id", "sequence"),
)
"""What happened to incidents. Append-only."""

incident_stream = Table(
    "incident_stream",
    metadata,
    Column("stream", PlainText, primary_key=True),
    Column("incident_id", Identity, ForeignKey("incident.id"), nullable=False),
    Column("since", Instant, nullable=False),
    Index(None, "incident_id"),
)
"""Streams that cannot be seen, and the incident that tells of it."""

telling = Table(
    "telling",
    metadata,
    Column("incident_id", Identity, ForeignKey("incident.id"), nullable=False),
    Column("channel", PlainText, nullable=False),
    Column("told_version", Integer, nullable=False),
    Column("told_events", Integer, nullable=False),
    Column("reference", PlainText, nullable=False),
    Column("first_told_at", Instant),
    Column("told_at", Instant),
    Column("due_at", Instant),
    Column("attempts", Integer, nullable=False),
    Column("is_held", Boolean, nullable=False),
    Column("failure_reason", PlainText),
    PrimaryKeyConstraint("incident_id", "channel"),
    Index(None, "channel", "due_at"),
)
"""What each channel was told of each incident: it is behind while `due_at` says when to tell it.
`reference` is what the channel calls its message; `is_held` says that a digest stands for it."""

APPEND_ONLY = (incident_event,)
