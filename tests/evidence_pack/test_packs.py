"""Packs of a small firm in memory: what they state, and that their bytes repeat.

The firm and its probe are our own; the files are read by other means than those that wrote them.
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

import polars as pl
import pytest

from monitor.evidence_pack.making import Made
from monitor.evidence_pack.request import Request, SampleAsked, Subject
from monitor.store.database import open_database
from tests.databases import PostgreSQL, SQLite
from tests.evidence_pack.packs import AWAITED, GONE, MATCHED, MISSING, WRONG, Scene, look, play

SHEETS = ["Summary", "Exceptions", "Population", "Parameters", "Corrections", "Sign-off"]


@pytest.fixture(scope="module")
def scene(sqlite: SQLite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Nobody may look at this firm again."""
    folder = tmp_path_factory.mktemp("packs")
    opened = open_database(sqlite.migrated(folder))
    yield play(opened, folder)
    opened.close()


@pytest.fixture(scope="module")
def made(scene: Scene) -> Made:
    return scene.make("first.zip")


@pytest.fixture(scope="module")
def pack(scene: Scene, made: Made) -> dict[str, bytes]:
    assert made.packed.pack_hash
    return read(scene.folder / "first.zip")


def read(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def cells(book: bytes, sheet: int) -> list[str]:
    """Texts and numbers of a sheet, by somebody who knows the format alone."""
    with zipfile.ZipFile(io.BytesIO(book)) as archive:
        root = ET.fromstring(archive.read(f"xl/worksheets/sheet{sheet}.xml"))  # noqa: S314 - ours
    return ["".join(cell.itertext()) for cell in root.iter() if cell.tag.endswith("}c")]


def test_every_deal_is_under_one_term_and_the_terms_add_up(made: Made) -> None:
    terms = {term.term.value: (term.deals, dict(term.money)) for term in made.report.terms}
    eur, usd = Decimal("1000.00"), Decimal("0.10")
    assert terms == {
        "matched": (2, {"EUR": eur, "USD": usd}),
        "awaited": (1, {"EUR": eur}),
        "exception": (2, {"EUR": 2 * eur}),
        "quarantined": (0, {}),
        "excluded": (1, {}),
        "unknown": (0, {}),
    }
    assert made.report.deals == 6
    assert made.report.reasons == []
    placed = dict(made.report.population.select("deal", "term").iter_rows())
    assert placed[MATCHED] == "matched"
    assert placed[MISSING] == placed[WRONG] == "exception"
    assert placed[GONE] == "excluded"
    assert placed[AWAITED] == "awaited"


def test_the_pack_is_an_archive_that_any_tool_opens_and_the_verifier_holds(
    scene: Scene, pack: dict[str, bytes]
) -> None:
    assert {"manifest.json", "report.xlsx", "report.pdf", "verify.py"} <= pack.keys()
    lines = scene.verify("first.zip")
    assert "population 6 = 2 matched + 1 awaited + 2 exception" in lines[3]
    assert lines[4] == "the report calls itself complete"


def test_the_same_question_gives_the_same_bytes(scene: Scene, made: Made) -> None:
    again = scene.make("again.zip", made.report.request)
    assert again.packed.pack_hash == made.packed.pack_hash
    assert (scene.folder / "again.zip").read_bytes() == (scene.folder / "first.zip").read_bytes()


def test_the_first_edition_has_what_it_had(scene: Scene, made: Made) -> None:
    scene.make("edition.zip", replace(made.report.request, edition=1))
    first, second = read(scene.folder / "edition.zip"), read(scene.folder / "first.zip")
    new = {
        f"tables/{name}.{kind}" for name in ("latency", "match_rate") for kind in ("csv", "parquet")
    }
    assert second.keys() - first.keys() == new
    assert "edition" not in json.loads(first["manifest.json"])["request"]


def test_a_sample_is_drawn_from_the_population_and_the_pack_holds(scene: Scene, made: Made) -> None:
    asked = SampleAsked("monetary", "q1", tolerable="3000", currency="EUR")
    done = scene.make("sampled.zip", replace(made.report.request, sample=asked))
    assert "the report calls itself complete" in scene.verify("sampled.zip")
    files = read(scene.folder / "sampled.zip")
    drawn = rows(files["tables/sample.csv"])
    assert {(each["currency"], each["whole"]) for each in drawn} == {("EUR", "true")}
    assert json.loads(files["manifest.json"])["request"]["sample"]["seed"] == "q1"
    again = scene.make("sampled-again.zip", Request.read(done.report.request.as_json()))
    assert again.packed.pack_hash == done.packed.pack_hash


def test_csv_and_parquet_of_a_table_say_the_same(pack: dict[str, bytes]) -> None:
    names = {name[:-4] for name in pack if name.endswith(".csv")}
    assert names == {name[:-8] for name in pack if name.endswith(".parquet")}
    assert {"tables/population", "tables/exceptions", "tables/readings"} <= names
    for name in sorted(names):
        frame = pl.read_parquet(io.BytesIO(pack[f"{name}.parquet"]))
        told = rows(pack[f"{name}.csv"])
        assert len(told) == frame.height
        for column in frame.columns:
            if frame.schema[column] == pl.String():
                texts = [row[column] for row in told]
                plain = [each[1:] if each.startswith("'") else each for each in texts]
                assert plain == [each or "" for each in frame[column]]


def test_no_text_of_a_record_is_a_formula_or_a_link(pack: dict[str, bytes]) -> None:
    for name, content in pack.items():
        if name.endswith(".csv"):
            for row in rows(content):
                assert not any(text.startswith(("=", "+", "-", "@", "\t")) for text in row.values())
    with zipfile.ZipFile(io.BytesIO(pack["report.xlsx"])) as book:
        assert not [name for name in book.namelist() if "externalLink" in name]
        for name in book.namelist():
            content = book.read(name)
            assert b"<f>" not in content
            assert b"<hyperlink" not in content
    assert WRONG in cells(pack["report.xlsx"], 2)
    assert "=p-wrong" in cells(pack["report.xlsx"], 2)


def test_the_workbook_has_the_sheets_that_people_expect(pack: dict[str, bytes]) -> None:
    with zipfile.ZipFile(io.BytesIO(pack["report.xlsx"])) as book:
        root = ET.fromstring(book.read("xl/workbook.xml"))  # noqa: S314 - ours
    assert [each.get("name") for each in root.iter() if each.tag.endswith("}sheet")] == SHEETS
    assert "complete" in cells(pack["report.xlsx"], 1)
    assert "preparer" in cells(pack["report.xlsx"], 6)


def test_pages_hold_the_head_of_the_audit_log(pack: dict[str, bytes]) -> None:
    last = json.loads(pack["manifest.json"])["audit"]["last"]
    with zipfile.ZipFile(io.BytesIO(pack["report.xlsx"])) as book:
        assert last["hash"].encode() in book.read("xl/worksheets/sheet1.xml")
    assert pack["report.pdf"].startswith(b"%PDF-")


def test_the_manifest_says_what_the_report_follows_from(pack: dict[str, bytes]) -> None:
    manifest = json.loads(pack["manifest.json"])
    made_with = manifest["made_with"]
    assert made_with["tool"]["name"] == "tieout"
    assert {"polars", "typst", "xlsxwriter"} <= made_with["libraries"].keys()
    for name in ("configuration", "calendars", "rates"):
        assert len(made_with[name]) == 64
    asked = manifest["request"]
    assert asked["sight"].keys() == {"crm.opportunity", "psa.project"}
    assert asked["from"] == "2026-03-02T08:00:00.000000+00:00"


def test_every_page_that_brought_something_is_named_by_its_hash(pack: dict[str, bytes]) -> None:
    pages = rows(pack["tables/readings.csv"])
    assert {page["stream"] for page in pages} == {"crm.opportunity", "psa.project"}
    assert all(len(page["hash"]) == 64 for page in pages)
    assert len({page["hash"] for page in pages if page["rows"] != "0"}) > 3


def test_streams_are_stated_with_counts_money_and_a_hash(pack: dict[str, bytes]) -> None:
    crm, psa = rows(pack["tables/streams.csv"])
    assert (crm["present"], crm["linked"], crm["deleted"]) == ("5", "5", "1")
    assert (psa["present"], psa["linked"], psa["deleted"]) == ("3", "3", "0")
    money = {(row["stream"], row["currency"]): row["amount"]
             for row in rows(pack["tables/stream_money.csv"])}  # fmt: skip
    assert money["crm.opportunity", "EUR"] == "4000.00"
    assert money["psa.project", "EUR"] == "2000.09"


def test_a_deal_is_reported_alone(scene: Scene, made: Made) -> None:
    asked = replace(made.report.request, subject=Subject.DEAL, name=MISSING, sight={})
    alone = scene.make("deal.zip", asked)
    assert alone.report.population["deal"].to_list() == [MISSING]
    assert alone.report.exceptions["rule"].to_list() == ["won-to-project"]
    assert scene.verify("deal.zip")


def test_another_day_and_another_database_give_the_same_bytes(
    scene: Scene, made: Made, postgresql: PostgreSQL, tmp_path: Path
) -> None:
    """The same history in PostgreSQL, where looks went on for days after the report was asked."""
    with postgresql.migrated() as url:
        opened = open_database(url)
        other = play(opened, tmp_path, scene)
        for _ in range(5):
            other.firm.later(days=1)
            other.firm.staff(MISSING)
            look(other.firm)
        again = other.make("other.zip", made.report.request)
        opened.close()
    theirs, ours = read(tmp_path / "other.zip"), read(scene.folder / "first.zip")
    assert [name for name in ours if ours[name] != theirs[name]] == []
    assert again.packed.pack_hash == made.packed.pack_hash
