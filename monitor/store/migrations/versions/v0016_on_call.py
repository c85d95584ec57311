"""How far incidents have been escalated, and what people silenced."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the columns and create the tables; what stands already is on no chain."""
    op.add_column("incident", sa.Column("review_at", sa.BigInteger()))
    op.add_column("incident", sa.Column("on_shift", TEXT, nullable=False, server_default=""))
    op.add_column("incident", sa.Column("silence_id", ID))
    op.add_column("incident", sa.Column("silenced_version", sa.Integer()))
    op.add_column("incident", sa.Column("merged_into", ID))
    op.create_index("ix_incident_review_at", "incident", ["review_at"])
    op.create_index("ix_incident_silence_id", "incident", ["silence_id"])
    op.create_table(
        "escalation",
        sa.Column("incident_id", ID, nullable=False),
        sa.Column("chain", TEXT, nullable=False),
        sa.Column("taken", sa.Integer(), nullable=False),
        sa.Column("since", sa.BigInteger()),
        sa.Column("due_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["incident_id"], ["incident.id"], name="fk_escalation_incident_id"),
        sa.PrimaryKeyConstraint("incident_id", "chain", name="pk_escalation"),
    )
    op.create_index("ix_escalation_due_at", "escalation", ["due_at"])
    op.create_table(
        "silence",
        sa.Column("id", ID, nullable=False),
        sa.Column("matchers", TEXT, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("ended_by", TEXT, nullable=False),
        sa.Column("settled_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("id", name="pk_silence"),
    )
    op.create_index("ix_silence_settled_at", "silence", ["settled_at"])
