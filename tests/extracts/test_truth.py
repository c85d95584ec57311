"""Estates of the sample's family, whose truth is exact: what is found is what is wrong."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest

from monitor.extracts.breaks_file import breaks_table
from monitor.reconciliation import reconcile
from tests.estates.writing import write_estate

LANDSCAPE = Path("examples/extracts/landscape.yaml")
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)

KINDS = {
    "amount_drift": ("mismatch", ("total", "value", "budget")),
    "currency_drift": ("mismatch", ("currency",)),
    "date_drift": ("mismatch", ("start_at",)),
    "dead_letter": ("dead_letter", None),
    "duplicate_key": ("duplicate", None),
    "late_handoff": ("late", None),
    "missing_handoff": ("missing", None),
    "orphan_invoice": ("orphan", None),
    "orphan_project": ("orphan", None),
    "schedule_sum": ("tie_out", None),
    "stuck_message": ("stuck", None),
    "unpropagated_change_order": ("missing", None),
}
"""By the name of a fault: the kind of the break, and the fields that it may be about."""


def as_faults(breaks: pl.DataFrame) -> pl.DataFrame:
    """Breaks under the names of the faults that they stand for: key, fault, system."""
    named = [
        breaks.filter(
            pl.col("kind") == kind,
            pl.col("field").is_in(fields) if fields else pl.lit(value=True),
            (pl.col("entity") == "change_order") == (fault == "unpropagated_change_order"),
            (pl.col("entity") == "invoice") == (fault == "orphan_invoice"),
        ).select("key", pl.lit(fault).alias("fault"), "system")
        for fault, (kind, fields) in KINDS.items()
    ]
    assert sum(each.height for each in named) == breaks.height, "each break stands for one fault"
    return pl.concat(named)


@pytest.mark.parametrize(("seed", "deals"), [(1, 4000), (2, 4000), (3, 12_000)])
def test_every_fault_is_found_and_nothing_else(
    seed: int, deals: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_estate(tmp_path, deals, seed)
    done = reconcile(LANDSCAPE, tmp_path, AS_OF)
    found = as_faults(breaks_table(done.result.found))
    truth = pl.read_parquet(tmp_path / "truth.parquet").select("key", "fault", "system")
    by = ["fault", "system"]
    table = (
        truth.group_by(by)
        .len("planted")
        .join(found.group_by(by).len("found"), on=by, how="full", coalesce=True)
        .join(
            found.join(truth, on=["key", *by], how="anti").group_by(by).len("invented"),
            on=by,
            how="left",
        )
        .fill_null(0)
        .sort(by)
    )
    with capsys.disabled(), pl.Config(tbl_rows=-1, tbl_hide_dataframe_shape=True):
        print(f"\n{deals} deals, seed {seed}\n{table}")  # noqa: T201 - the table is for people
    assert sorted(found.rows()) == sorted(truth.rows())
    assert len(truth["fault"].unique()) == len(KINDS)
    assert done.result.unreadable.is_empty()
