"""Incidents that never were, to see what each channel would say of real ones."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from alerts.compose import brief_title, notice_of
from alerts.headline import headline
from monitor.core.breaks import (
    Break,
    BreakKind,
    BreakState,
    Finding,
    Severity,
    Transition,
    TransitionKind,
)
from monitor.core.circumstances import Cause as Reason
from monitor.core.circumstances import Circumstances, HopState, Proposal, Step
from monitor.core.incidents import (
    WATCH,
    Cause,
    CauseKind,
    Event,
    EventKind,
    Incident,
    IncidentState,
    Message,
)
from monitor.core.notices import Notice

_WON = datetime(2026, 11, 20, 8, 5, tzinfo=UTC)
_DUE = datetime(2026, 11, 20, 10, 5, tzinfo=UTC)
_OPENED = datetime(2026, 11, 20, 10, 20, tzinfo=UTC)
_LATER = datetime(2026, 11, 20, 12, 25, tzinfo=UTC)
_ADDRESS = "https://tieout.example"
_TITLES = {"crm": "CRM", "psa": "PSA", "erp": "ERP", "cpq": "CPQ"}

_MISSING = Finding(
    flow="sales-to-cash",
    transaction="OPP-17",
    rule="won-deal-has-project",
    kind=BreakKind.MISSING,
    severity=Severity.CRITICAL,
    hop="won-deal-has-project",
    system="psa",
    stream="projects",
    entity="project",
    field="",
    record_id="",
    expected="a project",
    actual=None,
    value_at_risk=Decimal("125000.00"),
    currency="EUR",
    owner="delivery",
    since=_DUE,
)
_MISMATCH = replace(
    _MISSING,
    rule="amounts-agree",
    kind=BreakKind.MISMATCH,
    hop="cpq.quotes -> erp.schedules",
    system="erp",
    stream="schedules",
    entity="billing_schedule",
    field="amount",
    record_id="BS-17",
    expected="125000.00",
    actual="120000.00",
    value_at_risk=Decimal("5000.00"),
    owner="billing",
)
_WAY = (
    Step("CRM opportunities", HopState.DONE, _WON, "OPP-17"),
    Step("CPQ quotes", HopState.DONE, _WON, "Q-2044"),
    Step("PSA projects", HopState.MISSING, _DUE),
    Step("ERP schedules", HopState.NOT_STARTED),
    Step("ERP invoices", HopState.UNKNOWN),
)
_REASON = Reason(
    "psa.projects has no project that crm.opportunities asks for, due 2026-11-20 10:05. No record"
    " changed then: the time allowed was over. It was awaited before.",
    "region DACH: 14 of 15 such breaks, 122 of 900 deals",
    "Create the project in psa.projects under deal OPP-17 from crm.opportunities, or replay its"
    " message.",
)
_STUCK = Circumstances(
    deal="OPP-17",
    way=_WAY,
    cause=_REASON,
    dashboard="https://grafana.example/d/tieout?var-flow=sales-to-cash",
    runbook="https://wiki.example/runbooks/won-deal-has-project",
)
_PROPOSED = replace(
    _STUCK,
    way=(
        *_WAY[:2],
        Step("PSA projects", HopState.DONE, _DUE, "P-17"),
        Step("ERP schedules", HopState.MISSING, _DUE, "BS-17"),
    ),
    cause=Reason(
        "erp.schedules BS-17 says 120,000.00 for amount; cpq.quotes says 125,000.00. Until then"
        " all said 120,000.00. cpq.quotes Q-2044 changed to 125,000.00, and the other side did"
        " not follow."
    ),
    proposal=Proposal(
        plan="9f2c41d07ab3",
        state="proposed",
        changes=("update erp.schedules BS-17: amount 120,000.00 -> 125,000.00",),
        others=0,
        at_stake={"EUR": Decimal("5000.00")},
        approvers=("bea", "carlos"),
        expires_at=_LATER,
        link=f"{_ADDRESS}/plans/9f2c41d07ab3",
        hash="9f2c41d07ab3",
        is_whole=True,
    ),
)
_REPAIRED = replace(
    _STUCK,
    way=(*_WAY[:2], Step("PSA projects", HopState.DONE, _LATER, "P-17"), _WAY[3]),
    repaired_by="Repaired by correction 31 of plan 9f2c41d07ab3, approved by bea.",
)

_SEEN = Event(2, _OPENED, EventKind.ACKNOWLEDGED, "anna", "anna looks after it.")
_GREW = Event(2, _LATER, EventKind.GREW, WATCH, "9 breaks opened.")
_RAISED = Event(
    3,
    _LATER,
    EventKind.RAISED,
    WATCH,
    "It is critical now, and was warning: 1,000,000 EUR or more are at risk.",
)
_OVER = Event(3, _LATER, EventKind.RESOLVED, WATCH, "The rule looked again and finds it no more.")
_LAPSED = Event(
    3, _LATER, EventKind.LAPSED, WATCH, "The acknowledgement has lapsed, and it still stands."
)
_ESCALATED = Event(
    4,
    _LATER,
    EventKind.ESCALATED,
    WATCH,
    "Nobody has acknowledged it, so these are told too: lead, lena (on-call, step 1 of 2).",
)
_CROWD = Cause(CauseKind.RULE, "sales-to-cash won-deal-has-project psa")
_DEAL = Cause(CauseKind.DEAL, "sales-to-cash OPP-17")


def examples() -> Mapping[str, Message]:
    """By name, an incident at each turn of its life, and what stands for many."""
    crowd = tuple(replace(_MISSING, transaction=f"OPP-{number}") for number in range(17, 31))
    return {
        "opened": _message(_DEAL, _MISSING, known=_STUCK),
        "growing": _message(_CROWD, *crowd, known=_STUCK, history=(_GREW, _RAISED)),
        "acknowledged": _message(
            _DEAL, _MISSING, known=_STUCK, state=IncidentState.ACKNOWLEDGED, history=(_SEEN,)
        ),
        "escalated": _message(_DEAL, _MISSING, known=_STUCK, history=(_SEEN, _LAPSED, _ESCALATED)),
        "proposed": _message(_DEAL, _MISMATCH, known=_PROPOSED),
        "resolved": _message(
            _DEAL, _MISSING, known=_REPAIRED, state=IncidentState.RESOLVED, history=(_SEEN, _OVER)
        ),
        "digest": replace(
            _message(Cause(CauseKind.STORM, "on-call"), *crowd, known=Circumstances()), worst=None
        ),
    }


def marked_test(now: datetime) -> Message:
    """An incident that says of itself that it is none; it is over, so that nobody looks for it."""
    title = "This is a test of this channel: nothing is wrong, and nothing is to be done."
    cause = Cause(CauseKind.DELIVERY, "test")
    history = (Event(1, now, EventKind.OPENED, WATCH, title),)
    incident = Incident(0, cause, IncidentState.RESOLVED, Severity.INFO, now, now, 1)
    return Message(
        incident=incident,
        title=f"[test] {title}",
        worst=None,
        standing=0,
        ever=0,
        examples=(),
        money={},
        owners=(),
        history=history,
        blind={},
    )


def _message(
    cause: Cause,
    *found: Finding,
    known: Circumstances,
    state: IncidentState = IncidentState.OPEN,
    history: tuple[Event, ...] = (),
) -> Message:
    is_over = state is IncidentState.RESOLVED
    told = [_notice(each, is_over=is_over) for each in found]
    is_acknowledged = state is IncidentState.ACKNOWLEDGED
    incident = Incident(
        id=42,
        cause=cause,
        state=state,
        severity=Severity.CRITICAL,
        opened_at=_OPENED,
        resolved_at=_LATER if is_over else None,
        version=1 + len(history),
        acknowledged_by="anna" if is_acknowledged else "",
        acknowledged_until=_LATER if is_acknowledged else None,
    )
    standing = 0 if is_over else len(found)
    at_risk = sum((each.value_at_risk or Decimal(0) for each in found), Decimal(0))
    return Message(
        incident=incident,
        title=headline(incident, told[0], standing, (), _TITLES),
        worst=told[0],
        standing=standing,
        ever=len(found),
        examples=tuple(map(brief_title, told[:10])) if standing > 1 else (),
        money={"EUR": at_risk},
        owners=tuple(dict.fromkeys(each.owner for each in found)),
        history=(Event(1, _OPENED, EventKind.OPENED, WATCH, told[0].title), *history),
        blind={},
        link=told[0].link if standing <= 1 else f"{_ADDRESS}/",
        circumstances=known,
    )


def _notice(found: Finding, *, is_over: bool) -> Notice:
    kind = TransitionKind.RESOLVED if is_over else TransitionKind.OPENED
    state = BreakState.RESOLVED if is_over else BreakState.OPEN
    standing = Break(found, state, _DUE, _OPENED, _LATER if is_over else None, _LATER)
    told = notice_of(Transition(kind, standing, None, _OPENED, ""), _ADDRESS, _TITLES)
    assert told is not None  # noqa: S101 - both kinds are told
    return told
