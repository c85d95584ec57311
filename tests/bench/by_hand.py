"""`python -m tests.bench.by_hand DATA OUT`: the reconciliation that an engineer writes in SQL."""

import sys
from pathlib import Path

import duckdb

AS_OF = "2026-01-01 00:00:00+00"
_COMMENT = "--"


def main() -> None:
    """Run the statement of `by_hand.sql` over the extracts in a folder."""
    data, out = sys.argv[1:]
    lines = Path(__file__).with_suffix(".sql").read_text().splitlines()
    sql = "\n".join(line for line in lines if not line.startswith(_COMMENT))
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(sql.format(data=data, out=out, as_of=AS_OF))


if __name__ == "__main__":
    main()
