import json
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.entities import ENTITIES
from monitor.core.model import KeyRole, KeyUse, Page, RejectReason, StreamId, encode_fields
from monitor.core.streams import StreamSettings
from probes.engine.checks import check_stream
from probes.engine.mapping import PAYLOAD_CHARACTERS, RowMapper

PROJECT: Mapping[str, Any] = {
    "entity": "project",
    "id": "id",
    "map": {
        "name": {"from": "name", "required": True},
        "amount": "total.value",
        "currency": {"constant": "EUR"},
        "status": {"from": "state", "values": {"A": "active"}},
    },
    "defines": {"project": {"from": "no", "required": True}},
    "refers": {"deal": "opportunities[*].no"},
    "cursor": {"field": "changed"},
    "deletes": {"kind": "field", "field": "gone"},
}
ROW: Mapping[str, Any] = {
    "id": 7,
    "name": "Roll-out",
    "total": {"value": "9644.00"},
    "state": "A",
    "no": "p-1",
    "opportunities": [{"no": "o-1"}, {"no": "o-2"}],
    "changed": "2026-01-02T03:04:05Z",
}
UNUSABLE = "key 'project': the regular expression"


def read(*rows: Any, **changed: Any) -> Page:
    settings = StreamSettings.model_validate({**PROJECT, **changed})
    return RowMapper(StreamId("psa", "projects"), settings, ENTITIES["project"]).read_page(rows)


def test_a_row_becomes_a_record() -> None:
    (record,) = read(ROW).records
    assert record.native_id == "7"
    assert record.fields == {
        "name": "Roll-out",
        "amount": Decimal(9644),
        "currency": "EUR",
        "status": "active",
    }
    assert record.keys == (
        KeyUse(KeyRole.DEFINES, "project", "P-1"),
        KeyUse(KeyRole.REFERS, "deal", "O-1"),
        KeyUse(KeyRole.REFERS, "deal", "O-2"),
    )
    assert record.modified_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert not record.deleted


def test_blank_text_is_no_value() -> None:
    (record,) = read({**ROW, "total": {"value": "  "}, "state": ""}).records
    assert (record.fields["amount"], record.fields["status"]) == (None, None)


@pytest.mark.parametrize(
    ("change", "reason", "named"),
    [
        ({"id": None}, RejectReason.NO_ID, "'id'"),
        ({"id": True}, RejectReason.NO_ID, "'id'"),
        ({"id": [1]}, RejectReason.WRONG_TYPE, "'id'"),
        ({"no": None}, RejectReason.NO_KEY, "'project'"),
        ({"no": {"a": 1}}, RejectReason.WRONG_TYPE, "'project'"),
        ({"changed": None}, RejectReason.NO_STAMP, "'changed'"),
        ({"changed": "soon"}, RejectReason.WRONG_TYPE, "'changed'"),
        ({"name": " "}, RejectReason.NO_VALUE, "'name'"),
        ({"total": {"value": "much"}}, RejectReason.WRONG_TYPE, "'amount'"),
        ({"total": {"value": "1e40"}}, RejectReason.OUT_OF_RANGE, "'amount'"),
        ({"name": "a\x00b"}, RejectReason.OUT_OF_RANGE, "'name'"),
    ],
)
def test_a_poisoned_row_is_set_aside_and_the_rest_goes_on(
    change: Mapping[str, Any], reason: RejectReason, named: str
) -> None:
    poisoned = {**ROW, **change}
    page = read(ROW, poisoned, {**ROW, "id": 8})
    assert [record.native_id for record in page.records] == ["7", "8"]
    (reject,) = page.rejects
    assert (reject.reason, named in reject.detail) == (reason, True)
    assert json.loads(reject.payload) == poisoned


def test_a_row_that_is_no_object_is_set_aside() -> None:
    page = read(None, 5, "x", ["x"])
    assert [reject.reason for reject in page.rejects] == [RejectReason.NOT_AN_OBJECT] * 4


def test_a_reject_names_its_record_where_it_can() -> None:
    (reject,) = read({**ROW, "name": None}).rejects
    assert reject.native_id == "7"


def test_a_long_payload_is_cut() -> None:
    (reject,) = read({**ROW, "name": None, "text": "x" * 5000}).rejects
    assert len(reject.payload) == PAYLOAD_CHARACTERS


@pytest.mark.parametrize("flag", [True, "true", 1, "yes"])
def test_a_deleted_row_is_read_from_whatever_is_left_of_it(flag: object) -> None:
    page = read({"id": 7, "gone": flag, "total": {"value": "much"}})
    (record,) = page.records
    assert (record.native_id, record.deleted, record.keys) == ("7", True, ())


@pytest.mark.parametrize("flag", [False, None, "", "no", 0, ["true"]])
def test_a_row_without_the_flag_lives(flag: object) -> None:
    assert not read({**ROW, "gone": flag}).records[0].deleted


def test_the_flag_may_be_a_word() -> None:
    deletes = {"kind": "field", "field": "state", "values": ["X", "Z"]}
    rows = ({**ROW, "state": state} for state in ("A", "X", "Z"))
    assert [record.deleted for record in read(*rows, deletes=deletes).records] == [
        False,
        True,
        True,
    ]


