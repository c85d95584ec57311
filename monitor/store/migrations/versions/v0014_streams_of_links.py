"""The stream of each linked record, beside the link."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the column and fill it; on a store of millions of records this takes minutes."""
    op.add_column("link", sa.Column("stream", TEXT, nullable=False, server_default=""))
    op.execute(
        "UPDATE link SET stream ="
        " (SELECT record.stream FROM record WHERE record.id = link.record_id)"
    )
