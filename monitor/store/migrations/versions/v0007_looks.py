"""Over which stretches of time each stream was looked at."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0005"

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the table; of looks made before nothing is known but the end of the last one.

    Also keep the first stamp of a version that is stamped anew.
    """
    op.create_table(
        "look_span",
        sa.Column("stream", TEXT, nullable=False),
        sa.Column("seen_from", sa.BigInteger(), nullable=False),
        sa.Column("seen_until", sa.BigInteger(), nullable=False),
        sa.Column("noted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("stream", "seen_from", name="pk_look_span"),
    )
    op.execute(
        "INSERT INTO look_span (stream, seen_from, seen_until, noted_at)"
        " SELECT stream, looked_until, looked_until, last_success_at FROM stream_state"
        " WHERE looked_until IS NOT NULL AND last_success_at IS NOT NULL"
    )
    for table in ("record", "record_version"):
        op.add_column(table, sa.Column("first_stamp", sa.BigInteger(), nullable=True))
