"""Remembered decisions and cluster ids of duplicates (owner: matching)."""

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Nothing yet."""
