"""What holds for every rule."""

import random
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any

import hypothesis
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.core.breaks import Finding
from monitor.core.ports import Attentive, Rule, Scope, Verdict
from reconcilers import RULES
from tests.reconcilers.scene import (
    CONTEXT,
    NOW,
    Row,
    Scene,
    at,
    hand_off,
    in_order,
    row,
    rule,
    said,
)

EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "applied_once": {
        "base": {"stream": "crm.opportunity"},
        "amendments": {"stream": "crm.change_order"},
        "total": {"stream": "erp.project"},
    },
    "contradiction": {
        "left": {"stream": "crm.opportunity", "when": {"status": "lost"}},
        "right": {"stream": "psa.project", "when": {"status": "active"}},
    },
    "dead_letter": {"stream": "bus.message"},
    "duplicate": {"stream": "psa.project", "key": "deal"},
    "expression": {
        "stream": "psa.project",
        "query": """
            SELECT p.transaction, p.record_id, o.amount AS expected, p.amount AS actual,
                   p.amount - o.amount AS value_at_risk, o.closed_at + INTERVAL '10h' AS due
            FROM psa.project AS p
            RIGHT JOIN crm.opportunity AS o ON o.transaction = p.transaction
            WHERE p.amount IS NULL OR p.amount <> o.amount
            """,
    },
    "lineage": {
        "stream": "crm.change_order",
        "start": "approved_at",
        "key": "change_order",
        "downstream": [
            {"stream": "psa.change_order", "within": "1h"},
            {"stream": "erp.change_order", "within": "1d"},
        ],
    },
    "mandatory": {
        "stream": "psa.project",
        "stages": [{"fields": ["amount"]}, {"when": {"status": "active"}, "fields": ["name"]}],
    },
    "mismatch": {
        "left": "crm.opportunity",
        "right": "psa.project",
        "fields": {"amount": {"tolerance": "0.01"}, "name": {}, "start_on": {}},
    },
    "orphan": {"stream": "erp.invoice"},
    "policy": {
        "given": {"region": "crm.opportunity", "status": "erp.project"},
        "stream": "erp.project",
        "rows": [
            {"when": {"region": "EMEA"}, "then": {"legal_entity": "DE01", "owner": ["A", "B"]}},
            {"when": {"region": "UK", "status": "open"}, "then": {"legal_entity": "GB01"}},
        ],
    },
    "python": {
        "function": "dear-projects",
        "streams": ["crm.opportunity", "psa.project"],
        "stream": "psa.project",
    },
    "replayed": {"stream": "bus.message", "by": ["flow"], "target": "psa.project"},
    "requires": {
        "stream": "psa.milestone",
        "where": {"status": "complete"},
        "needs": "erp.invoice",
        "start": "completed_at",
        "within": "2h",
        "during": {"day": "completed_at", "ends": "due_on"},
    },
    "retried": {"stream": "bus.message", "attempts": 3},
    "stuck": {"stream": "bus.message", "after": "1h"},
    "tie_out": {
        "sides": {
            "sold": [{"stream": "crm.opportunity"}, {"stream": "crm.change_order"}],
            "planned": [{"stream": "psa.project"}],
            "booked": [{"stream": "erp.project"}],
        },
        "tolerance": "0.005",
    },
    "undelivered": {"stream": "bus.message", "to": "erp.project", "within": "1h"},
}


@cache
def example(check: str) -> Rule:
    return hand_off(missing_after="1d") if check == "hand_off" else rule(check, **EXAMPLES[check])


EVERY_RULE = pytest.mark.parametrize("check", ["hand_off", *sorted(RULES)])
ATTENTIVE = ("dead_letter", "duplicate", "hand_off", "mismatch", "orphan", "stuck", "tie_out")
EVERY_TABLED_RULE = pytest.mark.parametrize("check", sorted(RULES))


def change_order(deal: str, number: str, revision: int, since: datetime, record: str = "") -> Row:
    return row(
        deal,
        record or number,
        keys=[f"change_order:{number}"],
        revision=revision,
        approved_at=since,
        created_at=since,
        amount=Decimal(2),
    )


