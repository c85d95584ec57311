"""Rules that find breaks. A new one is a short file here and a row in `RULES`."""

from monitor.core.plugins import RuleType, rows_in

RULES = rows_in(
    RuleType,
    {
        "applied_once": "reconcilers.applied_once:AppliedOnceSettings",
        "contradiction": "reconcilers.contradiction:ContradictionSettings",
        "dead_letter": "reconcilers.dead_letter:DeadLetterSettings",
        "duplicate": "reconcilers.duplicate:DuplicateSettings",
        "expression": "reconcilers.expression:ExpressionSettings",
        "lineage": "reconcilers.lineage:LineageSettings",
        "mandatory": "reconcilers.mandatory:MandatorySettings",
        "mismatch": "reconcilers.mismatch:MismatchSettings",
        "orphan": "reconcilers.orphan:OrphanSettings",
        "policy": "reconcilers.policy:PolicySettings",
        "python": "reconcilers.python:PythonSettings",
        "replayed": "reconcilers.replayed:ReplayedSettings",
        "requires": "reconcilers.requires:RequiresSettings",
        "retried": "reconcilers.retried:RetriedSettings",
        "stuck": "reconcilers.stuck:StuckSettings",
        "tie_out": "reconcilers.tie_out:TieOutSettings",
        "undelivered": "reconcilers.undelivered:UndeliveredSettings",
    },
)
"""By the name that a landscape gives as `check`."""
