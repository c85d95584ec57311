"""A firm with a store of its own."""

import pytest

from monitor.store.database import Database
from tests.cli.conftest import tieout
from tests.correcting.firm import Firm

__all__ = ["tieout"]


@pytest.fixture
def firm(sqlite_database: Database) -> Firm:
    """Ten deals that agree; nothing was looked at yet."""
    made = Firm(sqlite_database)
    made.agree(10)
    return made