BROKEN = Scene(
    {
        "crm.opportunity": [
            row(
                "OPP-1",
                "1",
                status="won",
                closed_at=at(-9),
                amount=Decimal(10),
                currency="EUR",
                region="EMEA",
            ),
            row("OPP-2", "2", status="lost", amount=Decimal(20), currency="EUR", name="Two"),
            row("OPP-3", "3", status="won", closed_at=at(-99), amount=Decimal(30), region="UK"),
            row("OPP-4", "4", status="won", closed_at=at(-1), amount=Decimal(40)),
        ],
        "psa.project": [
            row("OPP-2", "21", keys=["deal:OPP-2"], status="active", amount=Decimal(21)),
            row("OPP-2", "22", keys=["deal:OPP-2"], status="active", amount=Decimal(20)),
        ],
        "erp.invoice": [row("OPP-9", "I", created_at=at(-5)), row("OPP-1", "J")],
        "bus.message": [
            row("OPP-1", "M", status="dead", updated_at=at(-5)),
            row("OPP-2", "N", status="pending", updated_at=at(-5)),
            row("OPP-3", "O", status="pending", updated_at=at(0), attempts=4),
            row("OPP-2", "R", status="done", flow="deal", updated_at=at(-3), created_at=at(-4)),
            row("OPP-2", "Q", status="done", flow="deal", updated_at=at(-2), created_at=at(-3)),
            row("OPP-4", "S", status="done", flow="deal", updated_at=at(0)),
        ],
        "crm.change_order": [
            change_order("OPP-1", "C1", 2, at(-9)),
            change_order("OPP-1", "C2", 1, at(0)),
            change_order("OPP-3", "C3", 1, at(-3)),
        ],
        "psa.change_order": [
            change_order("OPP-1", "C1", 1, at(-9)),
            change_order("OPP-3", "C3", 1, at(-3)),
            change_order("OPP-3", "C3", 1, at(-3), record="again"),
        ],
        "erp.project": [
            row("OPP-1", "E1", legal_entity="FR01", owner="c", amount=Decimal(14)),
            row("OPP-3", "E3", status="open", legal_entity="gb01", amount=Decimal(34)),
        ],
        "psa.milestone": [
            row("OPP-1", "M1", status="complete", completed_at=at(-5)),
            row("OPP-2", "M2", status="complete", completed_at=at(-5), amount=Decimal(3)),
            row("OPP-3", "M3", status="complete", completed_at=at(-1)),
        ],
    }
)


def test_every_rule_has_an_example_here() -> None:
    assert sorted(EXAMPLES) == sorted(RULES)


@EVERY_TABLED_RULE
def test_unknown_settings_are_refused(check: str) -> None:
    settings = RULES[check].settings
    settings.model_validate({"check": check, **EXAMPLES[check]})
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        settings.model_validate({"check": check, **EXAMPLES[check], "tolerence": 1})
    with pytest.raises(ValidationError):
        settings.model_validate({"check": "other", **EXAMPLES[check]})


@EVERY_TABLED_RULE
def test_settings_can_be_written_as_a_schema(check: str) -> None:
    schema = RULES[check].settings.model_json_schema()
    assert schema["properties"]["check"]["const"] == check


@EVERY_RULE
def test_a_planted_fault_is_found_with_a_fingerprint_of_its_own(check: str) -> None:
    found = example(check).evaluate(BROKEN.scope()).findings
    assert found
    assert len({finding.fingerprint for finding in found}) == len(found)
    assert all(isinstance(finding, Finding) for finding in found)
    assert all(finding.rule == example(check).name for finding in found)


@EVERY_RULE
def test_nothing_is_found_where_there_is_nothing(check: str) -> None:
    assert in_order(example(check).evaluate(Scene({}).scope())) == said()


@EVERY_RULE
def test_what_it_needs_is_all_that_its_answer_depends_on(check: str) -> None:
    asked = example(check)
    whole, scope = asked.evaluate(BROKEN.scope()), BROKEN.scope()
    bare = replace(
        scope,
        frames={stream: scope.frames[stream] for stream in asked.needs},
        looked_until={stream: scope.looked_until[stream] for stream in asked.needs},
    )
    without_money = asked.evaluate(bare)
    assert without_money.deadlines == whole.deadlines
    fingerprints = [finding.fingerprint for finding in whole.findings]
    assert [finding.fingerprint for finding in without_money.findings] == fingerprints


