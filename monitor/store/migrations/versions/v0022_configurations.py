"""Landscapes as they were in force, so that two of them can be compared later."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from monitor.store.migrations.versions.v0001_first import refuse_changes

revision = "0022"
down_revision = "0021"

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the table; of what was in force before, only hashes were kept."""
    op.create_table(
        "configuration",
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("document", TEXT, nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="pk_configuration"),
    )
    refuse_changes("configuration")
