"""The life of a break: suspected, confirmed and opened, changed, resolved, reopened.

Pure: what is known, what was found and what was confirmed go in, the steps to take come out.
The same input gives no further step once the steps have been taken.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime, timedelta
from typing import assert_never

from monitor.core.breaks import LIVE_STATES, Break, BreakState, Finding, Transition, TransitionKind
from monitor.core.ports import Deadline

_NONE = timedelta(0)


@dataclass(frozen=True, slots=True)
class Awaiting:
    """What suspicions wait for.

    Attributes:
        to_confirm: fingerprints that are old enough; only a fresh look by key is missing.
        deadlines: when the others will be old enough.
    """

    to_confirm: frozenset[str]
    deadlines: tuple[Deadline, ...]


def awaiting(
    known: Sequence[Break],
    findings: Iterable[Finding],
    margins: Mapping[str, timedelta],
    now: datetime,
) -> Awaiting:
    """Which findings have to be read again from the systems now, and which later.

    Args:
        known: breaks in any state of the transactions that were looked at.
        findings: what the rules found in them.
        margins: by rule, how old a suspicion must be; none where a rule is not named.
        now: the present.
    """
    breaks = {each.fingerprint: each for each in known}
    to_confirm: set[str] = set()
    deadlines: set[Deadline] = set()
    for fingerprint, finding in _by_fingerprint(findings).items():
        standing = breaks.get(fingerprint)
        if standing is not None and standing.state in LIVE_STATES:
            continue
        ready_at = _suspected_at(standing, now) + margins.get(finding.rule, _NONE)
        if ready_at <= now:
            to_confirm.add(fingerprint)
        else:
            deadlines.add(Deadline(finding.transaction, ready_at))
    ordered = sorted(deadlines, key=lambda deadline: (deadline.at, deadline.transaction))
    return Awaiting(frozenset(to_confirm), tuple(ordered))


def settle(
    known: Sequence[Break],
    findings: Iterable[Finding],
    evaluated: Collection[str],
    *,
    confirmed: Collection[str],
    margins: Mapping[str, timedelta],
    now: datetime,
    retired: Collection[str] = (),
    confirmation: str = "reading the records again by key confirmed it",
) -> list[Transition]:
    """The steps that lead from the known breaks to what was found.

    A finding is suspected first. It opens when it is as old as its rule's margin and was
    confirmed just now; where both hold at first sight, both steps are taken at once. A break
    that is found no more is resolved, a suspicion is dismissed. A break found again is suspected
    again and, under the same law, reopened as the next episode.

    Args:
        known: breaks in any state of the transactions that were looked at.
        findings: what the rules found in them.
        evaluated: names of the rules that could be asked. Of all others nothing is known: their
            breaks stay as they are.
        confirmed: fingerprints found again after the records were re-read by key just now.
        margins: by rule, how old a suspicion must be; none where a rule is not named.
        now: the present.
        retired: names of rules that exist no longer; what they found is gone with them.
        confirmation: how a finding was confirmed, for people.

    Returns:
        Transitions by fingerprint; the two of one break in their order.
    """
    found = _by_fingerprint(finding for finding in findings if finding.rule in evaluated)
    breaks = {each.fingerprint: each for each in known}
    transitions: list[Transition] = []
    for fingerprint in sorted(found.keys() | breaks.keys()):
        standing, finding = breaks.get(fingerprint), found.get(fingerprint)
        if finding is not None:
            margin = margins.get(finding.rule, _NONE)
            how = confirmation if fingerprint in confirmed else ""
            transitions += _found(standing, finding, margin, how, now)
        elif standing is not None and standing.finding.rule in retired:
            transitions += _gone(standing, now, "The rule that found it exists no longer.")
        elif standing is not None and standing.finding.rule in evaluated:
            transitions += _gone(standing, now, "The rule looked again and finds it no more.")
    return transitions


CORRECTABLE_STATES = frozenset({BreakState.OPEN, BreakState.ACKNOWLEDGED})
"""States in which a correction of the break may begin."""


def begin_correcting(standing: Break, why: str, now: datetime) -> Transition | None:
    """The step by which a break is being corrected; None where it cannot be."""
    if standing.state not in CORRECTABLE_STATES:
        return None
    after = replace(standing, state=BreakState.CORRECTING)
    return Transition(TransitionKind.CORRECTING, after, standing.state, now, why)


def end_correcting(standing: Break, why: str, now: datetime) -> Transition | None:
    """The step by which a break is open again, because its correction did not resolve it.

    That a correction did is for the rule to say, which then finds the break no more. None where
    the break is not being corrected.
    """
    if standing.state is not BreakState.CORRECTING:
        return None
    after = replace(standing, state=BreakState.OPEN)
    return Transition(TransitionKind.RETURNED, after, standing.state, now, why)


def _found(
    standing: Break | None, finding: Finding, margin: timedelta, confirmation: str, now: datetime
) -> list[Transition]:
    if standing is not None and standing.state in LIVE_STATES:
        return _changed(standing, finding, now)
    steps: list[Transition] = []
    if standing is None or standing.state is not BreakState.SUSPECTED:
        steps.append(_suspect(standing, finding, now))
        standing = steps[0].after
    age = now - standing.suspected_at
    if confirmation and age >= margin:
        steps.append(_open(standing, finding, age, confirmation, now))
    return steps


def _suspect(standing: Break | None, finding: Finding, now: datetime) -> Transition:
    if standing is None:
        suspicion = Break(finding, BreakState.SUSPECTED, now, None, None, now)
        return Transition(
            TransitionKind.SUSPECTED, suspicion, None, now, "The rule finds it for the first time."
        )
    suspicion = replace(
        standing, finding=finding, state=BreakState.SUSPECTED, suspected_at=now, seen_at=now
    )
    why = "The rule finds it again after it was gone."
    return Transition(TransitionKind.SUSPECTED, suspicion, standing.state, now, why)


def _open(
    suspicion: Break, finding: Finding, age: timedelta, confirmation: str, now: datetime
) -> Transition:
    again = suspicion.opened_at is not None
    opened = replace(
        suspicion,
        finding=finding,
        state=BreakState.OPEN,
        opened_at=now,
        resolved_at=None,
        seen_at=now,
        episode=suspicion.episode + 1 if again else suspicion.episode,
    )
    kind = TransitionKind.REOPENED if again else TransitionKind.OPENED
    stood = f"stood for {age}" if age else "was there at first sight"
    why = f"It {stood}, and {confirmation}."
    return Transition(kind, opened, suspicion.state, now, why)


def _changed(standing: Break, finding: Finding, now: datetime) -> list[Transition]:
    names = [
        field.name.replace("_", " ")
        for field in fields(Finding)
        # Any touch of a record moves its stamp; that alone is no news.
        if field.name != "since"
        and getattr(standing.finding, field.name) != getattr(finding, field.name)
    ]
    if not names:
        return []
    changed = replace(standing, finding=finding, seen_at=now)
    why = f"It still stands, with another {', '.join(names)}."
    return [Transition(TransitionKind.CHANGED, changed, standing.state, now, why)]


def _gone(standing: Break, now: datetime, why: str) -> list[Transition]:
    match standing.state:
        case BreakState.SUSPECTED:
            kind, state = TransitionKind.DISMISSED, BreakState.DISMISSED
        case (
            BreakState.OPEN
            | BreakState.ACKNOWLEDGED
            | BreakState.CORRECTING
            | BreakState.SUPPRESSED
        ):
            kind, state = TransitionKind.RESOLVED, BreakState.RESOLVED
        case BreakState.RESOLVED | BreakState.DISMISSED:
            return []
        case _:
            assert_never(standing.state)
    gone = replace(standing, state=state, seen_at=now)
    if state is BreakState.RESOLVED:
        gone = replace(gone, resolved_at=now)
    return [Transition(kind, gone, standing.state, now, why)]


def _suspected_at(standing: Break | None, now: datetime) -> datetime:
    if standing is not None and standing.state is BreakState.SUSPECTED:
        return standing.suspected_at
    return now


def _by_fingerprint(findings: Iterable[Finding]) -> dict[str, Finding]:
    """One finding a fingerprint; of several the same one, whatever their order."""
    found: dict[str, Finding] = {}
    for finding in findings:
        fingerprint = finding.fingerprint
        other = found.get(fingerprint)
        if other is None or repr(finding) < repr(other):
            found[fingerprint] = finding
    return found
