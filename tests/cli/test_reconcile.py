"""tieout reconcile, as an auditor types it."""

import json
from pathlib import Path

import polars as pl
import pytest

from monitor.cli.exits import Exit
from monitor.extracts.breaks_file import COLUMNS
from tests.cli.conftest import Run
from tests.estates.writing import write_estate

LANDSCAPE = Path("examples/extracts/landscape.yaml")
INSTANT = "2026-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def extracts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("extracts")
    write_estate(folder, 1500, seed=4)
    return folder


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
def test_breaks_are_written_in_the_format_that_the_name_says(
    suffix: str, extracts: Path, tmp_path: Path, tieout: Run
) -> None:
    out = tmp_path / f"breaks.{suffix}"
    ran = tieout("reconcile", LANDSCAPE, "--data", extracts, "--as-of", INSTANT, "--out", out)
    assert ran.status & Exit.BREAKS
    match suffix:
        case "parquet":
            read = pl.read_parquet(out)
        case "csv":
            read = pl.read_csv(out)
        case _:
            read = pl.read_ndjson(out)
    assert tuple(read.columns) == COLUMNS
    truth = pl.read_parquet(extracts / "truth.parquet")
    assert sorted(read["key"]) == sorted(truth["key"])


def test_what_was_looked_at_is_said_before_what_was_found(extracts: Path, tieout: Run) -> None:
    ran = tieout("reconcile", LANDSCAPE, "--data", extracts, "--as-of", INSTANT)
    first, *rest = ran.out.splitlines()
    assert first.endswith("records of 11 extracts, as of 2026-01-01 00:00:00 UTC")
    truth = pl.read_parquet(extracts / "truth.parquet")
    assert any(line.startswith(f"{truth.height} breaks") for line in rest)
    assert any(line.startswith("at risk: ") for line in rest)


def test_machines_get_one_document(extracts: Path, tieout: Run) -> None:
    ran = tieout("reconcile", LANDSCAPE, "--data", extracts, "--as-of", INSTANT, "--json")
    document = json.loads(ran.out)
    truth = pl.read_parquet(extracts / "truth.parquet")
    assert len(document["breaks"]) == truth.height
    assert document["as_of"] == "2026-01-01T00:00:00.000000+00:00"
    assert document["rows"]["crm.opportunities"] == 1500
    assert all(set(each) == set(COLUMNS) for each in document["breaks"])


def test_two_runs_give_the_same_bytes(extracts: Path, tmp_path: Path, tieout: Run) -> None:
    files = [tmp_path / f"{number}.csv" for number in range(2)]
    for file in files:
        tieout("reconcile", LANDSCAPE, "--data", extracts, "--as-of", INSTANT, "--out", file)
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_table_that_lacks_is_named_and_makes_the_run_blind(
    extracts: Path, tmp_path: Path, tieout: Run
) -> None:
    for path in extracts.glob("*.parquet"):
        if path.stem != "erp_invoices":
            (tmp_path / path.name).symlink_to(path)
    ran = tieout("reconcile", LANDSCAPE, "--data", tmp_path, "--as-of", INSTANT)
    assert ran.status & Exit.BLIND
    assert "no extract of erp.invoices" in ran.out
    assert "sales-to-cash: not asked: invoice-without-deal" in ran.out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--data", "nowhere"), "does not exist"),
        (("--data", "tests", "--as-of", "tomorrow"), "write an instant such as"),
        (("--data", "tests"), "no stream's extract is in"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(
    words: tuple[str, ...], sentence: str, tieout: Run
) -> None:
    ran = tieout("reconcile", LANDSCAPE, *words)
    assert ran.status & (Exit.REFUSED | Exit.FAILED)
    assert sentence in " ".join((ran.out + ran.err).split())


def test_a_format_that_nobody_writes_is_refused(
    extracts: Path, tmp_path: Path, tieout: Run
) -> None:
    out = tmp_path / "breaks.docx"
    ran = tieout("reconcile", LANDSCAPE, "--data", extracts, "--as-of", INSTANT, "--out", out)
    assert ran.status & Exit.REFUSED
    assert "'.docx' is no format of breaks" in " ".join(ran.err.split())
