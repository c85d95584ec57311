"""No sequence of what people do lets through a write that nobody else approved as it is.

A machine plans, approves, rejects, applies, undoes, waits, edits records behind tieout's back,
changes policies, halts, resumes, loses writes on their way that arrive hours later, and dies in the
middle. Beside it stands a model that knows only what was said by whom and when; what the systems'
own ledgers show must be covered by it.
"""

import tempfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from monitor.core.corrections import Plan, PlanState
from monitor.core.errors import Permanent, TieoutError
from monitor.core.writing import Operation, Write
from monitor.correcting.applying import apply_plan
from monitor.correcting.approving import approve, expire_overdue, load_named, reject
from monitor.correcting.failpoints import Failpoint, arm
from monitor.correcting.halting import halt, resume
from monitor.correcting.keeping import Kept, keep_draft
from monitor.correcting.settling import settle_unknown
from monitor.correcting.undoing import draft_undo
from monitor.store.audit import verify_audit
from monitor.store.corrections import list_corrections
from monitor.store.database import Database, open_database
from tests.correcting.firm import CORRECTIONS, POLICIES, Firm
from tests.databases import SQLite

PEOPLE = st.sampled_from(["rita", "ann", "bob", "mallory"])
DEALS = st.integers(1, 4)
APPROVERS: Mapping[str, Any] = {"rita": {}, "ann": {}, "bob": {}}
LIMIT, DAILY = 3, 4
LATE = timedelta(hours=4)
"""How long after it was given up a write may still arrive; as the settings have it."""
PATIENCE = timedelta(minutes=15)

_ONE: Mapping[str, Any] = {
    **CORRECTIONS,
    "approvers": APPROVERS,
    "limits": {"corrections": LIMIT, "share": 1},
    "daily": {"corrections": DAILY, "share": 1},
    "late": "4h",
}
SETTINGS: Mapping[str, Mapping[str, Any]] = {
    "one": _ONE,
    "two": {**_ONE, "quorum": [{"approvals": 2}]},
}


class Action(StrEnum):
    """What can happen next."""

    APPROVE_AND_APPLY = "approve_and_apply"
    APPROVE = "approve"
    APPLY = "apply"
    BREAK_AND_PROPOSE = "break_and_propose"
    EDIT = "edit"
    WAIT = "wait"
    UNDO = "undo"
    POLICY = "policy"
    SWITCH = "switch"
    REJECT = "reject"
    SETTLE = "settle"
    LOSE = "lose"
    ARRIVE = "arrive"
    DEAD_LETTER = "dead_letter"


BETWEEN = (Action.EDIT, Action.WAIT, Action.POLICY, Action.SWITCH, Action.REJECT)
"""What may come between an approval and what follows from it."""

CAUSES = (Action.BREAK_AND_PROPOSE, Action.DEAD_LETTER, Action.UNDO)
"""What makes a plan where none is left."""

DEATHS = st.sampled_from([None, None, None, *Failpoint])
"""Where a process that applies a plan dies; mostly it does not."""


class Killed(BaseException):
    """The process ends here: nothing may catch it."""


@dataclass
class Known:
    """What the model knows of a plan, from what was said alone."""

    plan: Plan
    requester: str
    made_at: datetime
    settings: str
    said_yes: set[str] = field(default_factory=set)
    said_no: bool = False


