"""By what people prove who they are: accounts, sessions, tokens. No secret is in any of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from monitor.core.people import Permission

SESSION_LASTS: Final = timedelta(hours=12)
"""After which somebody logs in again, however busy they are."""
SESSION_RESTS: Final = timedelta(hours=1)
"""After which somebody who asked for nothing logs in again."""


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who can log in.

    Attributes:
        name: as the landscape has it; whoever it does not name cannot log in with it.
        changed_at: when the password was set.
        locked_at: since when nobody can log in with it, by decision; None: somebody can.
        logged_in_at: when somebody did last.
    """

    name: str
    changed_at: datetime
    locked_at: datetime | None = None
    logged_in_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """A browser in which somebody is logged in.

    Attributes:
        digest: SHA-256 of the token that the browser holds, as hexadecimal digits.
        name: whose it is.
        made_at: when they logged in.
        seen_at: when they last asked for something, to the minute.
        ends_at: when it ends in any case.
    """

    digest: str
    name: str
    made_at: datetime
    seen_at: datetime
    ends_at: datetime

    def holds(self, now: datetime) -> bool:
        """Whether somebody is still logged in with it."""
        return now < min(self.ends_at, self.seen_at + SESSION_RESTS)


@dataclass(frozen=True, slots=True)
class ApiToken:
    """By which a program asks in somebody's name, for some of what they may.

    Attributes:
        number: by which people know it.
        name: in whose name.
        label: what it is for.
        permissions: the most that it may, whatever the person may beside.
        made_at: when.
        expires_at: from when on it is worth nothing.
        used_at: when it was last used, to the minute; None: never.
        revoked_at: when somebody took it back; None: nobody has.
    """

    number: int
    name: str
    label: str
    permissions: frozenset[Permission]
    made_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None

    def holds(self, now: datetime) -> bool:
        """Whether programs may still use it."""
        return self.revoked_at is None and now < self.expires_at


@dataclass(frozen=True, slots=True)
class Failures:
    """Attempts to log in by one name, or from one address, since the last that succeeded.

    Attributes:
        count: how many.
        last_at: when the last one was.
        locked_until: before when there is none more; None: at any time.
    """

    count: int
    last_at: datetime
    locked_until: datetime | None = None
