"""What holds for every rule."""

import random
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import hypothesis
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.core.breaks import Finding
from monitor.core.ports import Rule, Verdict
from reconcilers import RULES
from tests.reconcilers.scene import CONTEXT, NOW, Scene, at, hand_off, in_order, row, rule, said

EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "contradiction": {
        "left": {"stream": "crm.opportunity", "when": {"status": "lost"}},
        "right": {"stream": "psa.project", "when": {"status": "active"}},
    },
    "dead_letter": {"stream": "bus.message"},
    "duplicate": {"stream": "psa.project", "key": "deal"},
    "mismatch": {
        "left": "crm.opportunity",
        "right": "psa.project",
        "fields": {"amount": {"tolerance": "0.01"}, "name": {}, "start_on": {}},
    },
    "orphan": {"stream": "erp.invoice"},
    "stuck": {"stream": "bus.message", "after": "1h"},
}


def example(check: str) -> Rule:
    return hand_off(missing_after="1d") if check == "hand_off" else rule(check, **EXAMPLES[check])


EVERY_RULE = pytest.mark.parametrize("check", ["hand_off", *sorted(RULES)])
EVERY_TABLED_RULE = pytest.mark.parametrize("check", sorted(RULES))

BROKEN = Scene(
    {
        "crm.opportunity": [
            row("OPP-1", "1", status="won", closed_at=at(-9), amount=Decimal(10), currency="EUR"),
            row("OPP-2", "2", status="lost", amount=Decimal(20), currency="EUR", name="Two"),
            row("OPP-3", "3", status="won", closed_at=at(-99), amount=Decimal(30)),
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
            row("OPP-3", "O", status="pending", updated_at=at(0)),
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
def test_the_scope_is_left_as_it_was(check: str) -> None:
    scope, untouched = BROKEN.scope(), BROKEN.scope()
    example(check).evaluate(scope)
    for stream, frame in untouched.frames.items():
        assert frame.equals(scope.frames[stream])
        assert frame.schema == scope.frames[stream].schema


@EVERY_RULE
@hypothesis.settings(max_examples=25)
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
