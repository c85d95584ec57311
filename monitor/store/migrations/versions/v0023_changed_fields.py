"""A mark says which fields changed, so that nobody has to look at what no rule minds."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0023"
down_revision = "0022"

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def upgrade() -> None:
    """Add a column without values: of the marks that wait, any field may have changed."""
    op.add_column("touch", sa.Column("fields", TEXT))
