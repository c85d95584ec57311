"""Rules that find breaks. A new one is a short file here and a row in `RULES`."""

from collections.abc import Mapping

from monitor.core.plugins import RuleType
from reconcilers import contradiction, duplicate, message, mismatch, orphan

RULES: Mapping[str, RuleType] = {
    "contradiction": RuleType(contradiction.ContradictionSettings, contradiction.build),
    "dead_letter": RuleType(message.DeadLetterSettings, message.build_dead_letter),
    "duplicate": RuleType(duplicate.DuplicateSettings, duplicate.build),
    "mismatch": RuleType(mismatch.MismatchSettings, mismatch.build),
    "orphan": RuleType(orphan.OrphanSettings, orphan.build),
    "stuck": RuleType(message.StuckSettings, message.build_stuck),
}
"""By the name that a landscape gives as `check`."""
