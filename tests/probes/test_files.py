import json
import os
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.core.entities import ENTITIES
from monitor.core.errors import Permanent, Reason, Transient
from monitor.core.model import Page, RejectReason, Window
from monitor.core.plugins import ProbeContext
from monitor.core.ports import Capabilities
from probes.files import FileProbe, FileSystem, build

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
ALL = Window(None, NOON + timedelta(days=1))
STREAM: Mapping[str, Any] = {
    "entity": "invoice",
    "id": "no",
    "map": {"name": "name", "amount": "amount"},
    "defines": {"invoice": {"from": "no", "strip_prefix": ["INV-"]}},
}


def probe_of(path: Path | str, sleep: Any = lambda _: None, **changed: Any) -> FileProbe:
    system = {name: changed.pop(name) for name in ("settle", "as_of") if name in changed}
    stream = {**STREAM, "path": str(path), **changed}
    model = FileSystem.model_validate({"probe": "files", "streams": {"invoices": stream}, **system})
    return build(model, ProbeContext("erp", ENTITIES, lambda: NOON, sleep))


def read(probe: FileProbe, window: Window = ALL) -> Page:
    with closing(probe):
        pages = list(probe.changes("invoices", window))
    return Page(
        tuple(record for page in pages for record in page.records),
        tuple(reject for page in pages for reject in page.rejects),
    )


def ids(page: Page) -> list[str]:
    return [record.native_id for record in page.records]


def write(path: Path, text: str | bytes, at: datetime = NOON - timedelta(hours=1)) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def test_csv_is_read_as_text_without_guessing(tmp_path: Path) -> None:
    text = '\ufeffno,name,amount\r\n007,"A, ""B""\r\nC",9644.10\r\n1E5,,\r\n\r\nNaN,x,1\r\n'
    page = read(probe_of(write(tmp_path / "i.csv", text)))
    assert [record.fields for record in page.records] == [
        {"name": 'A, "B"\r\nC', "amount": Decimal("9644.1")},
        {"name": None, "amount": None},
        {"name": "x", "amount": Decimal(1)},
    ]
    assert ids(page) == ["007", "1E5", "NaN"]


def test_csv_may_be_written_otherwise(tmp_path: Path) -> None:
    path = write(tmp_path / "i.csv", "no;name;amount\n1;'Müller; Söhne';2\n".encode("cp1252"))
    csv = {"delimiter": ";", "quote": "'", "encoding": "cp1252"}
    assert read(probe_of(path, csv=csv)).records[0].fields["name"] == "Müller; Söhne"
    with pytest.raises(Permanent, match="not written in nonsense"):
        read(probe_of(path, csv={"encoding": "nonsense"}))


def test_a_malformed_line_is_set_aside_and_the_rest_goes_on(tmp_path: Path) -> None:
    lines = [
        "no,name,amount",
        "1,a,1",
        "2,b",
        '3,"lost,3',
        "4,d,4",
        "5,e,much",
        '6,f"g"h,6',
        ",g,7",
        "8,h,8",
    ]
    page = read(probe_of(write(tmp_path / "i.csv", "\n".join(lines))))
    assert ids(page) == ["1", "4", "6", "8"]
    assert [reject.detail for reject in page.rejects] == [
        "i.csv line 3: the line has 2 values for 3 columns",
        "i.csv line 4: the line is not CSV: ',' expected after '\"'",
        "i.csv line 6: 'amount' should be a number, is other text",
        "i.csv line 8: 'no' holds no identifier",
    ]


def test_bytes_that_are_no_text_poison_their_own_row_alone(tmp_path: Path) -> None:
    path = write(tmp_path / "i.csv", b"no,name,amount\n1,a\xff,1\n2,b,2\n")
    page = read(probe_of(path))
    assert ids(page) == ["2"]
    assert page.rejects[0].reason is RejectReason.OUT_OF_RANGE


cells = st.text(st.sampled_from('ab",\n\r ;é')).filter(lambda cell: "\r" not in cell)


