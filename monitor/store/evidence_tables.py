"""Further tables: keys that sign, heads that were signed, readings, reports and sign-offs."""

from sqlalchemy import Boolean, Column, Index, Integer, PrimaryKeyConstraint, Table

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

reading = Table(
    "reading",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("stream", PlainText, nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("kind", PlainText, nullable=False),
    Column("seen_from", Instant),
    Column("seen_until", Instant),
    Column("page", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("rejected", Integer, nullable=False),
    Column("hash", PlainText, nullable=False),
    Column("stored_at", Instant, nullable=False),
    Index(None, "stored_at"),
)
"""Pages that brought something, as they came: of which window, how many rows, and the hash of what
they said. Append-only."""

report = Table(
    "report",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("made_at", Instant, nullable=False),
    Column("who", PlainText, nullable=False),
    Column("request", PlainText, nullable=False),
    Column("made_with", PlainText, nullable=False),
    Column("manifest_hash", PlainText, nullable=False),
    Column("pack_hash", PlainText, nullable=False),
    Column("key", PlainText, nullable=False),
    Column("signature", PlainText, nullable=False),
    Column("is_complete", Boolean, nullable=False),
)
"""Evidence packs that were made: what was asked, and the hash of what was handed over.
Append-only."""

sign_off = Table(
    "sign_off",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("control", PlainText, nullable=False),
    Column("report_id", Identity, nullable=False),
    Column("role", PlainText, nullable=False),
    Column("who", PlainText, nullable=False),
    Column("why", PlainText, nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "control"),
)
"""Who prepared and who reviewed what. Append-only."""

configuration = Table(
    "configuration",
    metadata,
    Column("digest", PlainText, primary_key=True),
    Column("document", PlainText, nullable=False),
    Column("stored_at", Instant, nullable=False),
)
"""Landscapes that were in force, in their effective form and without secrets; the audit log says
when each was applied. Append-only."""

APPEND_ONLY = (signing_key, signed_head, reading, report, sign_off, configuration)
