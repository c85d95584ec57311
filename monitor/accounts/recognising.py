"""Recognise: whose session or token it is that a request carries."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from monitor.accounts.secrets import digest_of
from monitor.core.accounts import ApiToken, Session
from monitor.core.people import People, Permission, Person
from monitor.store.accounts import load_account
from monitor.store.api_tokens import load_api_token, use_api_token
from monitor.store.database import Database
from monitor.store.sessions import load_session, see_session

NOTED_EVERY: Final = timedelta(minutes=1)
"""How exactly it is known when somebody was last seen: most pages are shown without a write."""


@dataclass(frozen=True, slots=True)
class Recognised:
    """Somebody whom the landscape still names.

    Attributes:
        person: who.
        permissions: what they may by this; of a token's, those that the person has too.
        by: their session, or their token.
    """

    person: Person
    permissions: frozenset[Permission]
    by: Session | ApiToken

    def is_to_note(self, now: datetime) -> bool:
        """Whether it is worth a write that they were seen."""
        seen = self.by.seen_at if isinstance(self.by, Session) else self.by.used_at
        return seen is None or now - seen >= NOTED_EVERY


def recognise_session(
    database: Database, people: People, token: str, now: datetime
) -> Recognised | None:
    """Whose session it is; None where it has ended, or nobody knows it.

    Raises:
        Transient, Permanent: the store failed.
    """
    with database.read() as connection:
        known = load_session(connection, digest_of(token))
    person = None if known is None else people.named(known.name)
    if known is None or person is None or not known.holds(now):
        return None
    return Recognised(person, person.permissions, known)


def recognise_token(
    database: Database, people: People, token: str, now: datetime
) -> Recognised | None:
    """In whose name a program asks; None where the token is worth nothing.

    Whoever is locked out has no program either. Somebody who never had a password may have one.

    Raises:
        Transient, Permanent: the store failed.
    """
    with database.read() as connection:
        known = load_api_token(connection, digest_of(token))
        account = None if known is None else load_account(connection, known.name)
    person = None if known is None else people.named(known.name)
    if known is None or person is None or not known.holds(now):
        return None
    if account is not None and account.locked_at is not None:
        return None
    return Recognised(person, person.permissions & known.permissions, known)


def note_seen(database: Database, seen: Recognised, now: datetime) -> None:
    """Remember that they were seen.

    Raises:
        Transient, Permanent: the store failed.
    """
    with database.write() as connection:
        if isinstance(seen.by, Session):
            see_session(connection, seen.by.digest, now)
        else:
            use_api_token(connection, seen.by.number, now)