@given(st.lists(st.tuples(cells, cells), max_size=6), st.integers(0, 6), st.sampled_from('",\n'))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_no_line_of_a_damaged_file_is_lost_without_a_trace(
    tmp_path: Path, rows: list[tuple[str, str]], place: int, damage: str
) -> None:
    quoted = ["|".join(f'"{cell.replace(chr(34), chr(34) * 2)}"' for cell in row) for row in rows]
    lines = [f"{number}|{text}" for number, text in enumerate(quoted)]
    lines.insert(min(place, len(lines)), f"x|{damage}")
    text = "\n".join(["no|name|note", *lines]) + "\n"
    page = read(probe_of(write(tmp_path / "i.csv", text), map={}, csv={"delimiter": "|"}))
    read_ids = set(ids(page))
    set_aside = " ".join(reject.payload for reject in page.rejects)
    for number in range(len(rows)):
        assert str(number) in read_ids or f"{number}|" in set_aside


def test_json_lines_are_read_exactly_and_one_by_one(tmp_path: Path) -> None:
    lines = [
        b'{"no": 1, "name": "a", "amount": 12345678901234567.89}',
        b'{"no": 2, "name": "b", "no": 3}',
        b'{"no": 4, "amount": NaN}',
        b'{"no": 5, "na',
        b"",
        b"[6]",
        b'{"no": "\xff"}',
        b'{"no": 8}',
    ]
    page = read(probe_of(write(tmp_path / "i.jsonl", b"\n".join(lines))))
    assert ids(page) == ["1", "8"]
    assert page.records[0].fields["amount"] == Decimal("12345678901234567.89")
    numbers = [reject.detail.split(":")[0] for reject in page.rejects]
    assert numbers == [f"i.jsonl line {number}" for number in (2, 3, 4, 6, 7)]


def test_parquet_keeps_its_decimals(tmp_path: Path) -> None:
    amounts = [Decimal("1234567890123456789.123456"), None]
    frame = pl.DataFrame(
        {"no": ["1", "2"], "name": ["a", None], "amount": amounts},
        schema_overrides={"amount": pl.Decimal(38, 6)},
    )
    frame.write_parquet(tmp_path / "i.parquet")
    page = read(probe_of(tmp_path / "i.parquet"))
    assert [record.fields["amount"] for record in page.records] == amounts


@pytest.mark.parametrize("kept", [0, 3, 100, -1])
def test_a_truncated_parquet_file_is_no_empty_source(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "i.parquet"
    pl.DataFrame({"no": ["1"] * 50, "name": ["a"] * 50, "amount": [1] * 50}).write_parquet(path)
    write(path, path.read_bytes()[:kept])
    with pytest.raises(Transient, match="cut off") as caught:
        read(probe_of(path))
    assert caught.value.reason is Reason.MALFORMED


def test_a_sheet_is_read_as_text(tmp_path: Path) -> None:
    path = tmp_path / "i.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for name in ("other", "invoices"):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, ["no", "name", "amount", "issued"])
            sheet.write_row(1, 0, ["007", "a", 9644.1])
            sheet.write_datetime(1, 3, datetime(2026, 1, 2), day)  # noqa: DTZ001 - Excel has no zones
    mapping = {**STREAM["map"], "issued_on": "issued"}
    page = read(probe_of(path, sheet="invoices", map=mapping))
    assert ids(page) == ["007"]
    assert page.records[0].fields["amount"] == Decimal("9644.1")
    assert str(page.records[0].fields["issued_on"]) == "2026-01-02"
    with pytest.raises(Permanent, match="no sheet 'x'"):
        read(probe_of(path, sheet="x"))
    write(path, path.read_bytes()[:200])
    with pytest.raises(Transient, match="cut off"):
        read(probe_of(path))


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("", Transient, "has no header line"),
        ("no,name\n1,a\n", Permanent, "no column 'amount'"),
        ("no,nmae,amount\n", Permanent, "no column 'name'; did you mean 'nmae'"),
        ("no,no,name,amount\n", Permanent, "two columns of the same name"),
    ],
)
def test_a_file_of_another_shape_ends_the_look(
    tmp_path: Path, text: str, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind, match=message):
        read(probe_of(write(tmp_path / "i.csv", text)))


def test_a_header_alone_is_an_extract_without_rows(tmp_path: Path) -> None:
    assert read(probe_of(write(tmp_path / "i.csv", "no,name,amount\n"))) == Page(())


@pytest.mark.parametrize("name", ["none.csv", "none", "*.csv", "deep/**/*.csv"])
def test_no_file_is_no_empty_source(tmp_path: Path, name: str) -> None:
    with pytest.raises(Transient) as caught:
        read(probe_of(tmp_path / name))
    assert caught.value.reason is Reason.NOT_FOUND


