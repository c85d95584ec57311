from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.model import FieldType, RejectReason, Value, encode_value
from probes.engine.values import Misfit, converter

UUID_TEXT = "0188c3b0-0000-7000-8000-000000000001"
BERLIN = "Europe/Berlin"


def convert(field_type: str, value: object, zone: str = "UTC", form: str | None = None) -> Value:
    return converter(FieldType(field_type), zone=zone, form=form, words={})(value)


@pytest.mark.parametrize(
    ("field_type", "value", "canonical"),
    [
        ("text", " Acme ", "Acme"),
        ("text", 12, "12"),
        ("text", Decimal("12.50"), "12.50"),
        ("text", Decimal("1E+3"), "1000"),
        ("text", 0.1, "0.1"),
        ("text", True, "true"),
        ("text", date(2026, 1, 2), "2026-01-02"),
        ("text", UUID(UUID_TEXT), UUID_TEXT),
        ("integer", "42", 42),
        ("integer", Decimal("5.0"), 5),
        ("integer", -3, -3),
        ("decimal", "9644.00", Decimal(9644)),
        ("decimal", "1.50", Decimal("1.5")),
        ("decimal", " -0.000001 ", Decimal("-0.000001")),
        ("decimal", "1.5000000000", Decimal("1.5")),
        ("decimal", "-0", Decimal(0)),
        ("decimal", "1e3", Decimal(1000)),
        ("decimal", 0.1, Decimal("0.1")),
        ("decimal", "9" * 24 + "." + "9" * 6, Decimal("9" * 24 + "." + "9" * 6)),
        ("boolean", "Yes", True),
        ("boolean", 0, False),
        ("boolean", False, False),
        ("instant", "2026-01-02T03:04:05Z", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
        ("instant", "2026-01-02T03:04:05.123456+02:00",
         datetime(2026, 1, 2, 1, 4, 5, 123456, tzinfo=UTC)),
        ("instant", "2026-01-02 03:04:05-0530", datetime(2026, 1, 2, 8, 34, 5, tzinfo=UTC)),
        ("instant", date(2026, 1, 2), datetime(2026, 1, 2, tzinfo=UTC)),
        ("date", "2026-01-02", date(2026, 1, 2)),
        ("date", date(2026, 1, 2), date(2026, 1, 2)),
        ("date", datetime(2026, 1, 2, 23, tzinfo=timezone(timedelta(hours=-5))), date(2026, 1, 3)),
        ("date", "2026-01-02T23:59:59", date(2026, 1, 2)),
    ],
)  # fmt: skip
def test_a_source_value_becomes_canonical(field_type: str, value: Any, canonical: Value) -> None:
    found = convert(field_type, value)
    assert (found, type(found)) == (canonical, type(canonical))


@pytest.mark.parametrize(
    ("field_type", "value", "reason"),
    [
        ("text", ["a"], "wrong_type"),
        ("text", {"a": 1}, "wrong_type"),
        ("text", b"a", "wrong_type"),
        ("text", "a\x00b", "out_of_range"),
        ("text", "\ud800", "out_of_range"),
        ("text", 10**40, "out_of_range"),
        ("text", Decimal("1E+999999"), "out_of_range"),
        ("text", float("nan"), "out_of_range"),
        ("integer", "4.5", "wrong_type"),
        ("integer", True, "wrong_type"),
        ("integer", 2**63, "out_of_range"),
        ("integer", Decimal("1E+999999"), "out_of_range"),
        ("integer", Decimal("1E-999999"), "wrong_type"),
        ("decimal", "1,234.50", "wrong_type"),
        ("decimal", "12 EUR", "wrong_type"),
        ("decimal", "1_000", "wrong_type"),
        ("decimal", "١٢", "wrong_type"),
        ("decimal", True, "wrong_type"),
        ("decimal", "NaN", "out_of_range"),
        ("decimal", "-Infinity", "out_of_range"),
        ("decimal", float("inf"), "out_of_range"),
        ("decimal", "0.0000001", "out_of_range"),
        ("decimal", "1" + "0" * 32, "out_of_range"),
        ("decimal", "1e9999", "out_of_range"),
        ("decimal", 10**400, "out_of_range"),
        ("boolean", "maybe", "wrong_type"),
        ("boolean", 2, "wrong_type"),
        ("instant", "yesterday", "wrong_type"),
        ("instant", 1767322800, "wrong_type"),
        ("instant", "0001-01-01T00:00:00+14:00", "out_of_range"),
        ("instant", "2026-13-01", "wrong_type"),
        ("date", "31.12.2026", "wrong_type"),
    ],
)
def test_a_value_that_does_not_fit_says_why(field_type: str, value: Any, reason: str) -> None:
    with pytest.raises(Misfit) as caught:
        convert(field_type, value)
    assert caught.value.reason == RejectReason(reason)


def test_a_stamp_without_offset_is_read_in_its_zone() -> None:
    assert convert("instant", "2026-07-01T12:00", BERLIN) == datetime(2026, 7, 1, 10, tzinfo=UTC)
    assert convert("instant", "2026-01-01T12:00", BERLIN) == datetime(2026, 1, 1, 11, tzinfo=UTC)
    assert convert("instant", "2026-07-01T12:00Z", BERLIN) == datetime(2026, 7, 1, 12, tzinfo=UTC)


def test_an_instant_is_that_day_on_which_it_is_in_the_zone() -> None:
    assert convert("date", "2026-07-01T22:30:00Z", BERLIN) == date(2026, 7, 2)
    assert convert("date", "2026-07-01T22:30:00", BERLIN) == date(2026, 7, 1)


def test_numbers_and_other_forms_of_stamps_are_read_when_asked_for() -> None:
    instant = datetime(2026, 1, 2, 3, 4, 5, 250000, tzinfo=UTC)
    assert convert("instant", Decimal("1767323045.25"), form="epoch") == instant
    assert convert("instant", "1767323045250", form="epoch_ms") == instant
    assert convert("date", "31.12.2026", form="%d.%m.%Y") == date(2026, 12, 31)
    with pytest.raises(Misfit):
        convert("instant", Decimal("1E+30"), form="epoch")


def test_the_source_words_become_canonical_ones() -> None:
    words = {"Closed Won": "won", "true": "active"}
    translate = converter(FieldType.TEXT, words=words)
    assert translate(" Closed Won ") == "won"
    assert translate(True) == "active"
    assert translate("Open") == "Open"


def test_an_unknown_zone_is_refused() -> None:
    for zone in ("Mars/Olympus", "../etc/passwd", ""):
        with pytest.raises(ValueError, match="not known"):
            converter(FieldType.INSTANT, zone=zone, words={})


@given(
    st.decimals(
        allow_nan=False, allow_infinity=False, places=6, min_value=-(10**23), max_value=10**23
    )
)
def test_a_decimal_keeps_its_value_and_has_one_text(number: Decimal) -> None:
    found = convert("decimal", str(number))
    assert found == number
    assert encode_value(found) == encode_value(convert("decimal", f"{number:f}" + "000"))


@given(
    st.sampled_from(list(FieldType)),
    st.one_of(
        st.text(), st.integers(), st.floats(), st.decimals(), st.binary(), st.datetimes(),
        st.dates(), st.booleans(), st.from_regex(r"[-+]?\d{0,45}\.?\d{0,45}([eE]-?\d{1,8})?"),
        st.datetimes(timezones=st.timezones()), st.lists(st.integers()),
    ),
    st.sampled_from([None, "epoch", "epoch_ms", "%d.%m.%Y %z"]),
)  # fmt: skip
def test_no_value_does_harm(field_type: FieldType, value: object, form: str | None) -> None:
    reason = None
    try:
        found = converter(field_type, zone=BERLIN, form=form, words={"a": "b"})(value)
    except Misfit as misfit:
        reason = misfit.reason
    else:
        assert len(str(encode_value(found)).encode()) < 4096 or isinstance(value, str)
    assert reason in (None, RejectReason.WRONG_TYPE, RejectReason.OUT_OF_RANGE)


@pytest.mark.parametrize(("cents", "amount"), [(1250, "12.5"), ("100000", "1000"), (-1, "-0.01")])
def test_cents_are_hundredths_of_an_amount(cents: object, amount: str) -> None:
    assert convert("decimal", cents, form="cents") == Decimal(amount)
