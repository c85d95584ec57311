"""Ignores: breaks that people decided not to hear of."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables; until now nothing could be ignored."""
    op.create_table(
        "break_ignore",
        sa.Column("id", ID, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("until", sa.BigInteger()),
        sa.Column("rule", TEXT, nullable=False),
        sa.Column("system", TEXT, nullable=False),
        sa.Column("field", TEXT, nullable=False),
        sa.Column("deal", TEXT, nullable=False),
        sa.Column("is_baseline", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("ended_by", TEXT, nullable=False),
        sa.Column("ended_why", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_break_ignore"),
    )
    op.create_table(
        "ignored_break",
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("ignore_id", ID, nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("classification", TEXT, nullable=False),
        sa.Column("expected", TEXT),
        sa.Column("actual", TEXT),
        sa.Column("value_at_risk", TEXT),
        sa.Column("currency", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["fingerprint"], ["break.fingerprint"], name="fk_ignored_break_fingerprint"
        ),
        sa.ForeignKeyConstraint(
            ["ignore_id"], ["break_ignore.id"], name="fk_ignored_break_ignore_id"
        ),
        sa.PrimaryKeyConstraint("fingerprint", "ignore_id", name="pk_ignored_break"),
        sqlite_with_rowid=False,
    )
