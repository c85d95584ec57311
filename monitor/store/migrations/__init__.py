"""Alembic revisions of the store, oldest first."""

REVISIONS = (
    "0001",
    "0002",
    "0003",
    "0004",
    "0005",
    "0007",
    "0009",
    "0010",
    "0011",
    "0012",
    "0013",
    "0014",
    "0015",
    "0016",
    "0017",
    "0018",
    "0019",
    "0020",
    "0021",
    "0022",
    "0023",
)
"""Every revision that this version knows. Stated here so that opening a store that is up to date
needs no migration tool in memory."""

HEAD = REVISIONS[-1]
