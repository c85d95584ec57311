"""Whether a mark is of a record that may belong elsewhere now, or only says something else."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Add the column; of marks that wait already nobody knows, so they may have moved."""
    op.add_column(
        "touch", sa.Column("moved", sa.Boolean(), nullable=False, server_default=sa.true())
    )
