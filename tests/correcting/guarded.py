"""A sound plan and a situation in which nothing speaks against it, for tests to change."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from monitor.core.approvals import Approval
from monitor.core.corrections import Correction, Fix, Guard, Mode, Plan
from monitor.core.model import Value
from monitor.core.policies import CorrectionSettings, PolicySettings
from monitor.core.writing import Operation, Write
from monitor.correcting.guards import Moment, examine
from monitor.correcting.situation import Population, Situation
from tests.correcting.firm import PROJECT, key_of

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)  # a Wednesday
POLICY_DIGEST = "d" * 64


def an_update(number: int = 1, **after: Value) -> Write:
    given_ones = after or {"amount": Decimal(1)}
    return Write(
        Operation.UPDATE,
        PROJECT,
        f"p-{number}",
        (key_of(f"OPP-{number}"),),
        "v",
        dict.fromkeys(given_ones),
        given_ones,
    )


def a_correction(number: int = 1, write: Write | None = None, **changes: Any) -> Correction:
    made = Correction(
        fingerprint=f"{number:024}",
        break_id=f"{number:010}",
        transaction=f"OPP-{number}",
        rule="budget",
        fix=Fix.UPDATE,
        write=write or an_update(number),
        value_at_risk=Decimal(100),
        currency="EUR",
        why="the owner says so",
    )
    return replace(made, **changes)


def a_plan(*corrections: Correction, count: int = 1, **changes: Any) -> Plan:
    made = Plan(
        flow="sales",
        mode=Mode.PROPOSE,
        requester="rita",
        made_at=NOW,
        expires_at=NOW + timedelta(hours=4),
        policies=POLICY_DIGEST,
        corrections=corrections or tuple(a_correction(number) for number in range(count)),
    )
    return replace(made, **changes)


def a_situation(plan: Plan, **changes: Any) -> Situation:
    """One in which nothing speaks against the plan."""
    policies = changes.pop("policies", {"budget": {"mode": "propose"}})
    settings = {"approvers": {"ann": {"roles": ["finance"]}, "bob": {}}, "limits": {"share": 0.05}}
    settings |= changes.pop("settings", {})
    made = Situation(
        now=NOW,
        settings=CorrectionSettings.model_validate(settings),
        policies={name: PolicySettings.model_validate(each) for name, each in policies.items()},
        policies_digest=POLICY_DIGEST,
        transactions=1000,
        money={each.fingerprint: Decimal(100) for each in plan.corrections},
        populations={PROJECT: Population(100, 100)},
        clocks={"psa": timedelta(seconds=1)},
        newest=NOW,
        approvals=(Approval("ann", True, "fine", NOW),),
    )
    return replace(made, **changes)


def refused(plan: Plan, moment: Moment = Moment.APPLICATION, **changes: Any) -> set[Guard]:
    return {each.guard for each in examine(plan, a_situation(plan, **changes), moment)}
