"""Only what everybody reads the same way becomes something else than text."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.config.document import Position, parse_document, read_plain
from monitor.config.issues import ConfigurationError, Problem


def tree_of(text: str) -> Any:
    return parse_document(text, Path("landscape.yaml")).tree


@pytest.mark.parametrize(
    "word",
    [
        "no",
        "NO",
        "yes",
        "on",
        "Off",
        "y",
        "n",
        "010",
        "0o17",
        "0x1F",
        "1_000",
        "12:30",
        "12:30:45",
        "1e5",
        "1e400",
        ".5",
        "5.",
        ".inf",
        ".nan",
        "+",
        "--",
        "2026-01-02",
        "~~",
        "nil",
        "None",
        "TrUe",
        "1.2.3",
        "1234567890123456789",
        "1234567890123456.78",
    ],
)
def test_a_word_that_readers_of_yaml_disagree_about_stays_text(word: str) -> None:
    assert tree_of(f"a: {word}") == {"a": word}


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("0", 0),
        ("-12", -12),
        ("+7", 7),
        ("0.015", 0.015),
        ("-3.50", -3.5),
    ],
)
def test_plain_words_and_decimal_numbers_are_read(word: str, value: Any) -> None:
    read = tree_of(f"a: {word}")
    assert read == {"a": value}
    assert type(read["a"]) is type(value)


def test_quotes_make_text_of_anything() -> None:
    assert tree_of("""["1", 'true', "null", "", 'it''s']""") == ["1", "true", "null", "", "it's"]


def test_keys_are_text_as_written() -> None:
    assert tree_of("{no: 1, 010: 2, true: 3, 1.0: 4, '': 5}") == {
        "no": 1,
        "010": 2,
        "true": 3,
        "1.0": 4,
        "": 5,
    }


def test_an_alias_stands_for_the_value_with_the_place_where_it_is_written() -> None:
    document = parse_document("a: &x\n  b: 1\nc: *x\n", Path("f"))
    assert document.tree == {"a": {"b": 1}, "c": {"b": 1}}
    assert document.values["c", "b"] == Position(2, 6)
    assert document.keys["c",] == Position(3, 1)


def test_what_is_absent_is_located_at_what_should_hold_it() -> None:
    document = parse_document("a:\n  b: {c: 1}\n", Path("f"))
    issue = document.locate(Problem(("a", "b", "d", "e"), "is missing"))
    assert (issue.line, issue.column, issue.path) == (2, 3, "a.b.d.e")


@given(st.decimals(-(10**9), 10**9, places=4, allow_nan=False, allow_infinity=False))
def test_a_decimal_survives_as_it_was_written(number: Decimal) -> None:
    assert Decimal(repr(read_plain(f"{number:f}"))) == number


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        tree_of(text)
    except ConfigurationError as error:
        assert error.issues  # noqa: PT017 - being refused is only one of the two ways out


@given(st.text(alphabet="ab:-[]{}#&*!|>'\"%@`,? \n\t\\0", max_size=40))
def test_any_punctuation_is_read_or_refused(text: str) -> None:
    try:
        tree_of(text)
    except ConfigurationError as error:
        assert error.issues  # noqa: PT017 - being refused is only one of the two ways out
