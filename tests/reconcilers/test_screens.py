"""A screen may hold whom it likes, but lets nobody go who breaks the rule."""

import random
from collections.abc import Mapping
from functools import reduce
from typing import Any

import hypothesis
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.core.ports import Rule, Scope
from monitor.core.screens import Aggregate, Fact, Screen, Screened
from tests.reconcilers.scene import NOW, Scene, rule
from tests.reconcilers.test_contract import BROKEN, EVERY_RULE, example

MATCHED: Mapping[str, Mapping[str, Any]] = {
    "plain": {"needs": "erp.project"},
    "matched": {"needs": "psa.change_order", "match": "change_order"},
    "in-state": {"needs": "erp.project", "that": {"status": "open"}},
}


def figure(scope: Scope, fact: Fact) -> pl.DataFrame:
    """One fact of every transaction that has rows for it."""
    frame = scope.frames[fact.stream].unique(["_transaction", "_record"])
    kinds = [
        name.removeprefix("_key:")
        for each in (fact.value, fact.where)
        for name in each.meta.root_names()
        if name.startswith("_key:")
    ]
    keyed = frame.with_columns(
        pl.col("_keys").list.filter(pl.element().str.starts_with(f"{kind}:")).list.first()
        .alias(f"_key:{kind}")
        for kind in kinds
    )  # fmt: skip
    value = fact.value.alias("fact")
    aggregated = {
        Aggregate.MIN: value.min(),
        Aggregate.MAX: value.max(),
        Aggregate.COUNT: pl.len().alias("fact"),
        Aggregate.SUM: value.sum(),
    }[fact.how]
    return keyed.filter(fact.where).group_by("_transaction").agg(aggregated)


def held(scope: Scope, screen: Screen) -> set[str]:
    everyone = pl.concat([frame.select("_transaction") for frame in scope.frames.values()]).unique()

    def add(whole: pl.DataFrame, named: tuple[str, Fact]) -> pl.DataFrame:
        name, fact = named
        joined = whole.join(
            figure(scope, fact).rename({"fact": name}), on="_transaction", how="left"
        )
        if fact.how is Aggregate.COUNT:
            joined = joined.with_columns(pl.col(name).fill_null(0))
        return joined

    gathered = reduce(add, screen.facts.items(), everyone)
    return set(gathered.filter(screen.suspicious)["_transaction"])


def assert_nobody_escapes(asked: Rule, scope: Scope) -> None:
    assert isinstance(asked, Screened)
    screen = asked.screen(NOW)
    if screen is not None:
        broken = {finding.transaction for finding in asked.evaluate(scope).findings}
        assert broken <= held(scope, screen)


def some_of(chance: random.Random) -> Scope:
    return Scene(
        {
            stream: [each for each in rows if chance.random() < 0.7]
            for stream, rows in BROKEN.rows.items()
        }
    ).scope(chance)


@EVERY_RULE
@hypothesis.settings(max_examples=10, deadline=None)
@given(chance=st.randoms(use_true_random=False))
def test_nobody_who_breaks_a_rule_is_let_go(check: str, chance: random.Random) -> None:
    asked = example(check)
    if isinstance(asked, Screened):
        assert_nobody_escapes(asked, some_of(chance))


@pytest.mark.parametrize("how", MATCHED)
@hypothesis.settings(max_examples=10, deadline=None)
@given(chance=st.randoms(use_true_random=False))
def test_no_record_that_lacks_what_it_needs_is_let_go(how: str, chance: random.Random) -> None:
    asked = rule("requires", stream="crm.change_order", **MATCHED[how])
    assert_nobody_escapes(asked, some_of(chance))


def test_who_plainly_has_what_it_needs_is_let_go() -> None:
    asked = rule("requires", stream="crm.change_order", **MATCHED["matched"])
    assert isinstance(asked, Screened)
    screen = asked.screen(NOW)
    assert screen is not None
    assert held(BROKEN.scope(), screen) == {"OPP-1", "OPP-3"}
    only = Scene({**BROKEN.rows, "psa.change_order": BROKEN.rows["crm.change_order"]})
    assert held(only.scope(), screen) == set()
