"""What people decided about pairs of records that may mean one thing."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the table; until now nobody was asked."""
    op.create_table(
        "match_decision",
        sa.Column("left_record", TEXT, nullable=False),
        sa.Column("right_record", TEXT, nullable=False),
        sa.Column("opinion", TEXT, nullable=False),
        sa.Column("who", TEXT, nullable=False),
        sa.Column("why", TEXT, nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("left_record", "right_record", name="pk_match_decision"),
    )
