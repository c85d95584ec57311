"""Does everything agree that should: hand-offs, money, messages?"""

from dashboards.rules.rule import Alert, Group, Level, Owner, Page, Recording
from monitor.core.breaks import BreakKind, Severity
from monitor.core.catalogue import BREAKS_OPEN, OLDEST_BREAK
from monitor.core.indicator_metrics import HAND_OFFS_OVERDUE, REVENUE_DELAYED

BY_KIND = "kind_system:tieout_breaks_open:sum"
OVERDUE = "flow_hop:tieout_hand_offs_overdue:sum"
DELAYED = "flow_currency:tieout_revenue_delayed:sum"

MANY_OVERDUE = 5
"""Hand-offs of one step: fewer are cases of their own, as many have one cause."""

UNATTENDED = 24 * 3600
"""Seconds that a critical break may stand."""


def _standing(*kinds: BreakKind) -> str:
    return f'sum by (job, system) ({BY_KIND}{{kind=~"{"|".join(kinds)}"}}) > 0'


RECORDED = Group(
    "tieout-agreement-recorded",
    (
        Recording(BY_KIND, f"sum by (job, kind, system) ({BREAKS_OPEN.name})"),
        Recording(OVERDUE, f"sum by (job, flow, hop) ({HAND_OFFS_OVERDUE.name})"),
        Recording(DELAYED, f"sum by (job, flow, currency) ({REVENUE_DELAYED.name})"),
    ),
)

ALERTS = Group(
    "tieout-agreement",
    (
        Alert(
            "TieoutHandOffMissing",
            _standing(BreakKind.MISSING),
            "{{ $value }} records never arrived in {{ $labels.system }}",
            "Deals stand still before it: what was sold is not delivered, or not billed.",
            Level.WARNING,
            Owner.BUSINESS,
            Page.HAND_OFFS,
            "5m",
        ),
        Alert(
            "TieoutHandOffLate",
            _standing(BreakKind.LATE),
            "{{ $value }} hand-offs into {{ $labels.system }} are late, or were",
            "Their time has passed; not so long ago that they count as missing.",
            Level.WARNING,
            Owner.BUSINESS,
            Page.HAND_OFFS,
            "5m",
        ),
        Alert(
            "TieoutHandOffStuck",
            f"{OVERDUE} >= {MANY_OVERDUE}",
            "{{ $value }} deals are stuck at {{ $labels.hop }}",
            "As many at one step have one cause: an integration that stands still.",
            Level.CRITICAL,
            Owner.INTEGRATION,
            Page.HAND_OFFS,
            "15m",
        ),
        Alert(
            "TieoutMoneyDoesNotTieOut",
            _standing(BreakKind.TIE_OUT, BreakKind.LEAKAGE),
            "{{ $value }} sums in {{ $labels.system }} do not tie out",
            "Contract, changes, schedule and invoices state different money for a deal.",
            Level.CRITICAL,
            Owner.BUSINESS,
            Page.BREAKS,
            "5m",
        ),
        Alert(
            "TieoutRecordsTwice",
            _standing(BreakKind.DUPLICATE, BreakKind.REPLAYED),
            "{{ $value }} records are in {{ $labels.system }} twice",
            "The same may be delivered, or billed, a second time.",
            Level.WARNING,
            Owner.BUSINESS,
            Page.BREAKS,
            "5m",
        ),
        Alert(
            "TieoutMessagesGivenUp",
            _standing(BreakKind.DEAD_LETTER, BreakKind.UNDELIVERED, BreakKind.STUCK),
            "{{ $value }} messages in {{ $labels.system }} are given up, or stand still",
            "What they carry does not arrive unless somebody sends it again.",
            Level.WARNING,
            Owner.INTEGRATION,
            Page.BREAKS,
            "5m",
        ),
        Alert(
            "TieoutCriticalBreak",
            "sum by (job, kind, system)"
            f' ({BREAKS_OPEN.name}{{severity="{Severity.CRITICAL.value}"}}) > 0',
            "{{ $value }} critical breaks stand in {{ $labels.system }}: {{ $labels.kind }}",
            "The landscape calls them critical. The page of tieout lists and explains each.",
            Level.CRITICAL,
            Owner.BUSINESS,
            Page.BREAKS,
            "15m",
        ),
        Alert(
            "TieoutBreakUnattended",
            f"time() - min by (job)"
            f' ({OLDEST_BREAK.name}{{severity="{Severity.CRITICAL.value}"}})\n'
            f"  > {UNATTENDED}",
            "A critical break has been standing for {{ $value | humanizeDuration }}",
            "Nobody resolved it, and nobody decided to live with it for a while.",
            Level.WARNING,
            Owner.BUSINESS,
            Page.BREAKS,
            "15m",
        ),
    ),
)
