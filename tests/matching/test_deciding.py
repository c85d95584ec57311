"""The watch over customers, and what people decide, remembered in the store."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from monitor.core.errors import Permanent
from monitor.core.model import FieldType, Record, StreamId
from monitor.core.plugins import RuleContext, WatchContext
from monitor.core.ports import INSTANT
from monitor.core.watches import ESTATE, NOWHERE, MatchDecision, Opinion, Survey
from monitor.deciding import decide_pair
from monitor.store.database import Database
from monitor.store.matching import load_decisions
from monitor.store.records import mark_deleted, save_page
from reconcilers.watches.duplicate_customers import (
    DuplicateCustomersSettings,
    build,
)
from reconcilers.watches.held_twice import HeldTwice
from tests.bench.customers import draw_customers

NOW = datetime(2026, 3, 16, 12, tzinfo=UTC)
ERP = StreamId("erp", "customer")
FIELDS = ("name", "street", "city", "postcode", "tax", "domain", "phone")
DRAWN = draw_customers(1_000, seed=103)
FRAME = DRAWN.records.rename({"id": "_record"})
CONTEXT = WatchContext(
    RuleContext(
        ESTATE,
        NOWHERE,
        {ERP: "customer"},
        {ERP: dict.fromkeys(FIELDS, FieldType.TEXT)},
        {"erp": "finance"},
    )
)


def watch(context: WatchContext = CONTEXT, **more: object) -> HeldTwice:
    given = {"check": "duplicate_customers", "streams": ["erp.customer"], **more}
    given.setdefault("compare", {name: name for name in FIELDS})
    return build("same", DuplicateCustomersSettings.model_validate(given), context)


def survey(database: Database | None = None, **more: object) -> Survey:
    if database is not None:
        with database.read() as connection:
            more["decisions"] = load_decisions(connection)
    return Survey({ERP: FRAME}, {ERP: NOW}, NOW, **more)  # type: ignore[arg-type]


def decide(database: Database, left: str, right: str, opinion: Opinion) -> None:
    with database.write() as connection:
        for record in (left, right):
            stream, native_id = record.split("/")
            known = Record(StreamId.parse(stream), "customer", native_id, {}, (), NOW)
            save_page(connection, known.stream, [known], NOW)
    decide_pair(database, MatchDecision(left, right, opinion, "eve", "I asked"), lambda: NOW)


def test_each_record_too_many_is_accused_with_what_both_agree_in() -> None:
    verdict = watch().evaluate(survey())
    accused = {each.record_id for each in verdict.findings}
    doubles = {right for _, right in DRAWN.pairs}
    assert len(accused & doubles) >= 0.95 * len(doubles)
    assert accused <= doubles | {left for left, _ in DRAWN.pairs}
    first = verdict.findings[0]
    assert first.transaction.startswith("same:erp.customer/C")
    assert first.owner == "finance"
    assert "agrees with erp.customer/C" in (first.actual or "")


def test_a_group_keeps_the_name_under_which_it_was_told() -> None:
    found = watch().evaluate(survey()).findings[0]
    renamed = {f"erp.customer/{found.record_id}": "erp.customer/OLD"}
    after = watch().evaluate(survey(clusters=renamed)).findings
    assert "same:erp.customer/OLD" in {each.transaction for each in after}


def test_a_group_is_named_after_the_record_that_was_made_first() -> None:
    found = watch().evaluate(survey()).findings
    double = found[0].record_id
    born = pl.when(pl.col("_record") == double).then(NOW - timedelta(days=9)).otherwise(NOW)
    dated = FRAME.with_columns(created_at=born.cast(INSTANT))
    context = replace(
        CONTEXT,
        estate=replace(
            CONTEXT.estate,
            fields={ERP: {**CONTEXT.estate.fields[ERP], "created_at": FieldType.INSTANT}},
        ),
    )
    after = watch(context).evaluate(Survey({ERP: dated}, {ERP: NOW}, NOW))
    names = {each.transaction for each in after.findings}
    assert f"same:erp.customer/{double}" in names
    assert found[0].transaction not in names
    assert double not in {each.record_id for each in after.findings}


def test_a_field_that_the_stream_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match=r"unknown field of erp\.customer 'nam'"):
        watch(compare={"name": "nam"})


def test_a_decision_is_remembered_and_the_watch_follows_it(database: Database) -> None:
    found = watch().evaluate(survey(database)).findings
    kept = found[0].transaction.removeprefix("same:")
    double = f"erp.customer/{found[0].record_id}"
    decide(database, double, kept, Opinion.DIFFERENT)
    after = watch().evaluate(survey(database)).findings
    assert found[0].fingerprint not in {each.fingerprint for each in after}
    decide(database, kept, double, Opinion.SAME)
    again = watch().evaluate(survey(database)).findings
    assert {each.fingerprint for each in again} == {each.fingerprint for each in found}


def test_candidates_are_asked_until_they_are_decided(database: Database) -> None:
    unsure = watch(match_at=25.0)
    asked = unsure.candidates(survey(database))
    first = asked.row(0, named=True)
    assert asked["weight"].is_sorted(descending=True)
    decide(database, first["left"], first["right"], Opinion.SAME)
    assert unsure.candidates(survey(database)).height == asked.height - 1


def test_a_record_cannot_differ_from_itself(database: Database) -> None:
    with pytest.raises(Permanent):
        decide(database, "erp.customer/1", "erp.customer/1", Opinion.DIFFERENT)
    with database.read() as connection:
        assert load_decisions(connection).is_empty()


def test_records_that_are_not_there_cannot_be_decided(database: Database) -> None:
    decide(database, "erp.customer/1", "erp.customer/2", Opinion.SAME)
    with database.write() as connection:
        mark_deleted(connection, ERP, ["2"], NOW)
    for gone in ("erp.customer/2", "erp.customer/3", "crm.account/1", "1", ""):
        decision = MatchDecision("erp.customer/1", gone, Opinion.DIFFERENT, "eve", "I asked")
        with pytest.raises(Permanent, match=f"there is no record {gone}"):
            decide_pair(database, decision, lambda: NOW)
    with database.read() as connection:
        assert load_decisions(connection)["opinion"].to_list() == ["same"]


def test_another_look_follows_what_changed_and_leaves_all_else_as_it_was() -> None:
    looking = watch()
    before = looking.evaluate(survey()).findings
    (calibration,) = (each.calibration for each in looking.known.values())
    named = Counter(each.transaction for each in before)
    gone = next(each for each in before if named[each.transaction] == 1)
    moved = pl.col("_record") == gone.record_id
    nobody = [pl.when(moved).then(pl.lit(None)).otherwise(name).alias(name) for name in FIELDS[1:]]
    name = pl.when(moved).then(pl.lit("Zyx Qwv")).otherwise("name").alias("name")
    clusters = {
        f"erp.customer/{each.record_id}": each.transaction.removeprefix("same:") for each in before
    }
    changed = Survey({ERP: FRAME.with_columns(name, *nobody)}, {ERP: NOW}, NOW, clusters=clusters)
    after = looking.evaluate(changed).findings
    assert {each.fingerprint for each in after} == {each.fingerprint for each in before} - {
        gone.fingerprint
    }
    assert looking.known[ERP,].calibration is calibration
    assert looking.evaluate(survey()).findings == before


def test_no_customers_have_no_duplicates() -> None:
    empty = Survey({ERP: FRAME.clear()}, {ERP: NOW}, NOW)
    assert watch().evaluate(empty).findings == ()
    assert watch().candidates(empty).is_empty()


def test_a_stream_alone_knows_only_its_own_records(database: Database) -> None:
    decide(database, "crm.account/1", "crm.account/2", Opinion.SAME)
    found = watch().evaluate(survey(database)).findings
    assert not [each for each in found if "crm" in each.transaction]
    assert pl.Series([each.stream for each in found]).unique().to_list() == ["customer"]
