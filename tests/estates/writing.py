"""A generated estate on disk."""

from pathlib import Path

import numpy as np

from tests.estates.deals import draw_deals
from tests.estates.tables import draw_tables
from tests.estates.traffic import (
    change_order_tables,
    draw_change_orders,
    draw_messages,
    message_table,
)
from tests.estates.truth import truth_of


def write_estate(folder: Path, count: int, seed: int) -> int:
    """Write one Parquet file a table and `truth.parquet`; returns the number of records."""
    folder.mkdir(parents=True, exist_ok=True)
    chance = np.random.default_rng(seed)
    deals = draw_deals(count, chance)
    orders, messages = draw_change_orders(deals, chance), draw_messages(deals, chance)
    records = 0
    for name, table in (
        *draw_tables(deals, chance),
        *change_order_tables(orders, deals),
        ("middleware_messages", message_table(messages)),
    ):
        table.write_parquet(folder / f"{name}.parquet")
        records += table.height
    truth_of(deals, orders, messages).write_parquet(folder / "truth.parquet")
    return records
