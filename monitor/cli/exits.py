"""Exit codes: bit flags, so that a script sees everything that one run has to say."""

from collections.abc import Mapping
from enum import IntFlag


class Exit(IntFlag):
    """What a command's exit status says; `MEANINGS` has the words."""

    IN_ORDER = 0
    BREAKS = 1
    REFUSED = 2
    BLIND = 4
    FAILED = 8


MEANINGS: Mapping[Exit, str] = {
    Exit.IN_ORDER: "Everything that was asked for is in order.",
    Exit.BREAKS: "Breaks stand.",
    Exit.REFUSED: "The command line or the landscape was refused, or the key is unknown.",
    Exit.BLIND: "A source could not be looked at: what is not reported is unknown, not fine.",
    Exit.FAILED: "tieout itself failed, the store for example.",
}
