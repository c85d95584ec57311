"""The small firm, let to correct its PSA: budgets and lost projects, by people's approval."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from monitor.core.breaks import Break
from monitor.core.corrections import CorrectionState, Mode, Plan, PlanState
from monitor.core.flows import HandOffSettings, RuleSettings
from monitor.core.policies import CorrectionSettings, PolicySettings
from monitor.correcting.applying import Applied, apply_plan
from monitor.correcting.keeping import keep_draft
from monitor.correcting.planning import Draft, Request, draft_plan
from monitor.correcting.settling import settle_unknown
from monitor.cycle import run_cycle
from monitor.estate import Estate
from monitor.single_pass import pass_once
from monitor.store.approvals import add_approval
from monitor.store.breaks import list_breaks
from monitor.store.corrections import CorrectionEntry, corrections_of, list_corrections
from monitor.store.plans import load_plan, move_plan, state_of
from reconcilers import RULES
from tests.correcting.target import LedgeredSystem
from tests.cycle.small_firm import OPPORTUNITY, PROJECT, SmallFirm

POLICIES = {
    "budget": {"mode": "propose"},
    "won-to-project": {
        "mode": "propose",
        "fields": {"amount": "amount", "currency": "currency"},
        "set": {"status": "active"},
    },
    "twice": {"mode": "propose", "fix": "close", "set": {"status": "closed"}},
    "orphan": {"mode": "propose", "fix": "hand_over"},
}

_RULES: dict[str, dict[str, Any]] = {
    "budget": {
        "check": "mismatch",
        "left": "crm.opportunity",
        "right": "psa.project",
        "fields": {"amount": {"tolerance": "0.005"}},
    },
    "orphan": {"check": "orphan", "stream": "psa.project", "of": "crm.opportunity"},
    "twice": {"check": "duplicate", "stream": "psa.project", "key": "deal"},
}
"""As the small firm has them."""

CORRECTIONS = {
    "limits": {"corrections": 100, "share": 1},
    "approvers": {"ann": {"roles": ["finance"]}, "bob": {}},
    "tell": ["people"],
}


@dataclass
class CorrectedFirm(SmallFirm):
    """See the module; `policies` and `corrections` are as a landscape has them."""

    policies: dict[str, Any] | None = None
    corrections: dict[str, Any] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.psa = LedgeredSystem(self.clock, PROJECT, self.able)
        self.rebuild()

    @property
    def target(self) -> LedgeredSystem:
        assert isinstance(self.psa, LedgeredSystem)
        return self.psa

    def rebuild(self) -> None:
        """Read the landscape anew."""
        self.estate = self._with_policies(self._build())

    def _with_policies(self, estate: Estate) -> Estate:
        policies = {
            rule: PolicySettings.model_validate(policy)
            for rule, policy in (POLICIES if self.policies is None else self.policies).items()
        }
        settings = CorrectionSettings.model_validate({**CORRECTIONS, **(self.corrections or {})})
        digest = str(hash((repr(policies), repr(settings))))
        [flow] = estate.flows
        flow = replace(
            flow,
            of_record={"amount": OPPORTUNITY},
            policies=policies,
            policies_digest=digest,
            settings=self._settings(),
        )
        projects = estate.sources[PROJECT]
        found_by_deal = projects.settings.model_copy(update={"refers": {"deal": "deal"}})
        sources = {**estate.sources, PROJECT: replace(projects, settings=found_by_deal)}
        return replace(estate, flows=(flow,), corrections=settings, sources=sources)

    def _settings(self) -> dict[str, RuleSettings]:
        hand_off = HandOffSettings.model_validate(
            {
                "from": "crm.opportunity",
                "to": "psa.project",
                "when": {"status": "won"},
                "start": "closed_at",
                "within": "4h",
            }
        )
        rules = {
            name: RULES[each["check"]].settings.model_validate(each)
            for name, each in _RULES.items()
        }
        return {"won-to-project": hand_off, **rules}

    # --- what people and the daemon do --------------------------------------------------------

    def look(self) -> None:
        """One pass over everything."""
        done = pass_once(self.estate, self.runtime)
        assert not done.failed
        assert not done.blind

    def cycle(self) -> None:
        """One cycle over what changed."""
        run_cycle(self.estate, self.database, self.clock)

    def draft(self, mode: Mode = Mode.PROPOSE, requester: str = "carl") -> Draft:
        """What would be planned now."""
        request = Request("sales", mode, requester)
        return draft_plan(self.estate, request, self.database, self.clock)

    def propose(self) -> str:
        """Plan, and keep it; returns its hash."""
        drafted = self.draft()
        assert drafted.refusals == ()
        return self.keep(drafted)

    def keep(self, drafted: Draft) -> str:
        """Keep a draft; returns its hash."""
        assert drafted.plan.corrections, drafted.left_out
        kept = keep_draft(drafted, self.database, self.clock)
        assert kept.state is PlanState.PROPOSED
        return kept.plan.hash

    def approve(self, plan: str) -> None:
        """Ann says yes."""
        with self.database.write() as connection:
            now = self.clock()
            assert add_approval(connection, plan, "ann", "", now, is_approved=True)
            assert move_plan(connection, plan, PlanState.PROPOSED, PlanState.APPROVED, "", now)

    def approved(self) -> str:
        """A plan of everything that can be repaired, approved."""
        plan = self.propose()
        self.approve(plan)
        return plan

    def apply(self, plan: str) -> Applied:
        """Carry out a plan."""
        return apply_plan(self.estate, self.database, plan, self.clock)

    def settle_now(self) -> list[CorrectionState]:
        """Look at what is not known."""
        return [state for _, state in settle_unknown(self.estate, self.database, self.clock)]

    # --- what is known ------------------------------------------------------------------------

    def entries(self, plan: str = "") -> list[CorrectionEntry]:
        """Corrections of a plan, or all, the oldest first."""
        with self.database.read() as connection:
            if plan:
                return corrections_of(connection, plan)
            return list_corrections(connection)[::-1]

    def states(self, plan: str = "") -> list[CorrectionState]:
        """Where the corrections are."""
        return [each.state for each in self.entries(plan)]

    def plan_state(self, plan: str) -> PlanState | None:
        """Where a plan is."""
        with self.database.read() as connection:
            return state_of(connection, plan)

    def plan(self, plan: str) -> Plan:
        """What a plan would do, or did."""
        with self.database.read() as connection:
            kept = load_plan(connection, plan, self.estate.fields)
        assert kept is not None
        return kept.plan

    def breaks(self) -> list[Break]:
        """Breaks that stand."""
        with self.database.read() as connection:
            return list_breaks(connection)


def minutes(count: float) -> timedelta:
    """A length of time."""
    return timedelta(minutes=count)
