"""However a stream is read, its figures are those that plain counting gives."""

from collections import defaultdict
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.core.entities import ENTITIES
from monitor.core.model import StreamId
from monitor.core.screens import EVERY_ROW, Aggregate, Fact
from monitor.core.streams import StreamSettings
from monitor.estate import Flow
from monitor.extracts.figures import identify, read_figures
from monitor.extracts.placing import HASH, Placing, Shard
from monitor.extracts.tables import open_table

STREAM = StreamId("erp", "invoice")
SETTINGS = StreamSettings.model_validate(
    {
        "entity": "invoice",
        "id": "id",
        "map": {"amount": "amount", "status": "status"},
        "refers": {"deal": "deal"},
        "cursor": {"field": "id"},
    }
)
FLOW = Flow(
    name="sales",
    root=STREAM,
    key="deal",
    kinds=frozenset({"deal"}),
    hand_offs=(),
    rules=(),
    value_stream=STREAM,
    margins={},
    digest="1",
)
OPEN = pl.col("status") == "open"
Row = tuple[int, int, str]

HOW = (Aggregate.COUNT, Aggregate.MIN, Aggregate.MAX, Aggregate.SUM)


def counted(rows: list[Row], *, only_open: bool) -> dict[int, tuple[object, ...]]:
    """By deal, each figure; none of a deal whose rows do not count."""
    amounts: dict[int, list[int]] = defaultdict(list)
    for deal, amount, status in rows:
        if status == "open" or not only_open:
            amounts[deal].append(amount)
    return {
        deal: (len(own), Decimal(min(own)), Decimal(max(own)), Decimal(sum(own)))
        for deal, own in amounts.items()
    }


def figures(folder: Path, rows: list[Row], where: pl.Expr) -> tuple[dict[int, object], bool]:
    """The same by what is tested, and whether the rows were kept."""
    pl.DataFrame(
        {
            "id": [str(number) for number in range(len(rows))],
            "deal": [f"D{deal}" for deal, _, _ in rows],
            "amount": [f"{amount}.00" for _, amount, _ in rows],
            "status": [status for *_, status in rows],
        }
    ).write_parquet(folder / "erp.invoice.parquet")
    table = open_table(STREAM, SETTINGS, ENTITIES["invoice"], folder)
    assert table is not None
    facts = [Fact(STREAM, how, pl.col("amount"), where) for how in HOW]
    named = {identify(fact): fact for fact in facts}
    read, kept = read_figures({STREAM: named}, {STREAM: table}, Placing(FLOW, {}), Shard())
    keys = pl.Series([f"D{deal}" for deal, _, _ in rows], dtype=pl.String)
    deals = dict(zip(keys.hash().to_list(), (deal for deal, *_ in rows), strict=True))
    places = [read[STREAM].places[identify(fact)] for fact in facts]
    frame = read[STREAM].frame
    found = list(zip(*(frame[name] for name in (HASH, *places)), strict=True))
    assert len({row[0] for row in found}) == len(found)
    return {deals[row[0]]: row[1:] for row in found}, STREAM in kept


def rows_of(most_deals: int) -> st.SearchStrategy[list[Row]]:
    row = st.tuples(
        st.integers(1, most_deals), st.integers(0, 10**6), st.sampled_from(["open", "void"])
    )
    return st.lists(row, min_size=1, max_size=60)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.one_of(rows_of(5), rows_of(10_000)))
def test_every_row_of_crowded_and_of_single_deals_is_counted(
    tmp_path: Path, rows: list[Row]
) -> None:
    found, is_kept = figures(tmp_path, rows, EVERY_ROW)
    assert found == counted(rows, only_open=False)
    assert not is_kept


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=rows_of(20))
def test_a_stream_of_which_few_rows_count_is_kept_and_counted_alike(
    tmp_path: Path, rows: list[Row]
) -> None:
    found, is_kept = figures(tmp_path, rows, OPEN)
    assert found == counted(rows, only_open=True)
    assert is_kept


@pytest.mark.parametrize("first", ["open", "void"])
def test_first_rows_that_mislead_cost_time_and_change_no_figure(tmp_path: Path, first: str) -> None:
    other = "void" if first == "open" else "open"
    rows = [(deal % 700, deal, first if deal < 2_100 else other) for deal in range(5_000)]
    found, is_kept = figures(tmp_path, rows, OPEN)
    assert found == counted(rows, only_open=True)
    assert is_kept is (first == "void")
