"""Texts that would calculate, link or lead out of a folder, in every kind of file of a pack."""

import csv
import io
import json
import zipfile
from pathlib import Path

import polars as pl
import pytest
import typst
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from monitor.evidence_pack.tables import as_text
from monitor.evidence_pack.verify import NAME
from monitor.evidence_pack.workbook import _Sheets

CORPUS = [
    "=1+1",
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1;2)",
    "\t=1",
    "\r=1",
    "\n=1",
    "'=1",
    '=HYPERLINK("http://127.0.0.1/","x")',
    "http://127.0.0.1/",
    "file:///etc/passwd",
    "external:c:\\x.xlsx#a",
    "</t><f>1</f>",
    "_x0041_",
    '#image("/etc/passwd")',
    "{{7*7}}",
    "a\x0bb\x1fc",
    "\u202egnp.exe",
    '"quoted", and comma',
    "two\nlines",
    "",
]


def cells_of(texts: list[str]) -> list[str]:
    content = io.BytesIO()
    as_text(pl.DataFrame({"name": texts})).write_csv(content, quote_style="non_numeric")
    rows = csv.reader(io.StringIO(content.getvalue().decode(), newline=""))
    return [row[0] for row in rows][1:]


@given(st.lists(st.one_of(st.sampled_from(CORPUS), st.text()), min_size=1))
def test_no_cell_of_a_csv_file_calculates_and_each_text_can_be_had_back(texts: list[str]) -> None:
    cells = cells_of(texts)
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in cells)
    plain = [cell[1:] if cell.startswith("'") else cell for cell in cells]
    assert plain == [text.replace("\0", "\ufffd") for text in texts]


def test_no_cell_of_a_workbook_is_a_formula_or_a_link(tmp_path: Path) -> None:
    options = {"constant_memory": True, "strings_to_formulas": True, "strings_to_urls": True}
    book = xlsxwriter.Workbook(str(tmp_path / "book.xlsx"), options)
    _Sheets(book, "footer").add("names", ("name",), [(text,) for text in CORPUS])
    book.close()
    with zipfile.ZipFile(tmp_path / "book.xlsx") as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
        assert not [name for name in archive.namelist() if "link" in name.casefold()]
    assert b"<f>" not in sheet
    assert b"<hyperlink" not in sheet
    assert sheet.count(b'<c r="A') == 1 + len(CORPUS)


@pytest.mark.parametrize(
    "name",
    ["../x.csv", "/etc/passwd", "a/../b.csv", "a\\b.csv", "c:x.csv", "a//b.csv", "A.csv", "x", ".x",
     "a\0.csv", "a.csv\n", "a/./b.csv", "con .csv"],
)  # fmt: skip
def test_no_file_of_a_pack_leads_out_of_its_folder(name: str) -> None:
    assert NAME.fullmatch(name) is None


def test_no_text_is_read_as_markup_by_what_sets_pages() -> None:
    """Facts go in as data: a picture that is named in a text is not looked for."""
    source = b"#let facts = json(bytes(sys.inputs.facts))\n#facts.map(each => [#each]).join()"

    pdf = typst.compile(source, format="pdf", sys_inputs={"facts": json.dumps(CORPUS)})
    assert bytes(pdf).startswith(b"%PDF-")
