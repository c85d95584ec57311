"""Evidence packs: pages as they were read, reports that were made, and who signed them off."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from monitor.store.migrations.versions.v0001_first import refuse_changes

revision = "0018"
down_revision = "0017"

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables; what was read before has no pages that could be named."""
    _create_readings()
    _create_reports()
    refuse_changes("reading", "report", "sign_off")


def _create_readings() -> None:
    op.create_table(
        "reading",
        sa.Column("id", ID, nullable=False),
        sa.Column("stream", TEXT, nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("seen_from", sa.BigInteger()),
        sa.Column("seen_until", sa.BigInteger()),
        sa.Column("page", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reading"),
    )
    op.create_index("ix_reading_stored_at", "reading", ["stored_at"])


def _create_reports() -> None:
    op.create_table(
        "report",
        sa.Column("id", ID, nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("who", TEXT, nullable=False),
        sa.Column("request", TEXT, nullable=False),
        sa.Column("made_with", TEXT, nullable=False),
        sa.Column("manifest_hash", TEXT, nullable=False),
        sa.Column("pack_hash", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("signature", TEXT, nullable=False),
        sa.Column("is_complete", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_report"),
    )
    op.create_table(
        "sign_off",
        sa.Column("id", ID, nullable=False),
        sa.Column("control", TEXT, nullable=False),
        sa.Column("report_id", ID, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("who", TEXT, nullable=False),
        sa.Column("why", TEXT, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_sign_off"),
    )
    op.create_index("ix_sign_off_control", "sign_off", ["control"])
