"""What indicators are computed from, and which traces were exported."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables; transactions that are known already are measured at the next turn."""
    op.create_table(
        "measured_deal",
        sa.Column("transaction_id", ID, autoincrement=False, nullable=False),
        sa.Column("flow", TEXT, nullable=False),
        sa.Column("evaluated_at", sa.BigInteger(), nullable=False),
        sa.Column("amount", TEXT),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("region", TEXT, nullable=False),
        sa.Column("legal_entity", TEXT, nullable=False),
        sa.Column("service_line", TEXT, nullable=False),
        _of_a_transaction("measured_deal"),
        sa.PrimaryKeyConstraint("transaction_id", name="pk_measured_deal"),
    )
    op.create_table(
        "measured_hand_off",
        sa.Column("transaction_id", ID, nullable=False),
        sa.Column("hop", TEXT, nullable=False),
        sa.Column("pair", TEXT, nullable=False),
        sa.Column("flow", TEXT, nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("has_arrived", sa.Boolean(), nullable=False),
        sa.Column("arrived_at", sa.BigInteger()),
        sa.Column("worked", sa.BigInteger()),
        sa.Column("amount", TEXT),
        sa.Column("currency", TEXT, nullable=False),
        _of_a_transaction("measured_hand_off"),
        sa.PrimaryKeyConstraint("transaction_id", "hop", "pair", name="pk_measured_hand_off"),
    )
    op.create_table(
        "measured_record",
        sa.Column("transaction_id", ID, nullable=False),
        sa.Column("stream", TEXT, nullable=False),
        sa.Column("native_id", TEXT, nullable=False),
        sa.Column("flow", TEXT, nullable=False),
        sa.Column("arrived_at", sa.BigInteger(), nullable=False),
        _of_a_transaction("measured_record"),
        sa.PrimaryKeyConstraint("transaction_id", "stream", "native_id", name="pk_measured_record"),
    )
    for table in ("measured_hand_off", "measured_record"):
        op.create_index(f"ix_{table}_flow_arrived_at", table, ["flow", "arrived_at"])
    op.create_table(
        "exported_trace",
        sa.Column("transaction_id", ID, autoincrement=False, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("exported_at", sa.BigInteger(), nullable=False),
        _of_a_transaction("exported_trace"),
        sa.PrimaryKeyConstraint("transaction_id", name="pk_exported_trace"),
    )


def _of_a_transaction(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["transaction_id"], ["business_transaction.id"], name=f"fk_{table}_transaction_id"
    )
