"""Breaks, notices and texts that the tests share."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from alerts.compose import blind_notice, notice_of, sighted_notice
from alerts.examples import examples as whole_messages
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
from monitor.core.errors import Reason
from monitor.core.incidents import (
    Cause,
    CauseKind,
    Event,
    EventKind,
    Incident,
    IncidentState,
    Message,
)
from monitor.core.model import StreamId
from monitor.core.notices import Notice

LATER = datetime(2026, 11, 22, 11, 35, tzinfo=UTC)
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
SINCE = datetime(2026, 11, 20, 8, 5, tzinfo=UTC)
ADDRESS = "https://tieout.example"

MISSING = Finding(
    flow="sales_to_cash",
    transaction="OPP-17",
    rule="won_deal_has_project",
    kind=BreakKind.MISSING,
    severity=Severity.CRITICAL,
    hop="won_deal_has_project",
    system="psa",
    stream="psa.projects",
    entity="project",
    field="",
    record_id="",
    expected="a project",
    actual=None,
    value_at_risk=Decimal("125000.000000"),
    currency="EUR",
    owner="delivery",
    since=SINCE,
)

WHY_OPENED = "Confirmed by reading the records again."
WHY = {
    TransitionKind.CHANGED: "The value at risk is another one.",
    TransitionKind.RESOLVED: "The records agree again.",
}

FINDINGS = {
    BreakKind.MISSING: MISSING,
    BreakKind.LATE: replace(MISSING, kind=BreakKind.LATE, severity=Severity.WARNING),
    BreakKind.ORPHAN: replace(
        MISSING,
        kind=BreakKind.ORPHAN,
        transaction="invoice:INV-9",
        system="erp",
        entity="invoice",
        record_id="4711",
        expected=None,
        since=None,
    ),
    BreakKind.MISMATCH: replace(
        MISSING,
        kind=BreakKind.MISMATCH,
        hop="crm.deals -> erp.schedules",
        system="erp",
        entity="billing_schedule",
        field="amount",
        record_id="BS-17",
        expected="125000.00",
        actual="120000.00",
    ),
    BreakKind.DUPLICATE: replace(
        MISSING, kind=BreakKind.DUPLICATE, record_id="P-18", expected="1", actual="2"
    ),
    BreakKind.CONTRADICTION: replace(
        MISSING,
        kind=BreakKind.CONTRADICTION,
        field="status",
        record_id="P-17",
        expected="closed, because the deal is lost",
        actual="active",
        value_at_risk=None,
        currency="",
    ),
    BreakKind.DEAD_LETTER: replace(
        MISSING,
        kind=BreakKind.DEAD_LETTER,
        system="middleware",
        entity="message",
        record_id="m-1",
        expected=None,
        actual="422 from the PSA",
    ),
    BreakKind.STUCK: replace(
        MISSING, kind=BreakKind.STUCK, system="middleware", entity="message", record_id="m-2"
    ),
    BreakKind.TIE_OUT: replace(
        MISSING,
        kind=BreakKind.TIE_OUT,
        system="erp",
        entity="invoice",
        field="amount",
        expected="125000.00",
        actual="125000.02",
        value_at_risk=Decimal("0.02"),
    ),
    BreakKind.POLICY: replace(
        MISSING,
        kind=BreakKind.POLICY,
        system="erp",
        entity="invoice",
        field="tax_code",
        record_id="INV-9",
        expected="DE19",
        actual="AT20",
    ),
    BreakKind.LINEAGE: replace(
        MISSING,
        kind=BreakKind.LINEAGE,
        system="erp",
        entity="change_order",
        record_id="CO-3",
        field="revision",
        expected="3",
        actual="2",
    ),
    BreakKind.LEAKAGE: replace(
        MISSING, kind=BreakKind.LEAKAGE, entity="milestone", record_id="M-4", expected="an invoice"
    ),
    BreakKind.UNDELIVERED: replace(
        MISSING, kind=BreakKind.UNDELIVERED, system="middleware", entity="message", record_id="m-3"
    ),
    BreakKind.RETRIED: replace(
        MISSING,
        kind=BreakKind.RETRIED,
        system="middleware",
        entity="message",
        record_id="m-4",
        expected="at most 5 attempts",
        actual="17",
    ),
    BreakKind.REPLAYED: replace(
        MISSING, kind=BreakKind.REPLAYED, system="middleware", entity="message", record_id="m-5"
    ),
    BreakKind.SOURCE: replace(
        MISSING,
        flow="estate",
        transaction="source:crm.deals",
        rule="drift",
        kind=BreakKind.SOURCE,
        hop="",
        system="crm",
        stream="deals",
        entity="opportunity",
        field="status",
        expected="lost, open, won",
        actual="parked",
        value_at_risk=None,
        currency="",
    ),
    BreakKind.ANOMALY: replace(
        MISSING,
        flow="estate",
        transaction="source:crm.deals",
        rule="odd-days",
        kind=BreakKind.ANOMALY,
        severity=Severity.INFO,
        hop="",
        system="crm",
        stream="deals",
        entity="opportunity",
        expected="about 40 new records on a Thursday",
        actual="2 on 2026-11-19",
        value_at_risk=None,
        currency="",
    ),
    BreakKind.CUSTOM: replace(
        MISSING, kind=BreakKind.CUSTOM, rule="margin-floor", expected="true", actual="false"
    ),
}


def transition(
    finding: Finding = MISSING,
    kind: TransitionKind = TransitionKind.OPENED,
    *,
    at: datetime = NOW,
    episode: int = 1,
) -> Transition:
    after = Break(finding, BreakState.OPEN, SINCE, NOW, None, NOW, episode)
    return Transition(kind, after, BreakState.SUSPECTED, at, WHY.get(kind, WHY_OPENED))


def notice(
    finding: Finding = MISSING, kind: TransitionKind = TransitionKind.OPENED, at: datetime = NOW
) -> Notice:
    told = notice_of(transition(finding, kind, at=at), ADDRESS)
    assert told is not None
    return told


def every_notice() -> dict[str, Notice]:
    """One of each, by a name for its golden file."""
    stream = StreamId("psa", "projects")
    opened = {f"opened_{kind}": notice(finding) for kind, finding in FINDINGS.items()}
    later = {
        kind.value: notice(MISSING, kind)
        for kind in (TransitionKind.CHANGED, TransitionKind.RESOLVED, TransitionKind.REOPENED)
    }
    blind = blind_notice(stream, SINCE, NOW, reason=Reason.UNREACHABLE, owner="delivery")
    return {**opened, **later, "blind": blind, "sighted": sighted_notice(stream, SINCE, NOW)}


HOSTILE = (
    "<!channel> urgent",
    "<@U0123456> look",
    "<https://evil.example|https://psa.example>",
    "https://evil.example/login",
    "*bold* _italic_ ~gone~ `code` ```block```",
    ":white_check_mark: resolved",
    "first\nsecond\r\n> quoted\n• item\u2028third",
    "{{ 7 * 7 }} {% for x in range(9) %}x{% endfor %} {{ ''.__class__.__mro__ }}",
    "\u202egnp.exe\u202c \u2066isolated\u2069 zero\u200bwidth \ufeffmark",
    "\x00\x1b[31mred\x07",
    "half \ud800 character",
    "&lt;!channel&gt; &amp;",
    "=cmd|' /C calc'!A0",
    "😀" * 2_000,
    "&" * 5_000,
    "<" * 20_000,
    "",
    " ",
    "%s %(name)s {0} ${env:HOME}",
)
"""Texts that a record could hold, to be shown without any effect."""


def hostile_finding(text: str) -> Finding:
    """The text wherever a record can bring one in; identity is made of whole characters."""
    whole = text.encode("utf-8", "replace").decode()
    return replace(
        FINDINGS[BreakKind.MISMATCH],
        transaction=whole,
        record_id=whole,
        field=whole,
        expected=text,
        actual=text,
        currency=text[:10],
        owner=text,
    )


def message(
    *findings: Finding,
    state: IncidentState = IncidentState.OPEN,
    number: int = 12,
    cause: Cause | None = None,
    history: tuple[Event, ...] = (),
) -> Message:
    """An incident of some breaks as it stands; of one that is resolved, none does."""
    shown = findings or (MISSING,)
    kind = TransitionKind.RESOLVED if state is IncidentState.RESOLVED else TransitionKind.OPENED
    told = [notice(each, kind) for each in shown]
    is_over = state is IncidentState.RESOLVED
    incident = Incident(
        id=number,
        cause=cause or Cause(CauseKind.DEAL, f"sales_to_cash {shown[0].transaction}"),
        state=state,
        severity=shown[0].severity,
        opened_at=NOW,
        resolved_at=LATER if is_over else None,
        version=1 + len(history),
        acknowledged_by="anna" if state is IncidentState.ACKNOWLEDGED else "",
        acknowledged_until=LATER if state is IncidentState.ACKNOWLEDGED else None,
    )
    standing = 0 if is_over else len(shown)
    opened = Event(1, NOW, EventKind.OPENED, "tieout", told[0].title)
    return Message(
        incident=incident,
        title=headline(incident, told[0], standing, (), {"psa": "PSA"}),
        worst=told[0],
        standing=standing,
        ever=len(shown),
        examples=tuple(each.title for each in told[:10]) if standing > 1 else (),
        money={"EUR": Decimal(125_000 * len(shown))},
        owners=("delivery",),
        history=(opened, *history),
        blind={},
        link=told[0].link if standing <= 1 else f"{ADDRESS}/",
    )


RESOLVED = Event(
    2, LATER, EventKind.RESOLVED, "tieout", "The rule looked again and finds it no more."
)
GREW = Event(2, LATER, EventKind.GREW, "tieout", "3 breaks opened.")
CROWD = Cause(CauseKind.RULE, "sales_to_cash won_deal_has_project psa")


def every_message() -> dict[str, Message]:
    """An incident in each shape that people see."""
    several = tuple(replace(MISSING, transaction=f"OPP-{n}") for n in range(17, 30))
    blind = blind_notice(StreamId("psa", "projects"), SINCE, NOW)
    dark = message(cause=Cause(CauseKind.SOURCE, "psa"))
    dark = replace(
        dark,
        worst=None,
        standing=0,
        ever=0,
        money={},
        blind={StreamId("psa", "projects"): SINCE},
        title=headline(dark.incident, None, 0, [StreamId("psa", "projects")], {"psa": "PSA"}),
        history=(Event(1, NOW, EventKind.OPENED, "tieout", blind.title),),
    )
    singles = {f"opened_{kind.value}": message(found) for kind, found in FINDINGS.items()}
    return {
        **singles,
        **{f"whole_{name}": each for name, each in whole_messages().items()},
        "acknowledged": message(state=IncidentState.ACKNOWLEDGED),
        "resolved": message(state=IncidentState.RESOLVED, history=(RESOLVED,)),
        "crowd": message(*several, cause=CROWD, history=(GREW,)),
        "queue": message(
            FINDINGS[BreakKind.DEAD_LETTER], *several[:3], cause=Cause(CauseKind.QUEUE, "psa.inbox")
        ),
        "one_deal": message(MISSING, FINDINGS[BreakKind.POLICY]),
        "blind": dark,
        "digest": replace(message(*several, cause=Cause(CauseKind.STORM, "ops")), worst=None),
    }
