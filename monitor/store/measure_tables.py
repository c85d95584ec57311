"""Further tables: what is computed from the others, and can be computed again at any time."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    PrimaryKeyConstraint,
    Table,
)

from monitor.store.columns import Exact, Identity, Instant, PlainText
from monitor.store.schema import metadata


def _transaction(*, primary_key: bool = False) -> Column[int]:
    return Column(
        "transaction_id",
        Identity,
        ForeignKey("business_transaction.id"),
        primary_key=primary_key,
        nullable=False,
        autoincrement=False,
    )


measured_deal = Table(
    "measured_deal",
    metadata,
    _transaction(primary_key=True),
    Column("flow", PlainText, nullable=False),
    Column("evaluated_at", Instant, nullable=False),
    Column("amount", Exact),
    Column("currency", PlainText, nullable=False),
    Column("region", PlainText, nullable=False),
    Column("legal_entity", PlainText, nullable=False),
    Column("service_line", PlainText, nullable=False),
)
"""What a deal is worth and where it belongs, of the state that was evaluated at that instant."""

measured_hand_off = Table(
    "measured_hand_off",
    metadata,
    _transaction(),
    Column("hop", PlainText, nullable=False),
    Column("pair", PlainText, nullable=False),
    Column("flow", PlainText, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("has_arrived", Boolean, nullable=False),
    Column("arrived_at", Instant),
    Column("worked", BigInteger),
    Column("amount", Exact),
    Column("currency", PlainText, nullable=False),
    PrimaryKeyConstraint("transaction_id", "hop", "pair"),
    Index(None, "flow", "arrived_at"),
)
"""What had to be carried on, by when, and when it arrived; `worked` is working time on the way in
microseconds. `pair` is the key that pairs single records, else empty."""

measured_record = Table(
    "measured_record",
    metadata,
    _transaction(),
    Column("stream", PlainText, nullable=False),
    Column("native_id", PlainText, nullable=False),
    Column("flow", PlainText, nullable=False),
    Column("arrived_at", Instant, nullable=False),
    PrimaryKeyConstraint("transaction_id", "stream", "native_id"),
    Index(None, "flow", "arrived_at"),
)
"""When the records that indicators count came to be, by their systems' own stamps."""

exported_trace = Table(
    "exported_trace",
    metadata,
    _transaction(primary_key=True),
    Column("digest", PlainText, nullable=False),
    Column("exported_at", Instant, nullable=False),
)
"""Which state of a transaction was exported as a trace."""
