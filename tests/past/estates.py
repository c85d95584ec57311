"""The small firm's estate with other rules."""

from dataclasses import replace

from monitor.core.flows import HandOffSettings
from monitor.core.plugins import RuleContext
from monitor.estate import Estate
from reconcilers.hand_off import build_hand_off
from tests.cycle.small_firm import OPPORTUNITY


def with_hand_off(estate: Estate, **changes: object) -> Estate:
    """The estate whose hand-off has other settings."""
    (flow,) = estate.flows
    context = RuleContext(
        flow="sales",
        root=OPPORTUNITY,
        entities={stream: stream.stream for stream in estate.sources},
        fields={stream: source.fields for stream, source in estate.sources.items()},
        owners=estate.owners,
        value_stream=OPPORTUNITY,
    )
    settings = HandOffSettings.model_validate(
        {
            "from": "crm.opportunity",
            "to": "psa.project",
            "when": {"status": "won"},
            "start": "closed_at",
            "within": "4h",
            **changes,
        }
    )
    rule = build_hand_off("won-to-project", settings, context)
    return replace(estate, flows=(replace(flow, rules=(rule, *flow.rules[1:])),))
