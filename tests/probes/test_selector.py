from typing import Any

import pytest

from probes.engine.selector import parse_path, select, value_at, values_at

DOCUMENT: dict[str, Any] = {
    "id": 7,
    "party": {"name": "Acme", "tags": ["a", "b"]},
    "lines": [{"no": 1, "sku": "x"}, {"no": 2}, None],
    "odd.key": {"a b": 5},
    "@odata.nextLink": "next",
    "none": None,
    "fields": [{"name": "A.1", "value": 3}, "B", {"name": "B", "value": 4}, {"name": "B"}],
    "by_id": {"1": {"no": 1}, "2": {"no": 2}},
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("id", 7),
        ("$.id", 7),
        ("party.name", "Acme"),
        ("$['party']['name']", "Acme"),
        ('party["name"]', "Acme"),
        ("party.tags[1]", "b"),
        ("party.tags[-1]", "b"),
        ("lines[0].sku", "x"),
        ("['odd.key']['a b']", 5),
        ("['odd.key'].a b", 5),
        ("@odata.nextLink", "next"),
        ("none", None),
        ("none.deeper", None),
        ("party.tags[9]", None),
        ("party.tags.name", None),
        ("id[0]", None),
        ("missing.step", None),
        ("lines[*].no", [1, 2, None]),
        ("fields[name='A.1'].value", 3),
        ('fields[name="B"].value', 4),
        ("fields[name='C'].value", None),
        ("party[name='Acme']", None),
        ("lines[no='2'].no", 2),
    ],
)
def test_a_path_leads_to_its_value(path: str, value: object) -> None:
    assert value_at(DOCUMENT, path) == value


@pytest.mark.parametrize("path", ["", "a..b", "a[", "a[x]", ".", "a.", "$x]", "a['']", "a[*"])
def test_a_path_that_cannot_be_read_says_so(path: str) -> None:
    with pytest.raises(ValueError, match="path"):
        parse_path(path)


@pytest.mark.parametrize(
    ("document", "path", "rows"),
    [
        ({"items": [1, 2]}, "items", [1, 2]),
        ({"items": [1, 2]}, "$.items[*]", [1, 2]),
        ([1, 2], "$", [1, 2]),
        ([1, 2], "$[*]", [1, 2]),
        ({"a": 1}, "$", [{"a": 1}]),
        ({"data": {"a": 1}}, "data", [{"a": 1}]),
        ({"items": None}, "items", []),
        ({"items": []}, "items", []),
        ({}, "items", []),
        ({}, "items[*]", []),
        ({"items": [1, None]}, "items", [1, None]),
        ({"edges": [{"node": 1}, {}]}, "edges[*].node", [1, None]),
        ({"orders": [{"lines": [1]}, {"lines": []}, {}]}, "orders[*].lines[*]", [1]),
        ({"by_id": {"1": "a", "2": "b"}}, "by_id.*", ["a", "b"]),
    ],
)
def test_rows_are_found_where_the_path_says(document: Any, path: str, rows: list[Any]) -> None:
    assert select(document, path) == rows


def test_every_element_of_a_list_is_a_value() -> None:
    assert values_at(DOCUMENT, "party.tags") == ["a", "b"]
    assert values_at(DOCUMENT, "lines[*].sku") == ["x", None, None]
    assert values_at(DOCUMENT, "missing") == []


def test_a_key_spelled_like_the_path_wins() -> None:
    assert value_at({"a.b": 1, "a": {"b": 2}}, "a.b") == 1
