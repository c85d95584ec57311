import sys
import unicodedata
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.model import KeyRole, KeyUse
from monitor.core.streams import KeyMapping
from probes.engine.keys import join_parts, normalise, read_keys
from probes.engine.values import Misfit

STEPS = ("trim", "upper", "lower", "squeeze", "digits", "alphanumeric")


def keys(row: dict[str, Any], **settings: Any) -> list[str]:
    mapping = KeyMapping.model_validate(settings)
    return [use.value for use in read_keys(row, mapping, "deal", KeyRole.REFERS)]


def test_case_and_blanks_do_not_tell_keys_apart() -> None:
    assert keys({"no": "  opp-17\t"}, **{"from": "no"}) == ["OPP-17"]
    assert keys({"no": "Acme   GmbH"}, **{"from": "no", "normalise": ["squeeze"]}) == ["Acme GmbH"]
    assert keys({"no": "DE 123.456"}, **{"from": "no", "normalise": ["digits"]}) == ["123456"]
    assert keys({"no": "a-1/b"}, **{"from": "no", "normalise": ["alphanumeric", "upper"]}) == [
        "A1B"
    ]
    assert keys({"no": "Opp"}, **{"from": "no", "normalise": []}) == ["Opp"]


def test_compatible_and_invisible_characters_do_not_tell_keys_apart() -> None:
    assert keys({"no": "\ufeffOPP\u200b-\uff11\uff17"}, **{"from": "no"}) == ["OPP-17"]
    assert keys({"no": "Cafe\u0301"}, **{"from": "no"}) == keys({"no": "Café"}, **{"from": "no"})


def test_numbers_are_keys_as_written() -> None:
    assert keys({"no": 17}, **{"from": "no"}) == ["17"]


def test_prefixes_go_and_expressions_rewrite() -> None:
    prefixes = {"from": "no", "strip_prefix": ["SF-", "S"]}
    assert keys({"no": "sf-17"}, **prefixes) == ["17"]
    assert keys({"no": "s17"}, **prefixes) == ["17"]
    rewrite = [{"pattern": "^0+"}, {"pattern": r"(\d+)/(\d+)", "replace": r"\2-\1"}]
    assert keys({"no": "0017/26"}, **{"from": "no", "rewrite": rewrite}) == ["26-17"]


def test_several_paths_make_one_key() -> None:
    assert keys({"a": "1", "b": "11"}, **{"from": ["a", "b"]}) == ["1|11"]
    assert keys({"a": "11", "b": "1"}, **{"from": ["a", "b"]}) == ["11|1"]
    assert keys({"a": "1|", "b": "1"}, **{"from": ["a", "b"]}) == ["1\\||1"]


def test_a_composite_key_with_a_blank_part_is_none() -> None:
    assert keys({"a": "1", "b": " "}, **{"from": ["a", "b"]}) == []
    assert keys({"a": "1"}, **{"from": ["a", "b"]}) == []


def test_a_list_or_split_text_gives_several_keys_each_once() -> None:
    assert keys({"no": ["a", "b", "A"]}, **{"from": "no"}) == ["A", "B"]
    assert keys({"no": "a; b;;a"}, **{"from": "no", "split": ";"}) == ["A", "B"]
    assert keys({"lines": [{"no": "a"}, {}, {"no": "b"}]}, **{"from": "lines[*].no"}) == ["A", "B"]


def test_elements_at_the_same_place_belong_together() -> None:
    row = {"order": "o", "lines": [{"a": "1", "b": "x"}, {"b": "y"}, {"a": "2", "b": "z"}]}
    assert keys(row, **{"from": ["lines[*].a", "lines[*].b"]}) == ["1|X", "2|Z"]
    assert keys(row, **{"from": ["order", "lines[*].b"]}) == ["O|X", "O|Y", "O|Z"]


def test_lists_of_different_lengths_have_no_common_key() -> None:
    with pytest.raises(Misfit, match="different lengths"):
        keys({"a": ["1", "2"], "b": ["1", "2", "3"]}, **{"from": ["a", "b"]})


def test_an_object_is_no_key() -> None:
    with pytest.raises(Misfit, match="is an object"):
        keys({"a": {"b": 1}}, **{"from": "a"})


def test_a_key_knows_its_kind_and_role() -> None:
    mapping = KeyMapping.model_validate({"from": "no"})
    uses = read_keys({"no": "1"}, mapping, "deal", KeyRole.DEFINES)
    assert uses == (KeyUse(KeyRole.DEFINES, "deal", "1"),)


@pytest.mark.parametrize("steps", list(permutations(STEPS, 2)))
def test_every_character_has_one_normal_form(steps: tuple[str, ...]) -> None:
    text = (chr(code) for code in range(sys.maxunicode + 1) if code % 7 < 2)
    letters = [each for each in text if unicodedata.category(each) not in ("Cs", "Cn", "Co")]
    once = [normalise(each, steps) for each in letters]
    assert [normalise(each, steps) for each in once] == once


@given(st.text(), st.lists(st.sampled_from(STEPS), unique=True))
def test_normalising_again_changes_nothing(text: str, steps: list[str]) -> None:
    once = normalise(text, steps)
    assert normalise(once, steps) == once


part = st.text(st.sampled_from("1|\\A "), min_size=1)


@given(st.lists(part, min_size=2, max_size=4), st.lists(part, min_size=2, max_size=4))
def test_different_parts_never_make_the_same_key(left: list[str], right: list[str]) -> None:
    assert (join_parts(left) == join_parts(right)) == (left == right)
