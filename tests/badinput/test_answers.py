"""Answers that are no page at all: the stream is blind and says why, and nothing is lost."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from monitor.core.errors import Reason
from monitor.core.model import StreamId
from monitor.core.sight import Blindness
from monitor.store.database import Database
from tests.badinput.firm import watched
from tests.badinput.rows import GOOD
from tests.badinput.sources import Rest, Tryton, opened
from tests.servers import Fault, Reply, ScriptedServer

PROJECT = StreamId("psa", "project")
HTML = b"<!doctype html><title>Sign in</title>"

ANSWERS: Mapping[str, tuple[Reply, Reason]] = {
    "a page for people": (Reply(HTML, headers={"Content-Type": "text/html"}), Reason.MALFORMED),
    "nothing": (Reply(b""), Reason.MALFORMED),
    "half": (Reply({"items": [], "result": []}, fault=Fault.CUT_UNSIZED), Reason.MALFORMED),
    "another shape": (Reply({"message": "maintenance until noon"}), Reason.SCHEMA),
    "a list": (Reply([1, 2, 3]), Reason.SCHEMA),
    "a text": (Reply(b'"down"'), Reason.SCHEMA),
    "a sentence for the list": (Reply({"items": "none", "result": "none"}), Reason.SCHEMA),
    "too deep": (Reply(b"[" * 200 + b"]" * 200), Reason.MALFORMED),
    "no gzip": (Reply(b"{}", headers={"Content-Encoding": "gzip"}), Reason.MALFORMED),
}

ODD: Mapping[str, tuple[str | None, str]] = {
    '{"id": "3", "deal": "D3", "budget": NaN}': (
        "3",
        "'amount' should be a number, is NaN, which is no JSON number",
    ),
    '{"id": "4", "deal": "D4", "budget": 1, "budget": 2}': (
        "4",
        "'amount' should be a number, is two values under one key",
    ),
    '{"id": "5", "deal": "D5", "budget": 1e9999}': (
        "5",
        "'amount' should be a number, is a number too large or too small to be used",
    ),
    '{"id": "6", "id": "7", "deal": "D6"}': (
        None,
        "'id' should be text, is two values under one key",
    ),
    "7": (None, "the row should be an object, is a number"),
    "null": (None, "the row should be an object, is nothing"),
    '"a text"': (None, "the row should be an object, is text"),
    "[1]": (None, "the row should be an object, is a list"),
}
"""Rows, with the id and the sentence under which each is set aside."""


@pytest.mark.parametrize("kind", ["rest", "tryton"])
def test_an_answer_that_is_no_page_blinds_says_why_and_loses_nothing(
    tmp_path: Path, sqlite_database: Database, kind: str
) -> None:
    with opened(kind, tmp_path) as source, watched(source, tmp_path, sqlite_database) as firm:
        assert isinstance(source, Rest | Tryton)
        source.show(GOOD)
        firm.look()
        before = firm.breaks(), firm.deals()
        assert before[0] == {("D1", "mismatch", "amount")}
        for name, (answer, reason) in ANSWERS.items():
            source.answer(answer)
            done = firm.look()
            failures = {look.source: look.failure for look in done.looks if look.failure}
            assert failures == {PROJECT: reason}, name
            assert done.blind == {PROJECT: Blindness.LAST_LOOK_FAILED}
            assert (firm.breaks(), firm.deals()) == before
        source.show([{**GOOD[0], "budget": "10.00"}, GOOD[1]])
        done = firm.look()
        assert done.blind == {}
        assert firm.breaks() == set()


def test_rows_that_only_raw_json_can_say_cost_themselves_alone(
    tmp_path: Path, database: Database
) -> None:
    good = ", ".join(json.dumps(row) for row in GOOD)
    with ScriptedServer() as server:
        source = Rest(server)
        with watched(source, tmp_path, database) as firm:
            source.show_raw(f'{{"items": [{", ".join(ODD)}, {good}]}}')
            done = firm.look()
            assert done.blind == {}
            aside = {(each.reject.native_id, each.reject.detail) for each in firm.set_aside()}
            assert aside == {(name, detail) for name, detail in ODD.values()}
            assert firm.breaks() == {("D1", "mismatch", "amount")}
            source.show(GOOD)
            firm.look()
            assert firm.set_aside() == []


def test_what_stands_beside_the_mapped_fields_may_be_odd(
    tmp_path: Path, sqlite_database: Database
) -> None:
    row = '{"id": "1", "deal": "D1", "budget": "11.00", "load": NaN, "tag": 1, "tag": 2}'
    with ScriptedServer() as server:
        source = Rest(server)
        with watched(source, tmp_path, sqlite_database) as firm:
            source.show_raw(f'{{"items": [{row}]}}')
            firm.look()
            assert firm.set_aside() == []
            assert firm.breaks() == {("D1", "mismatch", "amount")}


def test_results_that_are_no_objects_are_an_answer_of_another_shape(
    tmp_path: Path, sqlite_database: Database
) -> None:
    with opened("tryton", tmp_path) as source, watched(source, tmp_path, sqlite_database) as firm:
        assert isinstance(source, Tryton)
        source.show(GOOD)
        firm.look()
        source.answer(Reply({"result": [7, None, "text"]}))
        done = firm.look()
        assert {look.failure for look in done.looks if look.source == PROJECT} == {Reason.SCHEMA}
        assert firm.breaks() == {("D1", "mismatch", "amount")}
