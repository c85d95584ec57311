"""A mapping reversed: each value in the source's own form, or none at all."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.errors import Permanent
from monitor.core.model import FieldType, Value
from probes.writing.form import build_form, laid_over
from probes.writing.rest_calls import represent
from probes.writing.settings import WritableStream, WritingSettings
from tests.writing.targets.target import update

NOON = datetime(2026, 7, 1, 12, 0, 0, 250000, tzinfo=UTC)


def encode(value: Value, kind: FieldType, writing: Any = "x", **mapping: Any) -> Any:
    """What a JSON API is sent for a value of a field that is mapped so."""
    stream = WritableStream.model_validate(
        {"entity": "thing", "id": "id", "map": {"it": {"from": "x", **mapping}}}
    )
    settings = WritingSettings.model_validate({"fields": {"it": writing}})
    form = build_form(stream, settings, {"it": kind}, represent)
    return form.places(update("7", it=value))["x"]


@pytest.mark.parametrize(
    ("value", "mapping", "written"),
    [
        (NOON, {}, "2026-07-01T12:00:00.250000Z"),
        (NOON.replace(microsecond=0), {"format": "epoch"}, 1782907200),
        (NOON, {"format": "epoch"}, Decimal("1782907200.25")),
        (NOON, {"format": "epoch_ms"}, 1782907200250),
        (NOON, {"format": "%d.%m.%Y %H:%M:%S.%f", "zone": "Europe/Berlin"},
         "01.07.2026 14:00:00.250000"),
        (NOON, {"format": "%Y-%m-%dT%H:%M:%S.%f%z", "zone": "America/New_York"},
         "2026-07-01T08:00:00.250000-0400"),
    ],
)  # fmt: skip
def test_an_instant_is_written_as_it_is_read(
    value: Value, mapping: dict[str, str], written: Any
) -> None:
    assert encode(value, FieldType.INSTANT, **mapping) == written


def test_an_instant_is_not_cut_to_fit_its_format() -> None:
    with pytest.raises(Permanent):
        encode(NOON, FieldType.INSTANT, format="%Y-%m-%d %H:%M")


def test_an_instant_in_the_hour_that_comes_twice_is_not_guessed() -> None:
    """When summer time ends, a stamp without an offset says the first of the two."""
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    form = {"format": "%Y-%m-%d %H:%M:%S", "zone": "Europe/Berlin"}
    assert encode(first, FieldType.INSTANT, **form) == "2026-10-25 02:30:00"
    with pytest.raises(Permanent):
        encode(second, FieldType.INSTANT, **form)


@pytest.mark.parametrize(
    ("mapping", "written"),
    [({}, "2026-02-28"), ({"format": "%d/%m/%y"}, "28/02/26"),
     ({"format": "epoch_ms", "zone": "Europe/Berlin"}, 1772233200000)],
)  # fmt: skip
def test_a_date_is_written_as_it_is_read(mapping: dict[str, str], written: Any) -> None:
    assert encode(date(2026, 2, 28), FieldType.DATE, **mapping) == written


@pytest.mark.parametrize(
    ("value", "kind", "writing", "written"),
    [
        (Decimal("5"), FieldType.DECIMAL, "x", Decimal("5")),
        (Decimal("5"), FieldType.DECIMAL, {"decimals": 2}, Decimal("5.00")),
        (Decimal("1E+3"), FieldType.DECIMAL, {"as": "text"}, "1000"),
        (5, FieldType.INTEGER, {"as": "text"}, "5"),
        (5, FieldType.INTEGER, "x", 5),
        (True, FieldType.BOOLEAN, "x", True),
        (None, FieldType.DECIMAL, {"decimals": 2}, None),
    ],
)
def test_numbers_and_truth_values(
    value: Value, kind: FieldType, writing: Any, written: Any
) -> None:
    encoded = encode(value, kind, writing)
    assert (encoded, str(encoded)) == (written, str(written))


@pytest.mark.parametrize(("amount", "written"), [("12.5", 1250), ("1000", 100000), ("-0.01", -1)])
def test_an_amount_is_written_in_cents_where_it_is_read_so(amount: str, written: int) -> None:
    encoded = encode(Decimal(amount), FieldType.DECIMAL, format="cents")
    assert (encoded, str(encoded)) == (written, str(written))


def test_a_truth_value_becomes_the_systems_word() -> None:
    words = {"J": "true", "N": "false"}
    assert encode(True, FieldType.BOOLEAN, values=words) == "J"
    assert encode(False, FieldType.BOOLEAN, values=words) == "N"


@pytest.mark.parametrize("text", [" blank around ", "", "nul\x00", "half \ud800"])
def test_text_that_would_be_read_otherwise_is_not_written(text: str) -> None:
    with pytest.raises(Permanent) as caught:
        encode(text, FieldType.TEXT)
    assert text.strip() not in str(caught.value) or not text.strip()


@given(st.dictionaries(st.sampled_from(["a", "b.c", "b.d", "e.f.g"]), st.integers()))
def test_what_is_laid_over_a_document_leaves_the_rest(places: dict[str, int]) -> None:
    document = {"a": 0, "b": {"c": 0, "x": 0}, "e": {"f": {"y": 0}}, "z": [0]}
    over = laid_over(document, places)
    assert over["z"] == [0]
    assert over["b"]["x"] == over["e"]["f"]["y"] == 0
    assert document == {"a": 0, "b": {"c": 0, "x": 0}, "e": {"f": {"y": 0}}, "z": [0]}
    for path, value in places.items():
        node: Any = over
        for step in path.split("."):
            node = node[step]
        assert node == value
