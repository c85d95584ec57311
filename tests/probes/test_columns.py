"""A mapping over columns gives what the same mapping gives row by row."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.entities import ENTITIES
from monitor.core.model import FieldType, Record, StreamId
from monitor.core.streams import StreamSettings
from probes.engine.column_values import TYPES
from probes.engine.columns import RAW, ColumnMapper
from probes.engine.mapping import RowMapper

STREAM = StreamId("psa", "project")
FIELDS = {**ENTITIES["project"], "line": FieldType.INTEGER, "billable": FieldType.BOOLEAN}


def settings(**more: Any) -> StreamSettings:
    return StreamSettings.model_validate({"entity": "project", "id": "id", **more})


def mapped(
    columns: Mapping[str, list[Any]], types: Mapping[str, Any], stream: StreamSettings
) -> tuple[ColumnMapper, pl.DataFrame]:
    frame = pl.DataFrame(columns, schema=types)
    mapper = ColumnMapper(stream, FIELDS, frame.schema)
    return mapper, frame.rename({name: RAW + name for name in frame.columns})


def by_column(value: Any, dtype: Any, stream: StreamSettings, field: str) -> tuple[Any, bool]:
    """The canonical value, and whether the source's is a misfit."""
    mapper, frame = mapped({"id": ["1"], "x": [value]}, {"id": pl.String, "x": dtype}, stream)
    misfits = mapper.misfits(field)
    read = frame.select(mapper.field(field).alias("value"))
    assert read.schema["value"] == TYPES[FIELDS[field]]
    return read.item(), False if misfits is None else bool(frame.select(misfits).item())


def by_row(value: Any, stream: StreamSettings, field: str) -> tuple[Any, bool]:
    row = RowMapper(STREAM, stream, FIELDS).read_row({"id": "1", "x": value})
    return (row.fields[field], False) if isinstance(row, Record) else (None, True)


TEXTS = st.one_of(
    st.text(alphabet=" \tab7.,-+:TZ\u00a0", max_size=12),
    st.decimals(allow_nan=True, places=3).map(str),
    st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.replace(tzinfo=None)).flatmap(
        lambda moment: st.sampled_from(
            [moment.isoformat(), f"{moment.isoformat()}Z", f"{moment.isoformat()}+02:00",
             f"{moment:%Y-%m-%dT%H:%M:%S}-05:30", f"{moment:%Y-%m-%d}", f" {moment.isoformat()}Z "]
        )
    ),
    st.sampled_from(
        ["yes", "TRUE", "0", "n", "", "2026-02-30T00:00:00Z", "1e30", "2026-03-01T24:00"]
    ),
    st.none(),
)  # fmt: skip

EVERY_TYPE = pytest.mark.parametrize(
    "field", ["name", "amount", "start_at", "start_on", "line", "billable"]
)


@EVERY_TYPE
@given(value=TEXTS)
def test_text_is_read_as_row_by_row(field: str, value: str | None) -> None:
    stream = settings(map={field: "x"})
    assert by_column(value, pl.String, stream, field) == by_row(value, stream, field)


ZONED = settings(map={"start_at": {"from": "x", "zone": "Europe/Berlin"}})


@given(value=TEXTS)
def test_a_stamp_without_an_offset_is_local(value: str | None) -> None:
    assert by_column(value, pl.String, ZONED, "start_at") == by_row(value, ZONED, "start_at")


@pytest.mark.parametrize(
    ("value", "dtype", "field"),
    [
        (Decimal("12.5000"), pl.Decimal(18, 4), "amount"),
        (Decimal("12.50"), pl.Decimal(38, 2), "amount"),
        (Decimal(10) ** 25, pl.Decimal(38, 0), "amount"),
        (7, pl.Int32, "amount"),
        (0.1, pl.Float64, "amount"),
        (float("nan"), pl.Float64, "amount"),
        (7, pl.Int64, "name"),
        (datetime(2026, 3, 1, 8, tzinfo=UTC).replace(tzinfo=None), pl.Datetime("ms"), "start_at"),
        (datetime(2026, 3, 1, 8, tzinfo=UTC), pl.Datetime("us", "UTC"), "start_at"),
        (date(2026, 3, 1), pl.Date, "start_on"),
        (True, pl.Boolean, "billable"),
        (1, pl.Int8, "billable"),
        (5.0, pl.Float64, "line"),
        (5.5, pl.Float64, "line"),
        (None, pl.Decimal(18, 4), "amount"),
    ],
)
def test_typed_values_are_read_as_row_by_row(value: Any, dtype: Any, field: str) -> None:
    stream = settings(map={field: "x"})
    assert by_column(value, dtype, stream, field) == by_row(value, stream, field)


def test_instants_in_many_offsets_are_one_instant() -> None:
    moment = datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
    texts = [
        moment.astimezone(timezone(timedelta(minutes=minutes))).isoformat()
        for minutes in range(-720, 721, 15)
    ]
    stream = settings(map={"start_at": "x"})
    mapper, frame = mapped({"x": texts}, {"x": pl.String}, stream)
    assert set(frame.select(mapper.field("start_at")).to_series()) == {moment}


@given(
    value=st.text(alphabet=" abzAB\u00e9\u00df-|,\u200b", max_size=10) | st.none(),
    mapping=st.sampled_from(
        [
            {"from": "x"},
            {"from": "x", "normalise": []},
            {"from": "x", "normalise": ["trim", "lower"]},
            {"from": "x", "normalise": ["alphanumeric"]},
            {"from": "x", "split": ","},
            {"from": "x", "strip_prefix": ["AB"]},
            {"from": ["x", "id"]},
        ]
    ),
)
def test_keys_are_those_of_the_row(value: str | None, mapping: dict[str, Any]) -> None:
    stream = settings(refers={"deal": mapping})
    mapper, frame = mapped({"id": ["1"], "x": [value]}, {"id": pl.String, "x": pl.String}, stream)
    (keys,) = frame.select(mapper.keys("deal")).to_series().to_list()
    row = RowMapper(STREAM, stream, FIELDS).read_row({"id": "1", "x": value})
    assert isinstance(row, Record)
    assert keys == [use.value for use in row.keys]
    single = mapper.single_key("deal")
    if single is not None:
        assert frame.select(single).item() == (keys[0] if keys else None)
