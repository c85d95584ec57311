"""`python -m tests.estates DIR --deals N --customers N --seed S`: extracts, with their truth."""

import argparse
from pathlib import Path

from tests.estates.customers import write_customers
from tests.estates.writing import write_estate


def main() -> None:
    """Write the estate that the arguments ask for."""
    parser = argparse.ArgumentParser(prog="python -m tests.estates")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--deals", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--customers", type=int, default=0)
    chosen = parser.parse_args()
    records = write_estate(chosen.folder, chosen.deals, chosen.seed)
    if chosen.customers:
        records += write_customers(chosen.folder, chosen.customers, chosen.seed).records.height
        records += chosen.customers
    print(records, "records")  # noqa: T201 - a command


if __name__ == "__main__":
    main()
