"""Further tables: breaks of one cause, what channels were told of them, what was silenced."""

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
    Column("review_at", Instant),
    Column("on_shift", PlainText, nullable=False, server_default=""),
    Column("silence_id", Identity),
    Column("silenced_version", Integer),
    Column("merged_into", Identity),
    Index(None, "cause", "about"),
    Index(None, "state"),
    Index(None, "review_at"),
    Index(None, "silence_id"),
)
"""Incidents as they stand; of one cause at most one stands at a time. `review_at` is when time
alone may change one. While one is silenced, `silenced_version` is the last that channels are told
which show it already; the silence is named until its end has been told."""

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

escalation = Table(
    "escalation",
    metadata,
    Column("incident_id", Identity, ForeignKey("incident.id"), nullable=False),
    Column("chain", PlainText, nullable=False),
    Column("taken", Integer, nullable=False),
    Column("since", Instant),
    Column("due_at", Instant),
    PrimaryKeyConstraint("incident_id", "chain"),
    Index(None, "due_at"),
)
"""How far each chain has come with each incident that stands. `since` is when the wait for the
next step began, and null while it waits for nothing; `due_at` is when it ends."""

silence = Table(
    "silence",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("matchers", PlainText, nullable=False),
    Column("owner", PlainText, nullable=False),
    Column("reason", PlainText, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", PlainText, nullable=False),
    Column("settled_at", Instant),
    Index(None, "settled_at"),
)
"""What people are left alone with. `ended_at` is when somebody ended it before its time;
`settled_at` is when its end was seen to, and what still stood was heard again."""

incident_cause = Table(
    "incident_cause",
    metadata,
    Column("incident_id", Identity, ForeignKey("incident.id"), primary_key=True),
    Column("fingerprint", PlainText, nullable=False),
    Column("episode", Integer, nullable=False),
    Column("likely", PlainText, nullable=False),
    Column("shared", PlainText, nullable=False),
    Column("remedy", PlainText, nullable=False),
    Column("worked_out_at", Instant, nullable=False),
)
"""Why each incident came up, as it was worked out by its worst break when it was first told."""

APPEND_ONLY = (incident_event,)