def test_unfinished_and_foreign_files_do_not_count(tmp_path: Path) -> None:
    header = "no,name,amount\n"
    for name in ("b.csv.part", "c.csv.tmp", ".d.csv", "~$e.xlsx", "readme.txt"):
        write(tmp_path / name, f"{header}9,x,1\n")
    (tmp_path / "folder.csv").mkdir()
    write(tmp_path / "a.csv", f"{header}1,a,1\n")
    assert ids(read(probe_of(tmp_path))) == ["1"]


def test_a_file_that_still_grows_ends_the_look(tmp_path: Path) -> None:
    path = write(tmp_path / "i.csv", "no,name,amount\n1,a,1\n", at=NOON)

    def grow(seconds: float) -> None:
        assert seconds == 2
        write(path, path.read_text() + "2,b,2\n", at=NOON)

    with pytest.raises(Transient, match="still being written"):
        read(probe_of(path, sleep=grow))
    assert ids(read(probe_of(path))) == ["1", "2"]


def test_the_newest_file_and_in_it_the_last_line_is_right(tmp_path: Path) -> None:
    header = "no,name,amount\n"
    write(tmp_path / "z.csv", f"{header}1,old,1\n2,kept,2\n", at=NOON - timedelta(days=2))
    write(tmp_path / "a.csv", f"{header}1,first,1\n1,last,1\n", at=NOON - timedelta(days=1))
    for pattern in (tmp_path, tmp_path / "*.csv", tmp_path / "**" / "?.csv"):
        page = read(probe_of(pattern))
        assert {record.native_id: record.fields["name"] for record in page.records} == {
            "1": "last",
            "2": "kept",
        }


def test_the_source_is_as_recent_as_its_newest_file(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "no,name,amount\n", at=NOON - timedelta(days=2))
    write(tmp_path / "b.csv", "no,name,amount\n", at=NOON - timedelta(days=1))
    assert probe_of(tmp_path).source_time() == NOON - timedelta(days=1)
    assert probe_of(tmp_path, as_of="now").source_time() == NOON
    write(tmp_path / "c.csv", "no,name,amount\n", at=NOON + timedelta(days=1))
    assert probe_of(tmp_path).source_time() == NOON


def test_an_extract_that_arrives_late_is_read_whatever_its_stamps(tmp_path: Path) -> None:
    header = "no,name,amount,changed\n"
    stamp = "2026-01-01T08:00:00Z"
    write(tmp_path / "a.csv", f"{header}1,a,1,{stamp}\n2,b,1,2026-01-03T08:00:00Z\n")
    cursor = {"field": "changed"}
    arrived = datetime.now(UTC)
    recent = Window(arrived - timedelta(minutes=10), arrived)
    assert ids(read(probe_of(tmp_path, cursor=cursor), recent)) == ["1", "2"]
    assert ids(read(probe_of(tmp_path, cursor=cursor), Window(None, NOON))) == ["1"]
    later = Window(arrived + timedelta(minutes=10), arrived + timedelta(minutes=20))
    assert ids(read(probe_of(tmp_path, cursor=cursor), later)) == []


def test_records_are_fetched_found_and_listed(tmp_path: Path) -> None:
    rows = [json.dumps({"no": f"inv-{number}", "name": "a", "amount": 1}) for number in range(5)]
    write(tmp_path / "i.jsonl", "\n".join(rows))
    probe = probe_of(tmp_path)
    able = probe.capabilities("invoices")
    assert able == Capabilities(
        fetch=True, lookup=frozenset({"invoice"}), sweep=True, tells_time=False
    )
    assert ids(probe.fetch("invoices", ["inv-1", "inv-9"])) == ["inv-1"]
    assert ids(probe.lookup("invoices", "invoice", ["3", "9"])) == ["inv-3"]
    assert list(probe.native_ids("invoices")) == [[f"inv-{number}" for number in range(5)]]
    assert probe.calls_made() > 0


@pytest.mark.parametrize("changed", [{"format": "xml"}, {"csv": {"delimiter": ";;"}}, {"pth": "x"}])
def test_settings_that_make_no_sense_are_refused(changed: Mapping[str, Any]) -> None:
    with pytest.raises(ValidationError):
        probe_of("x", **changed)
