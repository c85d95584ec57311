"""A screen may hold too many transactions; it lets go of none that has a finding."""

import random
from collections.abc import Mapping

import hypothesis
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.ports import Scope
from monitor.core.screens import Aggregate, Fact, Screen, Screened
from reconcilers import RULES
from tests.reconcilers.scene import Row, Scene
from tests.reconcilers.test_contract import BROKEN, example

OWN = {"python"}
"""A firm's own function: there is no telling what it sorts out by."""

SCREENED = [
    "hand_off",
    *sorted(name for name in RULES.keys() - OWN if isinstance(example(name), Screened)),
]
EVERY_SCREEN = pytest.mark.parametrize("check", SCREENED)


def held(screen: Screen, scope: Scope) -> set[str]:
    """The transactions that the screen holds, by the plainest reading of its facts."""
    names = pl.concat([frame.select("_transaction") for frame in scope.frames.values()]).unique()
    facts = names
    for name, fact in screen.facts.items():
        facts = facts.join(figure(fact, scope).rename({"value": name}), "_transaction", "left")
        if fact.how is Aggregate.COUNT:
            facts = facts.with_columns(pl.col(name).fill_null(0))
    return set(facts.filter(screen.suspicious)["_transaction"])


def figure(fact: Fact, scope: Scope) -> pl.DataFrame:
    frame = scope.frames[fact.stream]
    keys = {
        name: pl.col("_keys")
        .list.eval(
            pl.element().filter(pl.element().str.starts_with(f"{name.removeprefix('_key:')}:"))
        )
        .list.first()
        for name in fact.value.meta.root_names()
        if name.startswith("_key:")
    }
    rows = frame.unique(["_transaction", "_record"]).with_columns(**keys).filter(fact.where)
    how = {
        Aggregate.MIN: fact.value.min(),
        Aggregate.MAX: fact.value.max(),
        Aggregate.SUM: pl.when(fact.value.count() > 0).then(fact.value.sum()),
        Aggregate.COUNT: pl.len(),
    }[fact.how]
    return rows.group_by("_transaction").agg(how.alias("value"))


def disturb(scene: Scene, chance: random.Random) -> Scene:
    """Rows dropped, told twice under another id, moved to other transactions, or made blank."""
    names = sorted({row["_transaction"] for rows in scene.rows.values() for row in rows})

    def change(row: Row) -> list[Row]:
        changed = dict(row)
        if chance.random() < 0.2:
            changed["_transaction"] = chance.choice(names)
        for field in list(changed):
            if not field.startswith("_") and chance.random() < 0.15:
                changed[field] = None
        twin = {**changed, "_record": f"{changed['_record']}-again"}
        return chance.choice([[changed], [changed], [changed, twin], []])

    return Scene(
        {
            stream: [new for row in rows for new in change(row)]
            for stream, rows in scene.rows.items()
        },
        scene.looked,
        scene.now,
    )


@EVERY_SCREEN
@hypothesis.settings(max_examples=25, deadline=None)
@given(chance=st.randoms(use_true_random=False))
def test_no_transaction_with_a_finding_is_let_go(check: str, chance: random.Random) -> None:
    rule, scope = example(check), disturb(BROKEN, chance).scope()
    assert isinstance(rule, Screened)
    screen = rule.screen(scope.now)
    if screen is None:
        return
    found = set(rule.evaluate(scope).found["transaction"])
    assert found <= held(screen, scope)


@EVERY_SCREEN
def test_rows_that_count_in_no_fact_do_not_matter(check: str) -> None:
    rule, scope = example(check), BROKEN.scope()
    assert isinstance(rule, Screened)
    screen = rule.screen(scope.now)
    if screen is None:
        return
    counting: Mapping[object, list[pl.Expr]] = {
        stream: [fact.where for fact in screen.facts.values() if fact.stream == stream]
        for stream in scope.frames
    }
    frames = {
        stream: frame.filter(pl.any_horizontal(counting[stream])) if counting[stream] else frame
        for stream, frame in scope.frames.items()
    }
    value = {rule.reporter.context.value_stream} if hasattr(rule, "reporter") else set()
    frames.update({stream: scope.frames[stream] for stream in value if stream is not None})
    less = Scope(scope.flow, frames, scope.looked_until, scope.now)
    assert rule.evaluate(less).found.equals(rule.evaluate(scope).found)


@EVERY_SCREEN
def test_a_screen_reads_only_fields_that_the_streams_have(check: str) -> None:
    rule = example(check)
    assert isinstance(rule, Screened)
    screen = rule.screen(BROKEN.now)
    for fact in screen.facts.values() if screen else ():
        assert fact.stream in rule.needs
        for name in (*fact.value.meta.root_names(), *fact.where.meta.root_names()):
            known = BROKEN.scope().frames[fact.stream].columns
            assert name in known or name.startswith("_key:")
