"""A firm's people, and a store in which some of them can log in."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from monitor.accounts import logging_in, managing
from monitor.core.people import People, PersonSettings, Role
from monitor.store.database import Database

PASSWORD = "wind over the harbour"
PEOPLE = People(
    {
        "ann": PersonSettings(roles=(Role.OPERATOR,)),
        "bob": PersonSettings(roles=(Role.APPROVER,)),
        "eve": PersonSettings(roles=(Role.AUDITOR,)),
    }
)


@dataclass
class House:
    """Whose people log in, at a time that stands still."""

    database: Database
    now: datetime = datetime(2026, 3, 2, 9, tzinfo=UTC)
    secrets: Iterator[str] = field(default_factory=lambda: (f"secret-{n}" for n in range(1000)))

    def clock(self) -> datetime:
        return self.now

    def later(self, **passed: float) -> None:
        self.now += timedelta(**passed)

    def log_in(
        self, name: str = "ann", password: str = PASSWORD, address: str = "192.0.2.7"
    ) -> logging_in.Entry:
        secret = self.secrets.__next__
        return logging_in.log_in(
            self.database, PEOPLE, name, password, address, self.clock, secret=secret
        )


@pytest.fixture
def house(sqlite_database: Database) -> House:
    made = House(sqlite_database)
    managing.change_password(made.database, PEOPLE, "ann", PASSWORD, "root", made.clock)
    return made