@EVERY_RULE
def test_what_rules_say_of_the_fields_they_mind_is_tried_here(check: str) -> None:
    assert isinstance(example(check), Attentive) == (check in ATTENTIVE)


@pytest.mark.parametrize("check", ATTENTIVE)
@hypothesis.settings(max_examples=25, deadline=None)
@given(chance=st.randoms(use_true_random=False))
def test_other_fields_than_those_it_minds_never_end_its_silence(
    check: str, chance: random.Random
) -> None:
    asked = example(check)
    assert isinstance(asked, Attentive)
    assert asked.minds.keys() == asked.needs
    some = Scene(
        {
            stream: [row for row in rows if chance.random() < 0.8]
            for stream, rows in BROKEN.rows.items()
        }
    )
    scope = some.scope()
    frames = {
        stream: _disturbed(frame, asked.minds.get(stream, frozenset()), chance)
        for stream, frame in scope.frames.items()
    }
    assert _loud(asked, replace(scope, frames=frames)) == _loud(asked, scope)


def _disturbed(frame: pl.DataFrame, minded: frozenset[str], chance: random.Random) -> pl.DataFrame:
    """Other values in every column that is not minded; stamps move unless they are."""
    left = {"_transaction", "_record", "_keys"} | minded
    if "_modified_at" in minded:
        left.add("_observed_at")
    others: Mapping[pl.DataType, list[Any]] = {
        pl.String(): ["won", "active", "dead", "another", None],
        pl.Decimal(38, 6): [Decimal(20), Decimal(7), None],
        pl.Datetime("us", "UTC"): [at(-99), at(-1), None],
    }
    changed = {name: kind for name, kind in frame.schema.items() if name not in left}
    disturbed = frame.with_columns(
        pl.Series(name, [chance.choice(others[kind]) for _ in range(frame.height)], kind)
        for name, kind in changed.items()
        if kind in others
    )
    # Whatever there is was seen at some time.
    return disturbed.with_columns(pl.col("_observed_at").fill_null(at(-1)))


def _loud(asked: Rule, scope: Scope) -> set[str]:
    """Transactions of which it finds or awaits something."""
    verdict = asked.evaluate(scope)
    return {*verdict.found["transaction"], *verdict.awaited["transaction"]}


@EVERY_RULE
def test_the_scope_is_left_as_it_was(check: str) -> None:
    scope, untouched = BROKEN.scope(), BROKEN.scope()
    example(check).evaluate(scope)
    for stream, frame in untouched.frames.items():
        assert frame.equals(scope.frames[stream])
        assert frame.schema == scope.frames[stream].schema


@EVERY_RULE
@hypothesis.settings(max_examples=25, deadline=None)
@given(chance=st.randoms(use_true_random=False))
def test_neither_order_nor_repetition_of_rows_matters(check: str, chance: random.Random) -> None:
    asked = example(check)
    straight, disturbed = asked.evaluate(BROKEN.scope()), asked.evaluate(BROKEN.scope(chance))
    assert in_order(disturbed) == in_order(straight)


@EVERY_RULE
def test_transactions_do_not_touch_one_another(check: str) -> None:
    asked = example(check)
    together = asked.evaluate(BROKEN.scope())
    names = {each["_transaction"] for rows in BROKEN.rows.values() for each in rows}
    apart: list[Verdict] = []
    for name in sorted(names):
        alone = Scene(
            {
                stream: [each for each in rows if each["_transaction"] == name]
                for stream, rows in BROKEN.rows.items()
            }
        )
        apart.append(asked.evaluate(alone.scope()))
    whole = Verdict(
        pl.concat([verdict.found for verdict in apart]),
        pl.concat([verdict.awaited for verdict in apart]),
    )
    assert in_order(whole) == in_order(together)


@EVERY_RULE
def test_deadlines_lie_ahead_when_everything_was_looked_at(check: str) -> None:
    verdict = example(check).evaluate(BROKEN.scope())
    assert all(deadline.at > NOW for deadline in verdict.deadlines)


@EVERY_RULE
def test_the_system_at_fault_has_its_owner_and_the_rule_its_streams(check: str) -> None:
    asked = example(check)
    for finding in asked.evaluate(BROKEN.scope()).findings:
        assert finding.owner == CONTEXT.owners[finding.system]
        assert (finding.system, finding.stream) in asked.needs