def test_a_stamp_is_read_in_the_form_and_zone_of_its_cursor() -> None:
    cursor = {"field": "changed", "format": "%d.%m.%Y %H:%M", "zone": "Europe/Berlin"}
    (record,) = read({**ROW, "changed": "01.07.2026 12:00"}, cursor=cursor).records
    assert record.modified_at == datetime(2026, 7, 1, 10, tzinfo=UTC)


def test_the_same_state_has_the_same_version() -> None:
    first, again = read(ROW, {**ROW, "no": " P-1 ", "total": {"value": Decimal("9644.0")}}).records
    assert first.version == again.version


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"entity": "projet"}, "entity 'projet' is not known; did you mean 'project'?"),
        ({"map": {"amuont": "x"}}, "field 'amuont' is not known; did you mean 'amount'?"),
        ({"map": {"zzz": "x"}}, "field 'zzz' is not known"),
        ({"map": {"amount": {"from": "x", "type": "text"}}},
         "field 'amount' is of type decimal, not text"),
        ({"map": {"amount": {}}}, "field 'amount' needs either 'from' or 'constant'"),
        ({"map": {"amount": {"constant": "much"}}},
         "field 'amount': the constant should be a number, is other text"),
        ({"map": {"amount": "a..b"}},
         "field 'amount': path 'a..b' cannot be read from '..b' on"),
        ({"map": {"start_at": {"from": "x", "zone": "Mars"}}},
         "field 'start_at': time zone 'Mars' is not known (IANA names such as Europe/Berlin)"),
        ({"map": {"amount": {"from": "x", "format": "epoch"}}},
         "field 'amount' is of type decimal: its only 'format' is 'cents'"),
        ({"map": {"start_at": {"from": "x", "format": "cents"}}},
         "field 'start_at' is of type instant, which has no 'cents'"),
        ({"id": "a[", "map": {}}, "id: path 'a[' cannot be read from '[' on"),
        ({"defines": {"project": {"from": "no", "rewrite": [{"pattern": "("}]}}},
         f"{UNUSABLE} '(' cannot be used: missing ), unterminated subpattern at position 0"),
        ({"defines": {"project": {"from": "no", "rewrite": [{"pattern": "a", "replace": r"\2"}]}}},
         f"{UNUSABLE} 'a' cannot be used: invalid group reference 2 at position 1"),
        ({"refers": {"deal": {"from": []}}}, "key 'deal' needs at least one path"),
        ({"deletes": {"kind": "field"}}, "deletes of kind 'field' need the field's path"),
        ({"deletes": {"kind": "sweep", "field": "x"}}, "deletes of kind 'sweep' read no field"),
        ({"cursor": {"field": "changed", "zone": "Mars"}},
         "cursor: time zone 'Mars' is not known (IANA names such as Europe/Berlin)"),
    ],
)  # fmt: skip
def test_a_mapping_that_does_not_fit_says_why(change: Mapping[str, Any], problem: str) -> None:
    settings = StreamSettings.model_validate({**PROJECT, **change})
    assert check_stream(settings, ENTITIES) == [problem]


def test_a_mapping_that_fits_has_no_problem() -> None:
    assert check_stream(StreamSettings.model_validate(PROJECT), ENTITIES) == []


def test_a_mapper_refuses_a_mapping_that_does_not_fit() -> None:
    with pytest.raises(ValueError, match=r"psa\.projects: field 'amuont' .* 'amount'"):
        read(ROW, map={"amuont": "x"})


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.decimals(), st.text(), st.floats(),
              st.text(st.characters(categories=("Cs", "Cc"))), st.binary()),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
    max_leaves=5,
)  # fmt: skip
hostile_rows = json_values | st.fixed_dictionaries(
    {}, optional=dict.fromkeys([*ROW, "gone"], json_values)
)


@given(st.lists(hostile_rows, max_size=5))
def test_every_row_is_a_record_or_a_reject_that_a_store_can_hold(rows: list[Any]) -> None:
    page = read(*rows)
    assert len(page.records) + len(page.rejects) == len(rows)
    for record in page.records:
        encode_fields(record.fields).encode()
    for reject in page.rejects:
        assert "\x00" not in reject.payload + reject.detail
        reject.payload.encode()


def test_false_is_nothing_where_the_source_says_so_and_stays_a_truth_value() -> None:
    settings = StreamSettings.model_validate({
        "entity": "milestone",
        "id": "id",
        "map": {"name": "name", "due_on": "due", "billed": "billed"},
        "refers": {"project": "project[0]"},
    })  # fmt: skip
    mapper = RowMapper(
        StreamId("psa", "milestones"), settings, ENTITIES["milestone"], false_is_blank=True
    )
    row = {"id": 1, "name": False, "due": False, "billed": False, "project": False}
    (record,) = mapper.read_page([row]).records
    assert dict(record.fields) == {"name": None, "due_on": None, "billed": False}
    assert record.keys == ()
