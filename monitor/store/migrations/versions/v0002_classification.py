"""In what way money does not tie out."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the column; what stands already is of no class."""
    op.add_column("break", sa.Column("classification", TEXT, nullable=False, server_default=""))
