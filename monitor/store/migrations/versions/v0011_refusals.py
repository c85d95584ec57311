"""Refusals: why nothing is done about a break."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the table; the next planning fills it."""
    op.create_table(
        "refusal",
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("guard", TEXT, nullable=False),
        sa.Column("why", TEXT, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", "guard", name="pk_refusal"),
    )
