"""What the pages ask for is found by an index: lists in order, and how keys start."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Make the indexes; on a store of millions of deals this takes a minute."""
    op.drop_index("ix_break_state", "break")
    op.create_index(
        "ix_break_state_suspected_at_fingerprint",
        "break",
        ["state", "suspected_at", "fingerprint"],
    )
    op.create_index("ix_break_transition_at", "break_transition", ["at"])
    op.create_index(
        "ix_business_transaction_lower_key",
        "business_transaction",
        [sa.text("lower(key)"), "key"],
    )
