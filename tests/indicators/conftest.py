"""The simulated firm and its commands, as the command line's own tests have them."""

from tests.cli.conftest import firm as simulated
from tests.cli.conftest import looked_at, tieout

__all__ = ["firm", "looked_at", "tieout"]

firm = simulated
