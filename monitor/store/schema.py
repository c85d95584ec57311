"""The tables as the newest migration leaves them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
    text,
    true,
)

from monitor.store.columns import Exact, Identity, Instant, PlainText

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

record = Table(
    "record",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("stream", PlainText, nullable=False),
    Column("native_id", PlainText, nullable=False),
    Column("entity", PlainText, nullable=False),
    Column("version", PlainText, nullable=False),
    Column("fields", PlainText, nullable=False),
    Column("key_uses", PlainText, nullable=False),
    Column("modified_at", Instant),
    Column("observed_at", Instant, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("first_stamp", Instant),
    UniqueConstraint("stream", "native_id"),
)
"""Every record as it is now; `observed_at` is when this version was first seen, and `first_stamp`
its stamp then, where the source has stamped it anew since."""

record_version = Table(
    "record_version",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("record_id", Identity, ForeignKey("record.id"), nullable=False),
    Column("entity", PlainText, nullable=False),
    Column("version", PlainText, nullable=False),
    Column("fields", PlainText, nullable=False),
    Column("key_uses", PlainText, nullable=False),
    Column("modified_at", Instant),
    Column("deleted", Boolean, nullable=False),
    Column("observed_at", Instant, nullable=False),
    Column("replaced_at", Instant, nullable=False),
    Column("first_stamp", Instant),
    Index(None, "record_id", "replaced_at"),
)
"""Superseded versions: each held from `observed_at` until just before `replaced_at`."""

record_key = Table(
    "record_key",
    metadata,
    Column("kind", PlainText, nullable=False),
    Column("value", PlainText, nullable=False),
    Column("record_id", Identity, ForeignKey("record.id"), nullable=False),
    Column("role", PlainText, nullable=False),
    PrimaryKeyConstraint("kind", "value", "record_id", "role"),
    sqlite_with_rowid=False,
)
"""Which current records use a business key: the way back from `record.key_uses`."""

touch = Table(
    "touch",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("record_id", Identity, ForeignKey("record.id"), nullable=False),
    Column("moved", Boolean, nullable=False, server_default=true()),
    Column("fields", PlainText),
    Index(None, "record_id"),
    sqlite_autoincrement=True,
)
"""Marks of changed records that no cycle has looked at yet. An id is never used twice, so that
clearing what was taken cannot clear what came later. A record that `moved` may belong to other
transactions than before; `fields` is a JSON list of those that changed, null where any may have."""

business_transaction = Table(
    "business_transaction",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("flow", PlainText, nullable=False),
    Column("key", PlainText, nullable=False),
    Column("status", PlainText, nullable=False),
    Column("status_since", Instant),
    Column("evaluated_at", Instant),
    UniqueConstraint("flow", "key"),
    Index(None, "flow", "status"),
    Index("ix_business_transaction_lower_key", text("lower(key)"), "key"),
)

transaction_count = Table(
    "transaction_count",
    metadata,
    Column("flow", PlainText, nullable=False),
    Column("status", PlainText, nullable=False),
    Column("transactions", Integer, nullable=False),
    PrimaryKeyConstraint("flow", "status"),
)
"""How many transactions have a status, kept up at each change: counting them all at every cycle
would cost by the size of the estate."""

link = Table(
    "link",
    metadata,
    Column("transaction_id", Identity, ForeignKey("business_transaction.id"), nullable=False),
    Column("record_id", Identity, ForeignKey("record.id"), nullable=False),
    Column("stream", PlainText, nullable=False, server_default=""),
    PrimaryKeyConstraint("transaction_id", "record_id"),
    Index(None, "record_id"),
    sqlite_with_rowid=False,
)
"""Which records belong to a transaction; `stream` is the record's, so that those of the others
need not be read."""

deadline = Table(
    "deadline",
    metadata,
    Column(
        "transaction_id",
        Identity,
        ForeignKey("business_transaction.id"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("flow", PlainText, nullable=False),
    Column("due_at", Instant, nullable=False),
    Index(None, "flow", "due_at"),
)
"""When a transaction has to be looked at again although nothing changed: its earliest deadline."""

stream_state = Table(
    "stream_state",
    metadata,
    Column("stream", PlainText, primary_key=True),
    Column("cursor", Instant),
    Column("looked_until", Instant),
    Column("look_began_at", Instant),
    Column("last_attempt_at", Instant),
    Column("last_success_at", Instant),
    Column("failing_since", Instant),
    Column("failure_reason", PlainText),
    Column("failure_detail", PlainText),
    Column("swept_at", Instant),
    Column("full_requested", Boolean, nullable=False),
)

look_span = Table(
    "look_span",
    metadata,
    Column("stream", PlainText, nullable=False),
    Column("seen_from", Instant, nullable=False),
    Column("seen_until", Instant, nullable=False),
    Column("noted_at", Instant, nullable=False),
    PrimaryKeyConstraint("stream", "seen_from"),
)
"""Stretches of a source's own time over which it was looked at without a gap; `noted_at`, by our
clock, is when the last look of the stretch was complete. Of what lies between nothing is known."""

stream_profile = Table(
    "stream_profile",
    metadata,
    Column("stream", PlainText, primary_key=True),
    Column("profile", PlainText, nullable=False),
    Column("clock_ahead", BigInteger),
    Column("clock_read_at", Instant),
)
"""What was seen of a stream, a document of bounded size that is read and written whole, and what
its system's clock said: microseconds ahead of ours."""

