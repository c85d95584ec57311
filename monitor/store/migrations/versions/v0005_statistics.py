"""What sources usually look like."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the tables; what was sampled before is not counted afterwards."""
    op.create_table(
        "stream_profile",
        sa.Column("stream", TEXT, nullable=False),
        sa.Column("profile", TEXT, nullable=False),
        sa.Column("clock_ahead", sa.BigInteger()),
        sa.Column("clock_read_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("stream", name="pk_stream_profile"),
    )
    op.create_table(
        "stream_day",
        sa.Column("stream", TEXT, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("arrived", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("population", sa.Integer()),
        sa.Column("late", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("stream", "day", name="pk_stream_day"),
    )
    op.create_table(
        "hop_day",
        sa.Column("flow", TEXT, nullable=False),
        sa.Column("hop", TEXT, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("times", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("flow", "hop", "day", name="pk_hop_day"),
    )
