"""Further tables: keys that sign, and heads of the audit log that were signed."""

from sqlalchemy import Column, Integer, PrimaryKeyConstraint, Table

from monitor.store.columns import Identity, Instant, PlainText
from monitor.store.schema import metadata

signing_key = Table(
    "signing_key",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("key", PlainText, nullable=False, unique=True),
    Column("statement", PlainText, nullable=False),
)
"""Public keys in the order of their introduction; `statement` is canonical JSON, signed by the key
before. Append-only."""

signed_head = Table(
    "signed_head",
    metadata,
    Column("sequence", Identity, nullable=False),
    Column("key", PlainText, nullable=False),
    Column("at", Instant, nullable=False),
    Column("statement", PlainText, nullable=False),
    PrimaryKeyConstraint("sequence", "key"),
)
"""Heads of the audit log that were signed, as canonical JSON. Append-only."""

APPEND_ONLY = (signing_key, signed_head)
