"""Queries of a firm's own: what they find, and what they are refused for."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import hypothesis
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.breaks import BreakKind
from monitor.core.errors import Permanent, Reason
from monitor.core.model import FieldType, StreamId
from monitor.core.ports import Deadline, Rule, Verdict
from reconcilers.expression import ExpressionSettings, build
from tests.reconcilers.scene import CONTEXT, Row, Scene, at, findings, in_order, row, rule

PROJECT = "psa.project AS p"
JOINED = f"{PROJECT} JOIN crm.opportunity AS o ON o.transaction = p.transaction"


def asked(query: str, stream: str = "psa.project", **settings: Any) -> Rule:
    return rule("expression", query=query, stream=stream, **settings)


def refused(query: str, stream: str = "psa.project") -> str:
    with pytest.raises(ValueError) as error:  # noqa: PT011 - callers compare the sentence
        asked(query, stream)
    return str(error.value)


def scene(*projects: Row, deal: Row | None = None) -> Scene:
    sold = deal or row("D", "1", amount=Decimal(100), currency="EUR", status="won")
    return Scene({"crm.opportunity": [sold], "psa.project": projects})


def test_each_row_of_the_answer_is_a_break_with_what_it_says() -> None:
    query = f"""
        SELECT p.transaction, p.record_id, 'amount' AS field, o.amount AS expected,
               p.amount AS actual, p.amount - o.amount AS value_at_risk, 'USD' AS currency,
               p.created_at AS since
        FROM {JOINED} WHERE p.amount > o.amount"""
    (found,) = findings(
        asked(query),
        scene(row("D", "7", amount=Decimal("120.50"), created_at=at(-3)), row("D", "8", amount=1)),
    )
    assert (found.transaction, found.record_id, found.field) == ("D", "7", "amount")
    assert (found.expected, found.actual) == ("100", "120.5")
    assert (found.value_at_risk, found.currency) == (Decimal("20.5"), "USD")
    assert (found.kind, found.since) == (BreakKind.CUSTOM, at(-3))
    assert (found.system, found.stream, found.owner) == ("psa", "project", "delivery")


def test_a_row_that_names_a_deal_alone_is_worth_what_the_deal_is() -> None:
    (found,) = findings(asked(f"SELECT transaction FROM {PROJECT}"), scene(row("D", "7")))
    assert (found.value_at_risk, found.currency) == (Decimal(100), "EUR")
    assert (found.record_id, found.field, found.since) == ("", "", None)


def test_a_repaired_fault_is_gone() -> None:
    query = asked(f"SELECT p.transaction FROM {JOINED} WHERE p.amount <> o.amount")
    assert findings(query, scene(row("D", "7", amount=Decimal("100.01"))))
    assert not findings(query, scene(row("D", "7", amount=Decimal("100.00"))))


def test_decimals_are_compared_exactly() -> None:
    query = asked(f"SELECT transaction FROM {PROJECT} WHERE p.amount > 0.3")
    exact = sum([Decimal("0.1")] * 3, Decimal(0))
    assert not findings(query, scene(row("D", "7", amount=exact)))
    assert findings(query, scene(row("D", "7", amount=exact + Decimal("0.000001"))))


def test_rows_that_agree_in_their_place_are_one_break() -> None:
    query = f"SELECT p.transaction, 'x' AS field, p.amount AS actual FROM {PROJECT}"
    (found,) = findings(asked(query), scene(row("D", "7", amount=5), row("D", "8", amount=4)))
    assert found.actual == "4"


def test_a_row_without_a_transaction_accuses_nobody() -> None:
    query = f"SELECT p.transaction FROM {PROJECT} RIGHT JOIN crm.opportunity o USING (transaction)"
    assert not findings(asked(query), scene())


def test_before_its_due_a_row_is_awaited_and_after_it_a_break() -> None:
    query = asked(f"SELECT transaction, p.created_at + INTERVAL '5h' AS due FROM {PROJECT}")
    early, late = (scene(row("D", "7", created_at=at(hours))) for hours in (-4, -6))
    assert query.evaluate(early.scope()).findings == ()
    assert query.evaluate(early.scope()).deadlines == (Deadline("D", at(1)),)
    (found,) = query.evaluate(late.scope()).findings
    assert found.since == at(-1)
    assert query.evaluate(late.scope()).deadlines == ()


def test_what_is_due_counts_only_as_far_as_every_stream_was_looked_at() -> None:
    query = asked(f"SELECT p.transaction, p.created_at AS due FROM {JOINED}")
    seen = scene(row("D", "7", created_at=at(-1)))
    assert len(findings(query, seen)) == 1
    for stream in ("psa.project", "crm.opportunity"):
        behind = Scene(seen.rows, looked={stream: at(-2)})
        assert query.evaluate(behind.scope()).findings == ()
        assert query.evaluate(behind.scope()).deadlines == (Deadline("D", at(-1)),)


def test_it_needs_the_streams_that_it_asks_and_the_one_at_fault() -> None:
    query = asked(f"SELECT transaction FROM {PROJECT}", stream="erp.invoice")
    assert query.needs == {StreamId("psa", "project"), StreamId("erp", "invoice")}


@pytest.mark.parametrize(
    "source",
    ["psa.project", "PSA.Project", '"psa"."project"', '"psa.project"', "`psa`.`project`",
     "psa . project", "psa./* of the */project"],
)  # fmt: skip
def test_a_stream_may_be_written_as_sql_writes_names(source: str) -> None:
    query = asked(f"SELECT transaction FROM {source}", stream="erp.invoice")
    assert StreamId("psa", "project") in query.needs


def test_a_common_table_expression_and_ranks_within_a_deal_are_fine() -> None:
    query = """
        WITH ranked AS (
          SELECT transaction, record_id,
                 RANK() OVER (PARTITION BY transaction ORDER BY amount DESC, record_id) AS place
          FROM psa.project)
        SELECT transaction, record_id FROM ranked WHERE place > 1"""
    (found,) = findings(asked(query), scene(row("D", "7", amount=2), row("D", "8", amount=1)))
    assert found.record_id == "8"


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("SELECT p.transaction FROM psa.projct AS p",
         "unknown table 'psa.projct'; did you mean 'psa.project'?"),
        (f"SELECT p.transaction, p.amout FROM {PROJECT}",
         "unknown column 'amout'; did you mean 'amount'?"),
        (f"SELECT transaction, amout FROM {PROJECT}",
         "unknown column 'amout'; did you mean 'amount'?"),
        (f"SELECT p.transaction, o.amount FROM {PROJECT}",
         "the query cannot be asked: no table or struct column named 'o' found"),
        (f"SELECT transaction FROM {PROJECT} WHERE",
         "the query cannot be asked: sql parser error: Expected: an expression, found: EOF"),
        (f"SELECT transaction FROM {PROJECT} WHERE amount > 'much'",
         "a number, a truth value or an instant meets a text; write a CAST"),
        (f"SELECT transaction FROM {PROJECT} WHERE COALESCE(name, amount) = 'x'",
         "a number, a truth value or an instant meets a text; write a CAST"),
        (f"SELECT transaction FROM {PROJECT} WHERE amount = name",
         "a number, a truth value or an instant meets a text; write a CAST"),
        ("SELECT transaction FROM psa.change_order WHERE revision > 'two'",
         "the query cannot be asked: cannot compare string with numeric type (i64)"),
        (f"SELECT transaction FROM {PROJECT} WHERE CAST(name AS INTEGER) > 1",
         "the query cannot be asked: conversion from `str` to `i32` failed"),
        (f"SELECT transaction FROM {PROJECT} WHERE amount / (amount - amount) > 1",
         "the query cannot be asked: division by zero Decimal"),
        (f"SELECT record_id FROM {PROJECT}", "the answer lacks the column 'transaction'"),
        (f"SELECT transaction, amount AS at_risk FROM {PROJECT}",
         "unknown column of an answer 'at_risk'"),
        (f"SELECT transaction, amount AS value_at_risc FROM {PROJECT}",
         "unknown column of an answer 'value_at_risc'; did you mean 'value_at_risk'?"),
        (f"SELECT transaction, 1e3 AS value_at_risk FROM {PROJECT}",
         "the column 'value_at_risk' of the answer must be a decimal or a whole number"),
        (f"SELECT transaction, SQRT(amount) AS expected FROM {PROJECT}",
         "the column 'expected' of the answer must be no float and no list"),
        (f"SELECT transaction, name AS since FROM {PROJECT}",
         "the column 'since' of the answer must be an instant in UTC"),
        (f"SELECT transaction, start_on AS due FROM {PROJECT}",
         "the column 'due' of the answer must be an instant in UTC"),
        (f"SELECT amount AS transaction FROM {PROJECT}",
         "the column 'transaction' of the answer must be text"),
    ],
)  # fmt: skip
def test_a_query_that_does_not_fit_is_refused_in_one_sentence(query: str, sentence: str) -> None:
    assert refused(query).startswith(sentence)
    assert "\n" not in refused(query)


def test_a_number_may_be_made_a_text_by_name() -> None:
    query = f"SELECT transaction FROM {PROJECT} WHERE CAST(p.amount AS VARCHAR) LIKE '7%'"
    assert findings(asked(query), scene(row("D", "7", amount=70)))
    tried = f"SELECT transaction FROM {PROJECT} WHERE TRY_CAST(name AS INTEGER) > 1"
    assert findings(asked(tried), scene(row("D", "7", name="2"), row("D", "8", name="two")))


@pytest.mark.parametrize(
    "query",
    ["DROP TABLE psa.project", "CREATE TABLE x AS SELECT 1", "SHOW TABLES", "TRUNCATE psa.project",
     "DELETE FROM psa.project", "VALUES (1)", "FROM psa.project", "-- SELECT", " ",
     "EXPLAIN SELECT transaction FROM psa.project"],
)  # fmt: skip
def test_what_is_no_select_is_refused(query: str) -> None:
    assert refused(query) == "the query must be one SELECT"


def test_two_statements_are_refused() -> None:
    assert "one (and only one) statement" in refused(f"SELECT transaction FROM {PROJECT}; SELECT 1")


FILE_READERS = ["read_csv", "READ_CSV", '"read_csv"', "read_parquet", "read_ipc", "read_json",
                "read_ndjson", "scan_csv", "scan_anything"]  # fmt: skip


@pytest.mark.parametrize("reader", FILE_READERS)
@pytest.mark.parametrize(
    "query",
    ["SELECT transaction FROM {}('{}')",
     "SELECT p.transaction FROM psa.project p JOIN {} ('{}') AS f ON true",
     "WITH f AS (SELECT * FROM {}/**/('{}')) SELECT transaction FROM f",
     "SELECT 'a\\'' AS field, transaction FROM {}('{}') WHERE '' = ''",
     "SELECT $$'$$ AS field, transaction FROM {}('{}')",
     "SELECT transaction FROM psa.project WHERE name IN (SELECT * FROM {}('{}'))"],
)  # fmt: skip
def test_a_query_cannot_reach_a_file(query: str, reader: str, tmp_path: Path) -> None:
    path = tmp_path / "secret.csv"
    path.write_text("transaction\ncanary-in-the-file\n", encoding="utf-8")
    sentence = refused(query.format(reader, path))
    assert "reaches for files" in sentence
    assert "canary" not in sentence


def test_a_field_may_be_called_as_a_reader_of_files_begins() -> None:
    # Polars may know more table functions one day; only a field's own name is let pass.
    assert "reaches for files" in refused(f"SELECT transaction, read_at AS since FROM {PROJECT}")


@pytest.mark.parametrize(
    "clock",
    ["NOW()", "now ( )", "CURRENT_TIMESTAMP", "current_date", "LOCALTIME", "CURRENT_TIMESTAMP()"],
)
def test_a_query_cannot_read_the_clock(clock: str) -> None:
    sentence = refused(f"SELECT transaction FROM {PROJECT} WHERE p.created_at < {clock}")
    assert "reads the clock; answer the column 'due' instead" in sentence


def test_words_within_texts_comments_and_quotes_are_none_of_the_language() -> None:
    query = asked(
        f"SELECT transaction, 'now()' AS field /* LIMIT 1 */ FROM {PROJECT} -- offset\n"
        "WHERE p.name = 'current_date' OR p.name = 'limit'"
    )
    assert findings(query, scene(row("D", "7", name="limit")))


MIXING = [
    f"SELECT p.transaction FROM {PROJECT} JOIN crm.opportunity o ON o.name = p.name",
    f"SELECT p.transaction FROM {PROJECT}, crm.opportunity o WHERE p.amount > o.amount",
    f"SELECT transaction FROM {PROJECT} WHERE amount = (SELECT MAX(amount) FROM psa.project)",
    f"SELECT transaction FROM {PROJECT} WHERE name NOT IN (SELECT name FROM psa.milestone)",
    f"SELECT MIN(transaction) AS transaction FROM {PROJECT}",
    f"SELECT MIN(transaction) AS transaction FROM {PROJECT} GROUP BY status",
    f"SELECT transaction, COUNT(*) OVER () AS actual FROM {PROJECT}",
    f"SELECT transaction FROM {PROJECT} QUALIFY RANK() OVER (ORDER BY amount) > 1",
    f"SELECT 'D' AS transaction FROM {PROJECT}",
    f"SELECT p.name AS transaction FROM {PROJECT}",
]


@pytest.mark.parametrize("query", MIXING)
def test_a_query_that_mixes_transactions_is_refused(query: str) -> None:
    assert refused(query).startswith("what it says of one transaction depends on others")


@pytest.mark.parametrize("cut", ["LIMIT 500", "OFFSET 3", "FETCH FIRST 5 ROWS ONLY"])
def test_a_query_that_cuts_its_answer_is_refused(cut: str) -> None:
    assert "cuts across transactions" in refused(f"SELECT transaction FROM {PROJECT} {cut}")


def test_a_field_that_the_stream_maps_nothing_to_is_no_column() -> None:
    project = StreamId("psa", "project")
    context = replace(CONTEXT, mapped={project: {"name", "status"}})
    query = f"SELECT transaction, amount AS actual FROM {PROJECT}"
    settings = ExpressionSettings(check="expression", stream=str(project), query=query)
    with pytest.raises(ValueError, match="unknown column 'amount'"):
        build("the-rule", settings, context)


def test_a_field_of_the_firm_cannot_hide_what_every_table_has() -> None:
    project = StreamId("psa", "project")
    fields = {**CONTEXT.fields, project: {"transaction": FieldType.TEXT}}
    query = f"SELECT transaction FROM {PROJECT}"
    settings = ExpressionSettings(check="expression", stream=str(project), query=query)
    with pytest.raises(ValueError, match="a field of its own called 'transaction'"):
        build("the-rule", settings, replace(CONTEXT, fields=fields))


def test_a_query_that_fails_while_asked_says_so_and_finds_nothing() -> None:
    # Made-up amounts are small, so the trial could not know.
    query = asked(f"SELECT transaction, p.amount * p.amount * 1000000 AS actual FROM {PROJECT}")
    huge = scene(row("D", "7", amount=Decimal(10) ** 31))
    with pytest.raises(Permanent, match="the rule 'the-rule' failed: the query") as failed:
        query.evaluate(huge.scope())
    assert failed.value.reason is Reason.CONFIGURATION


AMOUNTS = st.sampled_from([Decimal(99), Decimal(100), Decimal("100.000001"), Decimal(101), None])


@st.composite
def estates(draw: st.DrawFn) -> Scene:
    deals = [f"D{number}" for number in range(draw(st.integers(1, 4)))]
    sold = [row(deal, deal, amount=draw(AMOUNTS)) for deal in deals]
    projects = [
        row(deal, f"{deal}-{number}", amount=draw(AMOUNTS))
        for deal in deals
        for number in range(draw(st.integers(0, 3)))
    ]
    return Scene({"crm.opportunity": sold, "psa.project": projects})


DEAR = asked(
    f"SELECT p.transaction, p.record_id, p.amount AS actual FROM {JOINED} WHERE p.amount > o.amount"
)


def by_hand(scene: Scene) -> Iterator[tuple[str, str]]:
    sold = {each["_transaction"]: each["amount"] for each in scene.rows["crm.opportunity"]}
    for each in scene.rows["psa.project"]:
        limit = sold[each["_transaction"]]
        if each["amount"] is not None and limit is not None and each["amount"] > limit:
            yield each["_transaction"], each["_record"]


@hypothesis.settings(max_examples=40, deadline=None)
@given(estate=estates(), chance=st.randoms(use_true_random=False))
def test_the_answer_is_what_it_says_in_whatever_order_rows_come(
    estate: Scene, chance: random.Random
) -> None:
    verdict = DEAR.evaluate(estate.scope(chance))
    assert sorted((each.transaction, each.record_id) for each in verdict.findings) == sorted(
        by_hand(estate)
    )
    assert in_order(verdict) == in_order(DEAR.evaluate(estate.scope()))


def test_many_breaks_cost_little_more_than_one() -> None:
    many = [row(f"D{number}", str(number), amount=Decimal(1)) for number in range(2000)]
    verdict = asked(f"SELECT transaction, record_id FROM {PROJECT}").evaluate(scene(*many).scope())
    assert isinstance(verdict, Verdict)
    assert verdict.found.height == len(many)
    assert verdict.found["record_id"].dtype == pl.String()


def test_age_is_told_by_due_and_not_by_now() -> None:
    query = asked(f"SELECT transaction, p.modified_at + INTERVAL '1 day' AS due FROM {PROJECT}")
    born = row("D", "7", modified_at=at(-30))
    scope = scene(born).scope()
    assert len(query.evaluate(scope).findings) == 1
    earlier = Scene(scene(born).rows, now=scope.now - timedelta(hours=20))
    assert query.evaluate(earlier.scope()).findings == ()
