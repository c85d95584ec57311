"""What counts as schema drift, and what does not."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.breaks import BreakKind, Finding
from tests.watches.streams import PROJECTS, Stream, build, found

WATCH = build("schema_drift")
ROW: dict[str, Any] = {"status": "open", "amount": 12, "region": "north"}


def drifts(stream: Stream) -> dict[str, tuple[str | None, str | None]]:
    return {
        each.field: (each.expected, each.actual)
        for each in found(WATCH, stream.statistics, stream.now)
    }


def rows(count: int, **changes: Any) -> list[dict[str, Any]]:
    return [{**ROW, **changes} for _ in range(count)]


def without(field: str, count: int) -> list[dict[str, Any]]:
    return [{name: value for name, value in ROW.items() if name != field} for _ in range(count)]


def test_a_field_gone_from_every_new_row_is_found_until_a_row_has_it_again() -> None:
    stream = Stream().catch_up(rows(50)).show(*without("amount", 9))
    assert drifts(stream) == {}
    stream.show(*without("amount", 1))
    assert drifts(stream) == {"amount": ("a field of every row", "no such field")}
    assert drifts(stream.show(ROW)) == {}


def test_the_instant_at_which_a_field_went_is_told() -> None:
    stream = Stream().catch_up(rows(50))
    began = stream.now + timedelta(minutes=1)
    stream.show(*without("amount", 20))
    (finding,) = found(WATCH, stream.statistics, stream.now)
    assert finding.since == began


def test_a_field_that_many_rows_leave_out_anyway_is_not_gone() -> None:
    mixed = [*without("amount", 2), *rows(8)] * 10
    assert drifts(Stream().catch_up(mixed).show(*without("amount", 30))) == {}


def test_a_field_that_was_always_filled_and_stays_blank_is_found() -> None:
    stream = Stream().catch_up(rows(5)).show(*rows(40), *rows(10, region=None))
    assert drifts(stream) == {"region": ("a value", "nothing")}
    assert drifts(stream.show(ROW)) == {}


def test_a_field_that_only_old_rows_have_is_not_missed_in_new_ones() -> None:
    """Closed deals have a closing date; what comes in day by day has none yet."""
    assert drifts(Stream().catch_up(rows(5000)).show(*rows(60, region=None))) == {}


def test_text_in_place_of_numbers_is_found_at_the_first_row() -> None:
    stream = Stream().catch_up(rows(50)).show(*rows(1, amount="12"))
    assert drifts(stream) == {"amount": ("a number", "text")}


def test_a_type_is_forgiven_when_enough_rows_came_without_it() -> None:
    stream = Stream().catch_up(rows(50)).show(*rows(3, amount="12"), *rows(9))
    assert "amount" in drifts(stream)
    assert drifts(stream.show(ROW)) == {}


def test_types_that_were_mixed_from_the_beginning_are_usual() -> None:
    mixed = [*rows(5), *rows(5, amount="12")]
    assert drifts(Stream().catch_up(mixed).show(*mixed, *mixed)) == {}


def test_one_row_that_does_not_fit_is_no_drift_but_many_are() -> None:
    stream = Stream().catch_up(rows(50)).show(*rows(9, amount=["?"]))
    assert drifts(stream) == {}
    stream.show(*rows(1, amount=["?"]))
    assert drifts(stream) == {"amount": ("a number", "a value that does not fit")}


def test_a_word_never_seen_in_a_field_of_few_words_is_found() -> None:
    known = [*rows(40, status="open"), *rows(40, status="won"), *rows(40, status="lost")]
    stream = Stream().catch_up(known).later(days=15).show(*rows(1, status="parked"))
    assert drifts(stream) == {"status": ("lost, open, won", "parked")}


def test_a_word_becomes_familiar() -> None:
    stream = Stream().catch_up(rows(100)).later(days=15).show(*rows(1, status="parked"))
    assert "status" in drifts(stream)
    assert drifts(stream.later(days=14)) == {}


def test_words_that_records_only_pass_through_are_learnt_first() -> None:
    stream = Stream().catch_up(rows(500)).later(days=13).show(*rows(1, status="passing"))
    assert drifts(stream) == {}
    assert drifts(stream.later(days=9).show(*rows(1, status="passing"))) == {}


def test_rare_words_of_the_first_look_are_known() -> None:
    stream = Stream().catch_up([*rows(500), *rows(1, status="parked")]).later(days=15)
    assert drifts(stream.show(*rows(5), *rows(1, status="parked"))) == {}


def test_a_field_of_many_words_has_no_new_ones() -> None:
    names = [{**ROW, "region": f"place {number}"} for number in range(80)]
    stream = Stream().catch_up(names).later(days=15).show(*rows(1, region="yet another"))
    assert drifts(stream) == {}


def test_a_new_word_among_few_rows_is_no_surprise() -> None:
    stream = Stream().show(*rows(8)).later(days=15).show(ROW, *rows(1, status="parked"))
    assert drifts(stream) == {}


def test_what_a_look_in_full_brings_is_the_standard() -> None:
    stream = Stream().catch_up(rows(100)).later(days=15)
    stream.show(*rows(1, status="parked", amount="12"))
    assert set(drifts(stream)) == {"status", "amount"}
    assert drifts(stream.catch_up(rows(20, status="parked", amount="12"))) == {}


def test_findings_name_the_source_and_its_owner() -> None:
    stream = Stream(PROJECTS).catch_up(rows(50)).show(*rows(1, amount="12"))
    (finding,) = found(WATCH, stream.statistics, stream.now)
    assert finding.kind is BreakKind.SOURCE
    assert (finding.transaction, finding.owner) == ("source:psa.projects", "delivery")


def test_an_ignored_field_may_look_as_it_likes() -> None:
    stream = Stream().catch_up(rows(50)).show(*rows(1, amount="12"))
    watch = build("schema_drift", ignore=["crm.deals.amount"])
    assert found(watch, stream.statistics, stream.now) == []


def test_a_field_that_no_stream_has_cannot_be_ignored() -> None:
    with pytest.raises(ValueError, match=r"unknown field 'crm\.deals\.amuont'"):
        build("schema_drift", ignore=["crm.deals.amuont"])


@given(
    st.lists(
        st.fixed_dictionaries(
            {"status": st.sampled_from(["open", "won"]), "amount": st.integers(0, 9)},
            optional={"region": st.sampled_from(["north", None])},
        ),
        min_size=1,
        max_size=40,
    ),
    st.lists(st.integers(1, 40), max_size=6),
)
def test_how_rows_fall_into_pages_does_not_matter(
    seen: list[dict[str, Any]], cuts: list[int]
) -> None:
    def findings(bounds: list[int]) -> list[Finding]:
        stream = Stream()
        for start, end in zip([0, *bounds], [*bounds, len(seen)], strict=True):
            stream.catch_up(seen[start:end])
        return found(WATCH, stream.statistics, stream.now)

    whole = Stream().catch_up(seen).profile
    parts = Stream()
    bounds = sorted(min(cut, len(seen)) for cut in cuts)
    for start, end in zip([0, *bounds], [*bounds, len(seen)], strict=True):
        parts.catch_up(seen[start:end])
    assert parts.profile.rows == whole.rows
    assert {
        (name, kind, seen.rows, seen.first_row, seen.last_row)
        for name, field in parts.profile.fields.items()
        for kind, seen in field.types.items()
    } == {
        (name, kind, seen.rows, seen.first_row, seen.last_row)
        for name, field in whole.fields.items()
        for kind, seen in field.types.items()
    }
    assert findings([]) == findings(bounds) == []
