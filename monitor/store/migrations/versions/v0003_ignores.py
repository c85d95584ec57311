"""Ignores with owner, reason and expiry (owner of this file: explain/ignores)."""

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Nothing yet."""
