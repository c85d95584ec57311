"""Rules that find breaks. A new one is a short file here and a row in `RULES`."""

from collections.abc import Mapping

from monitor.core.plugins import RuleType
from reconcilers import (
    applied_once,
    contradiction,
    dead_letter,
    duplicate,
    expression,
    lineage,
    mandatory,
    mismatch,
    orphan,
    policy,
    python,
    replayed,
    requires,
    retried,
    stuck,
    tie_out,
    undelivered,
)

RULES: Mapping[str, RuleType] = {
    "applied_once": RuleType(applied_once.AppliedOnceSettings, applied_once.build),
    "contradiction": RuleType(contradiction.ContradictionSettings, contradiction.build),
    "dead_letter": RuleType(dead_letter.DeadLetterSettings, dead_letter.build),
    "duplicate": RuleType(duplicate.DuplicateSettings, duplicate.build),
    "expression": RuleType(expression.ExpressionSettings, expression.build),
    "lineage": RuleType(lineage.LineageSettings, lineage.build),
    "mandatory": RuleType(mandatory.MandatorySettings, mandatory.build),
    "mismatch": RuleType(mismatch.MismatchSettings, mismatch.build),
    "orphan": RuleType(orphan.OrphanSettings, orphan.build),
    "policy": RuleType(policy.PolicySettings, policy.build),
    "python": RuleType(python.PythonSettings, python.build),
    "replayed": RuleType(replayed.ReplayedSettings, replayed.build),
    "requires": RuleType(requires.RequiresSettings, requires.build),
    "retried": RuleType(retried.RetriedSettings, retried.build),
    "stuck": RuleType(stuck.StuckSettings, stuck.build),
    "tie_out": RuleType(tie_out.TieOutSettings, tie_out.build),
    "undelivered": RuleType(undelivered.UndeliveredSettings, undelivered.build),
}
"""By the name that a landscape gives as `check`."""
