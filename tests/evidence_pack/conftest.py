"""Logs and packs, and the commands that make them."""

from pathlib import Path

import pytest

from monitor.store.database import Database
from tests.cli.conftest import firm as simulated
from tests.cli.conftest import looked_at, tieout
from tests.evidence_pack.logs import KeptLog

__all__ = ["firm", "looked_at", "tieout"]

firm = simulated


def kept_log(database: Database, folder: Path) -> KeptLog:
    """Ten entries; the key was exchanged after the third, heads were signed after 4 and 9."""
    log = KeptLog(database, folder)
    log.rotate()
    log.add(2)
    log.rotate()
    log.sign()
    log.add(5)
    log.sign(90)
    log.add(1)
    return log


@pytest.fixture
def kept(sqlite_database: Database, tmp_path: Path) -> KeptLog:
    """Nobody may change its schema but the test."""
    return kept_log(sqlite_database, tmp_path)


@pytest.fixture
def kept_anywhere(own_database: Database, tmp_path: Path) -> KeptLog:
    """The same on either database."""
    return kept_log(own_database, tmp_path)
