"""Ignores: breaks that people decided not to hear of, for how long, and why.

An ignore is either of single breaks, as they were when somebody judged them, or of a pattern,
which covers whatever fits it. A break that comes to say something worse, or comes back after it was
gone, is not what was judged, and is heard. Nothing is hidden by an ignore: the break stands, is
counted and is looked at as before; people are left alone with it.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from monitor.core.breaks import (
    Break,
    BreakKind,
    BreakState,
    Classification,
    Finding,
    Transition,
    TransitionKind,
)

_HEARD = frozenset({BreakState.OPEN, BreakState.ACKNOWLEDGED})
"""States in which people hear of a break and nobody is at work on it."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What a break said when somebody judged it.

    Attributes:
        episode: of the break; what is gone and comes back is news.
        kind, classification, expected, actual, value_at_risk, currency: as in `Finding`.
    """

    episode: int
    kind: BreakKind
    classification: Classification
    expected: str | None
    actual: str | None
    value_at_risk: Decimal | None
    currency: str

    @classmethod
    def of(cls, each: Break) -> "Statement":
        """What it says now."""
        found = each.finding
        return cls(
            each.episode,
            found.kind,
            found.classification,
            found.expected,
            found.actual,
            found.value_at_risk,
            found.currency,
        )

    def holds(self, each: Break) -> bool:
        """Whether the break still says so; less money at risk is no news, more of it is."""
        now = Statement.of(each)
        if replace(now, value_at_risk=self.value_at_risk) != self:
            return False
        return (now.value_at_risk or Decimal(0)) <= (self.value_at_risk or Decimal(0))


@dataclass(frozen=True, slots=True)
class Pattern:
    """Which breaks are meant; `*` stands for any text, `?` for one character, empty for anything.

    Attributes:
        rule: name of the rule in the landscape.
        system: the system at fault.
        field: the field that differs.
        deal: business key of the deal, in any case.
    """

    rule: str = ""
    system: str = ""
    field: str = ""
    deal: str = ""

    def fits(self, found: Finding) -> bool:
        """Whether a finding is meant; a pattern without any condition means none."""
        conditions = (
            (self.rule, found.rule),
            (self.system, found.system),
            (self.field, found.field),
            (self.deal.casefold(), found.transaction.casefold()),
        )
        return self != Pattern() and all(
            _matches(pattern, value) for pattern, value in conditions if pattern
        )

    def __str__(self) -> str:
        parts = (
            ("rule", self.rule),
            ("system", self.system),
            ("field", self.field),
            ("deal", self.deal),
        )
        return ", ".join(f"{name} {pattern}" for name, pattern in parts if pattern)


def _matches(pattern: str, value: str) -> bool:
    words = {"*": ".*", "?": "."}
    expression = "".join(words.get(sign, re.escape(sign)) for sign in pattern)
    return re.fullmatch(expression, value, re.DOTALL) is not None


@dataclass(frozen=True, slots=True)
class Decision:
    """What somebody decides: who answers for it, why, and until when it holds.

    Attributes:
        owner: who answers for it.
        reason: one sentence.
        until: when it ends by itself; None: when somebody ends it.
        pattern: which breaks it covers beside those that are named one by one.
        is_baseline: made of everything that stood on a day.
    """

    owner: str
    reason: str
    until: datetime | None = None
    pattern: Pattern = Pattern()
    is_baseline: bool = False


@dataclass(frozen=True, slots=True)
class Ignore:
    """A decision that was made.

    Attributes:
        id: what people type.
        decision: what was decided.
        made_at: when.
        named: how many breaks were named one by one.
        ended_at: when somebody ended it; None while nobody has.
        ended_by: who did; empty while nobody has.
        ended_why: one sentence of theirs.
    """

    id: int
    decision: Decision
    made_at: datetime
    named: int = 0
    ended_at: datetime | None = None
    ended_by: str = ""
    ended_why: str = ""

    def is_in_force(self, now: datetime) -> bool:
        """Whether it covers anything at this instant."""
        until = self.decision.until
        return self.ended_at is None and (until is None or now < until)


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision came to.

    Attributes:
        ignore: as it was kept; the identifier is 0 where nothing was written.
        fallen_silent: breaks that nobody hears of from now on.
        heard_again: breaks that people hear of again.
        unconfirmed: suspicions that nobody has heard of yet, and that will be heard when they open.
    """

    ignore: Ignore
    fallen_silent: Sequence[Break]
    heard_again: Sequence[Break] = ()
    unconfirmed: int = 0


@dataclass(frozen=True, slots=True)
class Ignores:
    """What is in force at one instant.

    Attributes:
        all: every ignore in force, by its id.
        named: by fingerprint, the ignores that name the break and what it said.
    """

    all: Mapping[int, Ignore]
    named: Mapping[str, Sequence[tuple[int, Statement]]]

    def covering(self, each: Break) -> Ignore | None:
        """The ignore that covers a break, the oldest if there are several; None where none does."""
        by_name = {
            number
            for number, statement in self.named.get(each.fingerprint, ())
            if number in self.all and statement.holds(each)
        }
        for number in sorted(self.all):
            if number in by_name or self.all[number].decision.pattern.fits(each.finding):
                return self.all[number]
        return None


def suppress(known: Iterable[Break], ignores: Ignores, now: datetime) -> list[Transition]:
    """The steps by which breaks fall silent or are heard again, as the ignores in force have it.

    Level, not edge: the same breaks under the same ignores take no further step.

    Args:
        known: breaks in any state, as they are after everything else that happened to them.
        ignores: those in force.
        now: the present.
    """
    steps = []
    for each in known:
        covering = ignores.covering(each) if each.state in _HEARD else None
        if covering is not None:
            decision = covering.decision
            why = f"{decision.owner} ignores it: {decision.reason}"
            silent = replace(each, state=BreakState.SUPPRESSED)
            steps.append(Transition(TransitionKind.SUPPRESSED, silent, each.state, now, why))
        elif each.state is BreakState.SUPPRESSED and ignores.covering(each) is None:
            heard = replace(each, state=BreakState.OPEN)
            why = _why_released(each, ignores)
            steps.append(Transition(TransitionKind.RELEASED, heard, each.state, now, why))
    return steps


def _why_released(each: Break, ignores: Ignores) -> str:
    if any(number in ignores.all for number, _ in ignores.named.get(each.fingerprint, ())):
        return "It says something else than what was ignored, and stands."
    return "What ignored it is no longer in force, and it stands."


def heard(steps: Sequence[Transition]) -> list[Transition]:
    """The steps that people may hear of: none of a break while it is suppressed."""
    left: Mapping[str, BreakState] = {step.after.fingerprint: step.after.state for step in steps}
    return [
        step
        for step in steps
        if left[step.after.fingerprint] is not BreakState.SUPPRESSED
        and (step.before is not BreakState.SUPPRESSED or step.kind is TransitionKind.RELEASED)
    ]


def heard_only(breaks: Collection[Break]) -> list[Break]:
    """Breaks that people hear of."""
    return [each for each in breaks if each.state is not BreakState.SUPPRESSED]


def suppressed_only(breaks: Collection[Break]) -> list[Break]:
    """Breaks that stand and are ignored."""
    return [each for each in breaks if each.state is BreakState.SUPPRESSED]
