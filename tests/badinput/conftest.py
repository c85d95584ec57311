"""Commands run in this process, as the command line's own tests run them."""

from tests.cli.conftest import tieout

__all__ = ["tieout"]
