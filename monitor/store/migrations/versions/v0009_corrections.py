"""Corrections: plans, what people said of them, what became of each write."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from monitor.store.migrations.versions.v0001_first import refuse_changes

revision = "0009"
down_revision = "0007"

TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")
ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables; until now nothing was ever corrected."""
    _create_plans()
    _create_corrections()
    refuse_changes("approval", "correction_step")


def _create_plans() -> None:
    op.create_table(
        "plan",
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("flow", TEXT, nullable=False),
        sa.Column("mode", TEXT, nullable=False),
        sa.Column("requester", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("document", TEXT, nullable=False),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("ended_why", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("hash", name="pk_plan"),
    )
    op.create_index("ix_plan_state", "plan", ["state"])
    op.create_table(
        "approval",
        sa.Column("id", ID, nullable=False),
        sa.Column("plan", TEXT, nullable=False),
        sa.Column("who", TEXT, nullable=False),
        sa.Column("is_approved", sa.Boolean(), nullable=False),
        sa.Column("why", TEXT, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["plan"], ["plan.hash"], name="fk_approval_plan"),
        sa.PrimaryKeyConstraint("id", name="pk_approval"),
        sa.UniqueConstraint("plan", "who", name="uq_approval_plan_who"),
    )


def _create_corrections() -> None:
    op.create_table(
        "correction",
        sa.Column("id", ID, nullable=False),
        sa.Column("plan", TEXT, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("system", TEXT, nullable=False),
        sa.Column("target", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("pre_image", TEXT),
        sa.Column("native_id", TEXT, nullable=False),
        sa.Column("reference", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("undoes", ID),
        sa.Column("intended_at", sa.BigInteger()),
        sa.Column("applied_at", sa.BigInteger()),
        sa.Column("ended_at", sa.BigInteger()),
        sa.Column("look_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["plan"], ["plan.hash"], name="fk_correction_plan"),
        sa.PrimaryKeyConstraint("id", name="pk_correction"),
        sa.UniqueConstraint("plan", "position", name="uq_correction_plan_position"),
    )
    for column in ("state", "fingerprint", "undoes"):
        op.create_index(f"ix_correction_{column}", "correction", [column])
    op.create_table(
        "correction_step",
        sa.Column("correction_id", ID, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("before", TEXT, nullable=False),
        sa.Column("after", TEXT, nullable=False),
        sa.Column("who", TEXT, nullable=False),
        sa.Column("why", TEXT, nullable=False),
        sa.Column("answer", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["correction_id"], ["correction.id"], name="fk_correction_step_correction_id"
        ),
        sa.PrimaryKeyConstraint("correction_id", "sequence", name="pk_correction_step"),
    )
    op.create_table(
        "target_claim",
        sa.Column("target", TEXT, nullable=False),
        sa.Column("correction_id", ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["correction_id"], ["correction.id"], name="fk_target_claim_correction_id"
        ),
        sa.PrimaryKeyConstraint("target", name="pk_target_claim"),
    )
    op.create_table(
        "breaker",
        sa.Column("system", TEXT, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("opened_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("system", name="pk_breaker"),
    )
