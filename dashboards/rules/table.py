"""Every rule, in the order of the rule file."""

from dashboards.rules import agreement, correcting, daemon, incidents, objectives, sources
from dashboards.rules.rule import Alert, Group, Recording

GROUPS: tuple[Group, ...] = (
    sources.RECORDED,
    daemon.RECORDED,
    agreement.RECORDED,
    incidents.RECORDED,
    objectives.RECORDED,
    sources.ALERTS,
    daemon.ALERTS,
    daemon.DELIVERY,
    agreement.ALERTS,
    incidents.ALERTS,
    objectives.ALERTS,
    correcting.ALERTS,
)

RECORDINGS: tuple[Recording, ...] = tuple(
    rule for group in GROUPS for rule in group.rules if isinstance(rule, Recording)
)

ALERTS: tuple[Alert, ...] = tuple(
    rule for group in GROUPS for rule in group.rules if isinstance(rule, Alert)
)
