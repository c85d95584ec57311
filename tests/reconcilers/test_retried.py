from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from monitor.core.breaks import BreakKind
from tests.reconcilers.scene import Scene, at, findings, row, rule

THREE_ARE_FINE = rule("retried", stream="bus.message", attempts=3)


def tried(attempts: int | None, **fields: Any) -> Scene:
    return Scene({"bus.message": [row("OPP-1", "M", attempts=attempts, **fields)]})


def test_a_message_that_took_too_many_attempts_is_found_although_it_arrived() -> None:
    (finding,) = findings(THREE_ARE_FINE, tried(7, status="delivered", updated_at=at(-2)))
    assert finding.kind is BreakKind.RETRIED
    assert (finding.system, finding.stream, finding.record_id) == ("bus", "message", "M")
    assert (finding.field, finding.expected, finding.actual) == ("attempts", "at most 3", "7")
    assert (finding.owner, finding.since) == ("integration", at(-2))


@given(st.integers(0, 9) | st.none())
def test_only_more_attempts_than_allowed_are_too_many(attempts: int | None) -> None:
    assert bool(findings(THREE_ARE_FINE, tried(attempts))) is (
        attempts is not None and attempts > 3
    )


def test_messages_outside_the_condition_may_try_as_often_as_they_like() -> None:
    asked = rule("retried", stream="bus.message", attempts=3, where={"queue": "orders"})
    assert findings(asked, tried(9, queue="mail")) == ()
    assert len(findings(asked, tried(9, queue="Orders"))) == 1


def test_settings_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match=r"field 'flow' of bus.message is text, but integer"):
        rule("retried", stream="bus.message", attempts=3, field="flow")
    with pytest.raises(ValueError, match=r"unknown field of psa.project 'attempts'"):
        rule("retried", stream="psa.project", attempts=3)
    with pytest.raises(ValidationError, match="greater than or equal to 1"):
        rule("retried", stream="bus.message", attempts=0)
