"""Evidence: keys, and signed heads of the audit log."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from monitor.store.migrations.versions.v0001_first import refuse_changes

revision = "0015"
down_revision = "0014"

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables; nothing is signed yet."""
    op.create_table(
        "signing_key",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("statement", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_signing_key"),
        sa.UniqueConstraint("key", name="uq_signing_key_key"),
    )
    op.create_table(
        "signed_head",
        sa.Column("sequence", ID, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("statement", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("sequence", "key", name="pk_signed_head"),
    )
    refuse_changes("signing_key", "signed_head")
