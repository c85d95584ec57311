"""The first schema."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

APPEND_ONLY = ("audit", "break_transition")

REFUSE_ON_POSTGRESQL = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
END $$
"""


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "audit",
        sa.Column("sequence", ID, autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", TEXT, nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("detail", TEXT, nullable=False),
        sa.Column("previous_hash", TEXT, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_audit"),
    )
    op.create_table(
        "break",
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("flow", TEXT, nullable=False),
        sa.Column("transaction", TEXT, nullable=False),
        sa.Column("rule", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("severity", TEXT, nullable=False),
        sa.Column("hop", TEXT, nullable=False),
        sa.Column("system", TEXT, nullable=False),
        sa.Column("stream", TEXT, nullable=False),
        sa.Column("entity", TEXT, nullable=False),
        sa.Column("field", TEXT, nullable=False),
        sa.Column("record_id", TEXT, nullable=False),
        sa.Column("expected", TEXT, nullable=True),
        sa.Column("actual", TEXT, nullable=True),
        sa.Column("value_at_risk", sa.Text(), nullable=True),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("suspected_at", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=True),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_break"),
    )
    op.create_index("ix_break_flow_transaction", "break", ["flow", "transaction"], unique=False)
    op.create_index("ix_break_state", "break", ["state"], unique=False)
    op.create_table(
        "business_transaction",
        sa.Column("id", ID, nullable=False),
        sa.Column("flow", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("status_since", sa.BigInteger(), nullable=True),
        sa.Column("evaluated_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_business_transaction"),
        sa.UniqueConstraint("flow", "key", name="uq_business_transaction_flow_key"),
    )
    op.create_index(
        "ix_business_transaction_flow_status",
        "business_transaction",
        ["flow", "status"],
        unique=False,
    )
    op.create_table(
        "calls",
        sa.Column("system", TEXT, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("system", "day", name="pk_calls"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", ID, nullable=False),
        sa.Column("notice_id", TEXT, nullable=False),
        sa.Column("channel", TEXT, nullable=False),
        sa.Column("payload", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reference", TEXT, nullable=False),
        sa.Column("failure_reason", TEXT, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("notice_id", "channel", name="uq_outbox_notice_id_channel"),
    )
    op.create_index("ix_outbox_state_due_at", "outbox", ["state", "due_at"], unique=False)
    op.create_table(
        "quarantine",
        sa.Column("stream", TEXT, nullable=False),
        sa.Column("identity", TEXT, nullable=False),
        sa.Column("native_id", TEXT, nullable=True),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("detail", TEXT, nullable=False),
        sa.Column("payload", TEXT, nullable=False),
        sa.Column("first_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("stream", "identity", name="pk_quarantine"),
    )
    op.create_table(
        "record",
        sa.Column("id", ID, nullable=False),
        sa.Column("stream", TEXT, nullable=False),
        sa.Column("native_id", TEXT, nullable=False),
        sa.Column("entity", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("fields", TEXT, nullable=False),
        sa.Column("key_uses", TEXT, nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=True),
        sa.Column("observed_at", sa.BigInteger(), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_record"),
        sa.UniqueConstraint("stream", "native_id", name="uq_record_stream_native_id"),
    )
    op.create_table(
        "setting",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_setting"),
    )
    op.create_table(
        "stream_state",
        sa.Column("stream", TEXT, nullable=False),
        sa.Column("cursor", sa.BigInteger(), nullable=True),
        sa.Column("looked_until", sa.BigInteger(), nullable=True),
        sa.Column("look_began_at", sa.BigInteger(), nullable=True),
        sa.Column("last_attempt_at", sa.BigInteger(), nullable=True),
        sa.Column("last_success_at", sa.BigInteger(), nullable=True),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("failure_reason", TEXT, nullable=True),
        sa.Column("failure_detail", TEXT, nullable=True),
        sa.Column("swept_at", sa.BigInteger(), nullable=True),
        sa.Column("full_requested", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("stream", name="pk_stream_state"),
    )
    op.create_table(
        "transaction_count",
        sa.Column("flow", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("transactions", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("flow", "status", name="pk_transaction_count"),
    )
    op.create_table(
        "break_transition",
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("before", TEXT, nullable=True),
        sa.Column("after", TEXT, nullable=False),
        sa.Column("who", TEXT, nullable=False),
        sa.Column("why", TEXT, nullable=False),
        sa.Column("evidence", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["fingerprint"], ["break.fingerprint"], name="fk_break_transition_fingerprint"
        ),
        sa.PrimaryKeyConstraint("fingerprint", "sequence", name="pk_break_transition"),
    )
    op.create_table(
        "deadline",
        sa.Column("transaction_id", ID, autoincrement=False, nullable=False),
        sa.Column("flow", TEXT, nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["business_transaction.id"], name="fk_deadline_transaction_id"
        ),
        sa.PrimaryKeyConstraint("transaction_id", name="pk_deadline"),
    )
    op.create_index("ix_deadline_flow_due_at", "deadline", ["flow", "due_at"], unique=False)
    op.create_table(
        "link",
        sa.Column("transaction_id", ID, nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name="fk_link_record_id"),
        sa.ForeignKeyConstraint(
            ["transaction_id"], ["business_transaction.id"], name="fk_link_transaction_id"
        ),
        sa.PrimaryKeyConstraint("transaction_id", "record_id", name="pk_link"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_link_record_id", "link", ["record_id"], unique=False)
    op.create_table(
        "record_key",
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name="fk_record_key_record_id"),
        sa.PrimaryKeyConstraint("kind", "value", "record_id", "role", name="pk_record_key"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "record_version",
        sa.Column("id", ID, nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.Column("entity", TEXT, nullable=False),
        sa.Column("version", TEXT, nullable=False),
        sa.Column("fields", TEXT, nullable=False),
        sa.Column("key_uses", TEXT, nullable=False),
        sa.Column("modified_at", sa.BigInteger(), nullable=True),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("observed_at", sa.BigInteger(), nullable=False),
        sa.Column("replaced_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name="fk_record_version_record_id"),
        sa.PrimaryKeyConstraint("id", name="pk_record_version"),
    )
    op.create_index(
        "ix_record_version_record_id_replaced_at",
        "record_version",
        ["record_id", "replaced_at"],
        unique=False,
    )
    op.create_table(
        "touch",
        sa.Column("id", ID, nullable=False),
        sa.Column("record_id", ID, nullable=False),
        sa.ForeignKeyConstraint(["record_id"], ["record.id"], name="fk_touch_record_id"),
        sa.PrimaryKeyConstraint("id", name="pk_touch"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_touch_record_id", "touch", ["record_id"], unique=False)
    _protect_append_only()


def _protect_append_only() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(REFUSE_ON_POSTGRESQL)
    refuse_changes(*APPEND_ONLY)


def refuse_changes(*tables: str) -> None:
    """Let rows only be added to these tables."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for table in tables:
        if is_postgresql:
            op.execute(
                f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE"
                f" ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            )
            continue
        for change in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_refuses_{change.lower()} BEFORE {change} ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
