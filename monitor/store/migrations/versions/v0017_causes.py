"""Why incidents came up, worked out once."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0017"
down_revision = "0016"

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the table; what was told before is worked out when it is told again."""
    op.create_table(
        "incident_cause",
        sa.Column("incident_id", ID, nullable=False),
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("likely", TEXT, nullable=False),
        sa.Column("shared", TEXT, nullable=False),
        sa.Column("remedy", TEXT, nullable=False),
        sa.Column("worked_out_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incident.id"], name="fk_incident_cause_incident_id"
        ),
        sa.PrimaryKeyConstraint("incident_id", name="pk_incident_cause"),
    )
