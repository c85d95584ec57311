"""Incidents: breaks of one cause, and what each channel was told of them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from monitor.store.migrations.versions.v0001_first import refuse_changes

revision = "0013"
down_revision = "0012"

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables; what stands already is in no incident until it opens again."""
    _create_incidents()
    op.create_table(
        "telling",
        sa.Column("incident_id", ID, nullable=False),
        sa.Column("channel", TEXT, nullable=False),
        sa.Column("told_version", sa.Integer(), nullable=False),
        sa.Column("told_events", sa.Integer(), nullable=False),
        sa.Column("reference", TEXT, nullable=False),
        sa.Column("first_told_at", sa.BigInteger()),
        sa.Column("told_at", sa.BigInteger()),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("is_held", sa.Boolean(), nullable=False),
        sa.Column("failure_reason", TEXT),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_telling_incident_id"),
        sa.PrimaryKeyConstraint("incident_id", "channel", name="pk_telling"),
    )
    op.create_index("ix_telling_channel_due_at", "telling", ["channel", "due_at"])
    refuse_changes("incident_event")


def _create_incidents() -> None:
    op.create_table(
        "incident",
        sa.Column("id", ID, nullable=False),
        sa.Column("cause", TEXT, nullable=False),
        sa.Column("about", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("severity", TEXT, nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("resolved_at", sa.BigInteger()),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("acknowledged_by", TEXT, nullable=False),
        sa.Column("acknowledged_until", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_incident"),
    )
    op.create_index("ix_incident_cause_about", "incident", ["cause", "about"])
    op.create_index("ix_incident_state", "incident", ["state"])
    op.create_table(
        "incident_break",
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("incident_id", ID, nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["fingerprint"], ["break.fingerprint"], name="fk_incident_break_fingerprint"
        ),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name="fk_incident_break_incident_id"
        ),
        sa.PrimaryKeyConstraint("fingerprint", "incident_id", name="pk_incident_break"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_incident_break_incident_id", "incident_break", ["incident_id"])
    op.create_table(
        "incident_event",
        sa.Column("incident_id", ID, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("who", TEXT, nullable=False),
        sa.Column("why", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name="fk_incident_event_incident_id"
        ),
        sa.PrimaryKeyConstraint("incident_id", "sequence", name="pk_incident_event"),
    )
    op.create_table(
        "incident_stream",
        sa.Column("stream", TEXT, nullable=False),
        sa.Column("incident_id", ID, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name="fk_incident_stream_incident_id"
        ),
        sa.PrimaryKeyConstraint("stream", name="pk_incident_stream"),
    )
    op.create_index("ix_incident_stream_incident_id", "incident_stream", ["incident_id"])
