"""Exit codes: bit flags, so that a script sees everything that one run has to say."""

from enum import IntFlag


class Exit(IntFlag):
    """What a command's exit status says; 0 is in order, and looked at completely."""

    IN_ORDER = 0
    BREAKS = 1
    """Breaks stand."""
    REFUSED = 2
    """The command line or the landscape was refused; nothing was done."""
    BLIND = 4
    """A source could not be looked at: what is not reported is unknown, not fine."""
    FAILED = 8
    """tieout itself failed, the store for example."""