class Corrections(RuleBasedStateMachine):
    """See the module."""

    template: SQLite

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.database: Database = open_database(self.template.migrated(Path(self.folder.name)))
        self.settings = "one"
        self.firm = Firm(self.database, corrections=SETTINGS["one"])
        self.known: dict[str, Known] = {}
        self.halted = False
        self.seen = {"psa": 0, "mq": 0}

    def teardown(self) -> None:
        arm()
        self.database.close()
        self.folder.cleanup()

    @initialize()
    def begin(self) -> None:
        """Four deals that agree, and one that does not yet have a project."""
        self.firm.agree(4)
        self.firm.win("OPP-5")
        self.firm.settle_down()
        self._propose("rita")

    @rule(action=st.sampled_from(Action), data=st.data())
    def something_happens(self, action: Action, data: st.DataObject) -> None:
        """One rule for all, so that none of them is ever left out of a run."""
        self._happen(action, data)

    def _happen(self, action: Action, data: st.DataObject) -> None:
        match action:
            case Action.BREAK_AND_PROPOSE:
                self.firm.psa.edit("p-OPP-1", amount=Decimal("700.00"))
                self._wait(data)
                self._propose(data.draw(PEOPLE))
            case Action.DEAD_LETTER:
                deal = f"OPP-{data.draw(DEALS) + 3}"
                self.firm.fail_delivery(deal, native_id=f"m-{deal}-{len(self.known)}")
                self.firm.look()
                self._propose(data.draw(PEOPLE))
            case Action.UNDO:
                self._propose_to_undo(data.draw(PEOPLE))
            case Action.POLICY:
                self._change_policy(data.draw(st.sampled_from(["one", "one", "two", "none"])))
            case Action.SWITCH:
                self._switch(data.draw(PEOPLE), is_on=data.draw(st.booleans()))
            case Action.APPROVE | Action.APPLY | Action.APPROVE_AND_APPLY | Action.REJECT:
                if not any(map(self._is_live, self.known)):
                    self._happen(data.draw(st.sampled_from(CAUSES)), data)
                if self.known:
                    self._speak(action, self._pick(data), data)
            case _:
                self._pass_time(action, data)

    def _is_live(self, plan: str) -> bool:
        return self._state(plan) in (PlanState.PROPOSED, PlanState.APPROVED)

    def _pass_time(self, action: Action, data: st.DataObject) -> None:
        """What happens without anybody asking tieout for anything."""
        match action:
            case Action.EDIT:
                self._edit(data)
            case Action.WAIT:
                self._wait(data)
            case Action.SETTLE:
                self._settle()
            case Action.LOSE:
                self.firm.psa.pen.holds = True
            case Action.ARRIVE:
                self._arrive()

    def _speak(self, action: Action, plan: str, data: st.DataObject) -> None:
        match action:
            case Action.APPROVE:
                self._approve(plan, data.draw(PEOPLE))
            case Action.APPROVE_AND_APPLY:
                for who in sorted(set(APPROVERS) - {self.known[plan].requester}):
                    self._approve(plan, who)
                between = data.draw(st.sampled_from([None, None, Action.LOSE, *BETWEEN]))
                if between is not None:
                    self._happen(between, data)
                self._apply(plan, data.draw(DEATHS))
            case Action.APPLY:
                self._apply(plan, data.draw(DEATHS))
            case Action.REJECT:
                self._reject(plan, data.draw(PEOPLE))

    def _edit(self, data: st.DataObject) -> None:
        amount = Decimal(data.draw(st.sampled_from(["900.00", "1100.00"])))
        deal = data.draw(DEALS)
        match data.draw(st.sampled_from(["crm", "psa", "staff"])):
            case "crm":
                self.firm.crm.edit(f"o-OPP-{deal}", amount=amount)
            case "psa":
                self.firm.psa.edit(f"p-OPP-{deal}", amount=amount)
            case _:
                self.firm.staff(f"OPP-{deal + 3}", native_id=f"p-OPP-{deal + 3}")

    def _wait(self, data: st.DataObject) -> None:
        self.firm.later(seconds=data.draw(st.sampled_from([30, 60, 3600, 5 * 3600])))
        self.firm.look()

    def _propose_to_undo(self, who: str) -> None:
        self.firm.later(seconds=1)
        with self.database.read() as connection:
            done = list_corrections(connection)
        for each in done[:1]:
            with suppress(TieoutError):
                draft = draft_undo(self.firm.estate, self.database, each.id, who, self.firm.clock)
                self._keep(keep_draft(draft, self.database, self.firm.clock))

    def _approve(self, plan: str, who: str) -> None:
        answer = approve(self.firm.estate, self.database, plan, who, "", self.firm.clock)
        known = self.known[plan]
        if not answer.refusals:
            assert who in APPROVERS
            assert who != known.requester
            assert who not in known.said_yes
            known.said_yes.add(who)

    def _reject(self, plan: str, who: str) -> None:
        with suppress(Permanent):
            answer = reject(self.firm.estate, self.database, plan, who, "", self.firm.clock)
            if not answer.refusals:
                self.known[plan].said_no = True

    def _change_policy(self, name: str) -> None:
        self.settings = name
        policies = {} if name == "none" else POLICIES
        self.firm.change(policies, SETTINGS.get(name, SETTINGS["one"]))

    def _switch(self, who: str, *, is_on: bool) -> None:
        if is_on:
            halt(self.database, who, "", self.firm.clock)
        else:
            resume(self.database, who, "", self.firm.clock)
        self.halted = is_on

    def _apply(self, plan: str, dies_at: Failpoint | None) -> None:
        allowed = self._allowed(self.known[plan])
        before = {name: row.version for name, row in self.firm.psa.rows.items()}
        staffed = {use.value for row in self.firm.psa.rows.values() for use in row.keys}
        sent = set(self.firm.psa.pen.sent) | set(self.firm.mq.pen.sent)
        waited_for = self._waited_for()

        def reached(point: Failpoint) -> None:
            if point is dies_at:
                raise Killed

        arm(reached)
        try:
            with suppress(TieoutError, Killed):
                apply_plan(self.firm.estate, self.database, plan, self.firm.clock)
        finally:
            arm()
        tried = [
            write
            for pen in (self.firm.psa.pen, self.firm.mq.pen)
            for key, (_, write) in pen.sent.items()
            if key not in sent
        ]
        assert not tried or allowed, "something was written that nobody may write"
        assert not (tried and self.halted), "something was written while all was halted"
        assert len(tried) <= LIMIT
        writes = [each.write for each in self.known[plan].plan.corrections if each.write]
        for each in tried:
            assert any(_covers(write, each, before) for write in writes)
            assert _record(each) not in waited_for, "an earlier write to it may still arrive"
            is_replay = each.operation is Operation.REPLAY
            assert not (is_replay and {use.value for use in each.keys} & staffed)
        self._see_effects()

    def _waited_for(self) -> set[str]:
        """Records to which a write is on its way that tieout still has to look for."""
        pen = self.firm.psa.pen
        since = self.firm.clock() - PATIENCE - LATE
        return {
            _record(write) for key in pen.under_way for at, write in [pen.sent[key]] if at > since
        }

    def _see_effects(self) -> None:
        """Nothing is done twice: every effect is that of one write which was sent."""
        for name in self.seen:
            pen = self.firm.systems[name].pen
            self.seen[name] = len(pen.effects)
            assert len(pen.effects) <= len(pen.sent)

    def _arrive(self) -> None:
        """What was on its way arrives, and time passes in which it is looked for."""
        self.firm.psa.pen.arrive()
        self._see_effects()
        self._settle()

    def _settle(self) -> None:
        self.firm.later(minutes=20)
        self.firm.look()
        with suppress(TieoutError):
            settle_unknown(self.firm.estate, self.database, self.firm.clock)
        expire_overdue(self.database, self.firm.clock)
        for name, count in self.seen.items():
            assert len(self.firm.systems[name].pen.effects) == count, "settling wrote something"

    @invariant()
    def no_day_sees_more_than_it_may(self) -> None:
        pens = (self.firm.psa.pen, self.firm.mq.pen)
        sent = sorted(at for pen in pens for at, _ in pen.sent.values())
        for at in sent:
            assert sum(at <= other < at + timedelta(days=1) for other in sent) <= DAILY

    @invariant()
    def nothing_is_approved_by_who_asked_or_by_strangers(self) -> None:
        for name, known in self.known.items():
            if self._state(name) in (PlanState.APPROVED, PlanState.APPLYING):
                assert known.said_yes - {known.requester}
                assert known.said_yes <= set(APPROVERS)

    @invariant()
    def the_audit_log_holds(self) -> None:
        with self.database.read() as connection:
            assert verify_audit(connection) is None

    def _propose(self, who: str) -> None:
        self.firm.later(seconds=1)
        with suppress(Permanent):
            self._keep(keep_draft(self.firm.draft(requester=who), self.database, self.firm.clock))

    def _keep(self, kept: Kept) -> None:
        if kept.state is PlanState.PROPOSED:
            plan = kept.plan
            assert len(plan.corrections) <= LIMIT
            self.known[plan.hash] = Known(plan, plan.requester, self.firm.clock(), self.settings)

    def _pick(self, data: st.DataObject) -> str:
        """Mostly the newest of which something can still become."""
        newest, *older = sorted(self.known, key=self._promise, reverse=True)
        return data.draw(st.sampled_from([newest] * 5 + older[:2]))

    def _promise(self, name: str) -> tuple[bool, datetime]:
        return self._is_live(name), self.known[name].made_at

    def _state(self, name: str) -> PlanState:
        return load_named(self.firm.estate, self.database, name).state

    def _allowed(self, known: Known) -> bool:
        """Whether anything of a plan may be written now, by what was said alone."""
        needed = 2 if known.settings == "two" else 1
        return (
            len(known.said_yes - {known.requester}) >= needed
            and not known.said_no
            and known.settings == self.settings
            and self.firm.clock() < known.made_at + timedelta(hours=4)
            and not self.halted
        )


def _covers(planned: Write, sent: Write, before: Mapping[str, str]) -> bool:
    """Whether what was sent is what was planned, to a record as it was when it was planned."""
    if (planned.operation, planned.after) != (sent.operation, sent.after):
        return False
    if planned.operation in (Operation.CREATE, Operation.REPLAY):
        return planned.keys == sent.keys
    return planned.native_id == sent.native_id and before.get(sent.native_id) == planned.version


def _record(write: Write) -> str:
    """What a write is about, as an id or, before there is one, as its keys."""
    return write.native_id or str(sorted(use.value for use in write.keys))


def test_nothing_gets_through_that_nobody_else_approved_as_it_is(sqlite: SQLite) -> None:
    Corrections.template = sqlite
    run_state_machine_as_test(
        Corrections,
        settings=settings(
            max_examples=10,
            stateful_step_count=16,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