stream_day = Table(
    "stream_day",
    metadata,
    Column("stream", PlainText, nullable=False),
    Column("day", Date, nullable=False),
    Column("arrived", Integer, nullable=False),
    Column("changed", Integer, nullable=False),
    Column("population", Integer),
    Column("late", PlainText, nullable=False),
    PrimaryKeyConstraint("stream", "day"),
)
"""What each day brought in a stream; `late` is a bounded list of rows that came too late."""

hop_day = Table(
    "hop_day",
    metadata,
    Column("flow", PlainText, nullable=False),
    Column("hop", PlainText, nullable=False),
    Column("day", Date, nullable=False),
    Column("times", PlainText, nullable=False),
    PrimaryKeyConstraint("flow", "hop", "day"),
)
"""How long a hand-off took the deals that arrived on a day: a count for each class of times."""

calls = Table(
    "calls",
    metadata,
    Column("system", PlainText, nullable=False),
    Column("day", Date, nullable=False),
    Column("calls", Integer, nullable=False),
    PrimaryKeyConstraint("system", "day"),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("stream", PlainText, nullable=False),
    Column("identity", PlainText, nullable=False),
    Column("native_id", PlainText),
    Column("reason", PlainText, nullable=False),
    Column("detail", PlainText, nullable=False),
    Column("payload", PlainText, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("released_at", Instant),
    PrimaryKeyConstraint("stream", "identity"),
)
"""Rows that could not become records; `identity` is the native id, else a hash of the payload."""

breaks = Table(
    "break",
    metadata,
    Column("fingerprint", PlainText, primary_key=True),
    Column("flow", PlainText, nullable=False),
    Column("transaction", PlainText, nullable=False),
    Column("rule", PlainText, nullable=False),
    Column("kind", PlainText, nullable=False),
    Column("severity", PlainText, nullable=False),
    Column("hop", PlainText, nullable=False),
    Column("system", PlainText, nullable=False),
    Column("stream", PlainText, nullable=False),
    Column("entity", PlainText, nullable=False),
    Column("field", PlainText, nullable=False),
    Column("record_id", PlainText, nullable=False),
    Column("expected", PlainText),
    Column("actual", PlainText),
    Column("value_at_risk", Exact),
    Column("currency", PlainText, nullable=False),
    Column("owner", PlainText, nullable=False),
    Column("since", Instant),
    Column("classification", PlainText, nullable=False, server_default=""),
    Column("state", PlainText, nullable=False),
    Column("episode", Integer, nullable=False),
    Column("suspected_at", Instant, nullable=False),
    Column("opened_at", Instant),
    Column("resolved_at", Instant),
    Column("seen_at", Instant, nullable=False),
    Index(None, "flow", "transaction"),
    Index(None, "state", "suspected_at", "fingerprint"),
)

break_transition = Table(
    "break_transition",
    metadata,
    Column("fingerprint", PlainText, ForeignKey("break.fingerprint"), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("at", Instant, nullable=False),
    Column("kind", PlainText, nullable=False),
    Column("before", PlainText),
    Column("after", PlainText, nullable=False),
    Column("who", PlainText, nullable=False),
    Column("why", PlainText, nullable=False),
    Column("evidence", PlainText, nullable=False),
    PrimaryKeyConstraint("fingerprint", "sequence"),
    Index(None, "at"),
)
"""Every step in a break's life. Append-only: triggers refuse anything else."""

break_ignore = Table(
    "break_ignore",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("owner", PlainText, nullable=False),
    Column("reason", PlainText, nullable=False),
    Column("until", Instant),
    Column("rule", PlainText, nullable=False),
    Column("system", PlainText, nullable=False),
    Column("field", PlainText, nullable=False),
    Column("deal", PlainText, nullable=False),
    Column("is_baseline", Boolean, nullable=False),
    Column("made_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", PlainText, nullable=False),
    Column("ended_why", PlainText, nullable=False),
)
"""What somebody decided not to hear of; rule, system, field and deal are its pattern."""

ignored_break = Table(
    "ignored_break",
    metadata,
    Column("fingerprint", PlainText, ForeignKey("break.fingerprint"), nullable=False),
    Column("ignore_id", Identity, ForeignKey("break_ignore.id"), nullable=False),
    Column("episode", Integer, nullable=False),
    Column("kind", PlainText, nullable=False),
    Column("classification", PlainText, nullable=False),
    Column("expected", PlainText),
    Column("actual", PlainText),
    Column("value_at_risk", Exact),
    Column("currency", PlainText, nullable=False),
    PrimaryKeyConstraint("fingerprint", "ignore_id"),
    sqlite_with_rowid=False,
)
"""Breaks that an ignore names one by one, and what each said when it was judged."""

match_decision = Table(
    "match_decision",
    metadata,
    Column("left_record", PlainText, nullable=False),
    Column("right_record", PlainText, nullable=False),
    Column("opinion", PlainText, nullable=False),
    Column("who", PlainText, nullable=False),
    Column("why", PlainText, nullable=False),
    Column("decided_at", Instant, nullable=False),
    PrimaryKeyConstraint("left_record", "right_record"),
)
"""What people decided about two records, each as `stream/native id`, the lesser one left."""

outbox = Table(
    "outbox",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("notice_id", PlainText, nullable=False),
    Column("channel", PlainText, nullable=False),
    Column("payload", PlainText, nullable=False),
    Column("state", PlainText, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("reference", PlainText, nullable=False),
    Column("failure_reason", PlainText),
    Column("created_at", Instant, nullable=False),
    Column("sent_at", Instant),
    UniqueConstraint("notice_id", "channel"),
    Index(None, "state", "due_at"),
)

audit = Table(
    "audit",
    metadata,
    Column("sequence", Identity, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("who", PlainText, nullable=False),
    Column("action", PlainText, nullable=False),
    Column("subject", PlainText, nullable=False),
    Column("detail", PlainText, nullable=False),
    Column("previous_hash", PlainText, nullable=False),
    Column("hash", PlainText, nullable=False),
)
"""Who did what, each row carrying the hash of the one before it. Append-only, as above."""

setting = Table(
    "setting",
    metadata,
    Column("name", PlainText, primary_key=True),
    Column("value", PlainText, nullable=False),
)

APPEND_ONLY = (break_transition, audit)
