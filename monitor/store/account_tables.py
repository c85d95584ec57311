"""Tables of those who can log in. Of secrets they hold hashes alone."""

from sqlalchemy import Column, Index, Integer, Table, UniqueConstraint

from monitor.store.columns import Identity, Instant, PlainText
from monitor.store.schema import metadata

account = Table(
    "account",
    metadata,
    Column("name", PlainText, primary_key=True),
    Column("password", PlainText, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("locked_at", Instant),
    Column("logged_in_at", Instant),
)
"""Who can log in; `password` is Argon2id's hash with its salt and its costs."""

session = Table(
    "session",
    metadata,
    Column("digest", PlainText, primary_key=True),
    Column("name", PlainText, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    Index(None, "name"),
)

api_token = Table(
    "api_token",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("digest", PlainText, nullable=False),
    Column("name", PlainText, nullable=False),
    Column("label", PlainText, nullable=False),
    Column("permissions", PlainText, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    Column("revoked_at", Instant),
    UniqueConstraint("digest"),
)
"""`permissions` are words with blanks between them."""

log_in_failure = Table(
    "log_in_failure",
    metadata,
    Column("origin", PlainText, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at", Instant, nullable=False),
    Column("locked_until", Instant),
    Index(None, "last_at"),
)
"""Attempts to log in that failed; `origin` is the given name, as a hash, or the address."""
