"""A policy that its system cannot carry out is found before any break asks for it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from monitor.core.writing import Abilities
from monitor.correcting.fitting import find_inabilities
from tests.cli.conftest import Ran
from tests.correcting.firm import POLICIES, Firm
from tests.correcting.typed import POLICIES as TYPED_POLICIES
from tests.correcting.typed import Typed
from tests.writing.fake_target import FakeTarget


def told(firm: Firm) -> dict[str, str]:
    return {each.rule: each.why for each in find_inabilities(firm.estate)}


def test_policies_that_fit_are_not_told_of(firm: Firm) -> None:
    assert told(firm) == {}


def test_what_a_system_cannot_do_is_told(firm: Firm) -> None:
    firm.change(
        policies={
            **POLICIES,
            "twice": {"mode": "propose", "fix": "close", "set": {"owner": "nobody"}},
            "dead": {"mode": "propose", "fix": "replay", "effect": "psa.project"},
        }
    )
    assert told(firm) == {"twice": "psa.project declares no way to write owner"}
    firm.mq.writable = Abilities()
    assert told(firm)["dead"] == "mq.message declares no way to replay"
    firm.psa.writable = replace(firm.psa.writable, operations={})
    assert told(firm)["won-to-project"] == "psa.project declares no way to create"


def test_a_trigger_that_is_nowhere_declared_is_told(firm: Firm) -> None:
    firm.change(
        policies={"won-to-project": {"mode": "propose", "fix": "trigger", "trigger": "again"}}
    )
    assert told(firm) == {"won-to-project": "crm.opportunity declares no way to trigger"}


def test_what_is_only_observed_is_not_told_of(firm: Firm) -> None:
    firm.change(policies={"twice": {"fix": "close", "set": {"owner": "nobody"}}})
    assert told(firm) == {}


def test_the_doctor_tells_of_it(tmp_path: Path, tieout: Callable[..., Ran]) -> None:
    with FakeTarget() as target:
        typed = Typed(target, tmp_path)
        typed.win("OPP-1", "1", "1")
        policy = {**TYPED_POLICIES["won-to-invoice"], "set": {"created_at": "2026-01-01T00:00Z"}}
        typed.describe({"won-to-invoice": policy})
        ran = tieout("doctor", typed.path, "--json", variables=typed.variables)
    assert "billing.invoice declares no way to write created_at" in ran.out
    assert "policy sales.won-to-invoice" in ran.out
