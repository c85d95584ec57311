"""Projects that exist twice, and those that only look so."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.core.breaks import Finding
from monitor.core.model import FieldType, StreamId
from monitor.core.ports import INSTANT
from monitor.core.watches import Survey, Timeless
from reconcilers.watches.duplicate_projects import DuplicateProjectsSettings, build
from reconcilers.watches.held_twice import HeldTwice
from tests.watches.streams import CONTEXT, NOW, PROJECTS

ERP = StreamId("erp", "projects")
ENTITY = {**CONTEXT.estate.fields[PROJECTS], "customer": FieldType.TEXT}
ESTATE = replace(
    CONTEXT.estate,
    entities={PROJECTS: "project", ERP: "project"},
    fields={PROJECTS: ENTITY, ERP: ENTITY},
)
BORN = datetime(2025, 1, 1, tzinfo=UTC)
WORK = ("Payroll", "Migration", "Audit", "Rollout", "Integration", "Training", "Archive", "Portal")


def watch(*streams: StreamId, start: str = "start_on", across: bool = False) -> HeldTwice:
    given = {
        "check": "duplicate_projects",
        "streams": [str(each) for each in streams or (PROJECTS,)],
        "compare": {"name": "name", "customer": "customer", "start": start},
        "across": across,
    }
    context = replace(CONTEXT, estate=ESTATE)
    return build("same-project", DuplicateProjectsSettings.model_validate(given), context)


def project(number: int, name: str, customer: str, start: date | None, age: int = 0) -> Any:
    return {
        "_record": f"P{number:04d}",
        "name": name,
        "customer": customer,
        "start_on": start,
        "created_at": BORN + timedelta(days=number - age),
    }


def frame(rows: list[Any]) -> pl.DataFrame:
    schema = {"_record": pl.String, "name": pl.String, "customer": pl.String}
    return pl.DataFrame(rows, schema={**schema, "start_on": pl.Date, "created_at": INSTANT})


def draw(count: int = 300, seed: int = 1) -> list[Any]:
    """Projects of many customers, each with some kinds of work to do."""
    rng = Random(seed)
    rows = []
    for number in range(count):
        customer = f"{rng.choice('ABCDEFGH')}{rng.choice(('orden', 'illip', 'andau', 'ethar'))}"
        rows.append(
            project(
                number,
                f"{customer} {rng.choice(WORK)} {rng.choice('NSEW')}{rng.randrange(1_000)}",
                f"{customer} GmbH",
                date(2024, 1, 1) + timedelta(days=rng.randrange(700)),
            )
        )
    return rows


OTHERS = draw()


def found(rows: list[Any], *more: StreamId, also: list[Any] = OTHERS) -> list[Finding]:
    frames = {PROJECTS: frame([*also, *rows])}
    return list(watch().evaluate(Survey(frames, {PROJECTS: NOW}, NOW)).findings)


@pytest.mark.parametrize(
    "again",
    [
        project(901, "Vandermeer ledger migration", "Vandermeer B.V.", date(2025, 3, 1)),
        project(901, "LEDGER MIGRATION VANDERMEER", "Vandermeer BV", date(2025, 3, 1)),
        project(901, "Vandermeer legder migration", "Vandermeer", date(2025, 3, 3)),
        project(901, "Vandermeer ledger migration", "Vandermeer B.V.", None),
    ],
)
def test_a_project_that_was_set_up_again_is_found(again: Any) -> None:
    first = project(900, "Vandermeer ledger migration", "Vandermeer B.V.", date(2025, 3, 1))
    (finding,) = found([first, again])
    assert finding.record_id == "P0901"
    assert finding.transaction == "same:psa.projects/P0900"
    assert finding.field == "name"
    assert finding.expected == "one record, P0900"
    assert (finding.actual or "").startswith("agrees with psa.projects/P0900 in name, customer")
    assert (finding.entity, finding.owner) == ("project", "delivery")


@pytest.mark.parametrize(
    "other",
    [
        project(901, "Vandermeer migration phase 2", "Vandermeer B.V.", date(2025, 3, 1)),
        project(901, "Vandermeer migration phase 1", "Vandermeer B.V.", date(2026, 3, 1)),
        project(901, "Vandermeer migration phase 1", "Zonnebloem N.V.", date(2026, 3, 1)),
    ],
)
def test_a_phase_and_a_year_make_another_project(other: Any) -> None:
    first = project(900, "Vandermeer migration phase 1", "Vandermeer B.V.", date(2025, 3, 1))
    assert found([first, other]) == []


def test_projects_of_one_customer_are_not_one() -> None:
    assert found([]) == []


def test_two_of_one_system_can_both_be_the_one_of_another() -> None:
    start = date(2025, 3, 1)
    whole = project(700, "Vandermeer ledger migration north", "Vandermeer", start)
    parts = [
        project(900, "Vandermeer ledger migration", "Vandermeer", start),
        project(901, "Ledger migration north", "Vandermeer", start),
    ]
    frames = {PROJECTS: frame([*OTHERS, *parts]), ERP: frame([whole])}
    survey = Survey(frames, dict.fromkeys(frames, NOW), NOW)
    (finding,) = watch(PROJECTS, ERP, across=True).evaluate(survey).findings
    assert (finding.system, finding.record_id) == ("psa", "P0901")
    assert finding.transaction == "same:erp.projects/P0700"


@settings(max_examples=10, deadline=None)
@given(st.randoms(use_true_random=False))
def test_neither_order_nor_the_type_of_the_date_matters(random: Random) -> None:
    start = date(2025, 3, 1)
    twice = [
        project(900, "Vandermeer ledger migration", "Vandermeer", start),
        project(901, "Vandermeer ledger migratoin", "Vandermeer", start),
    ]
    rows = [*OTHERS, *twice]
    expected = found(twice)
    random.shuffle(rows)
    shuffled = frame(rows)
    at = pl.col("start_on").cast(INSTANT).alias("start_at")
    for by, rows_of in (
        ("start_on", shuffled),
        ("start_at", shuffled.with_columns(at)),
        ("number", shuffled.with_columns(number=pl.col("start_on").cast(pl.String))),
    ):
        survey = Survey({PROJECTS: rows_of}, {PROJECTS: NOW}, NOW)
        assert list(watch(start=by).evaluate(survey).findings) == expected


def test_a_field_that_cannot_be_a_day_is_refused() -> None:
    with pytest.raises(ValueError, match=r"field .amount. of psa\.projects is decimal"):
        watch(start="amount")


def test_extracts_can_be_looked_at() -> None:
    looked = watch()
    assert isinstance(looked, Timeless)
    assert looked.reads == {
        PROJECTS: frozenset({"name", "customer", "start_on", "created_at"}),
    }
