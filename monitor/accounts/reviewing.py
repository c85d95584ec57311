"""Review: who may what, by which roles, and whether they use it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from monitor.core.accounts import Account, ApiToken
from monitor.core.model import encode_value
from monitor.core.people import People, Person
from monitor.store.accounts import list_accounts
from monitor.store.api_tokens import list_api_tokens
from monitor.store.database import Database
from monitor.store.sessions import list_sessions

STALE: Final = timedelta(days=90)
"""Access that nobody used for so long is asked about in a review."""


@dataclass(frozen=True, slots=True)
class Access:
    """What one person has.

    Attributes:
        name: of the person.
        person: as the landscape has them; None where it names them no more.
        account: None where they have no password.
        sessions: in how many browsers they are logged in.
        tokens: that still hold.
        remarks: what whoever reviews should ask about.
    """

    name: str
    person: Person | None
    account: Account | None
    sessions: int
    tokens: tuple[ApiToken, ...]
    remarks: tuple[str, ...]

    @property
    def can_log_in(self) -> bool:
        """Whether the right password lets them in."""
        account = self.account
        return self.person is not None and account is not None and account.locked_at is None

    @property
    def roles(self) -> tuple[str, ...]:
        """Which the landscape gives them."""
        return () if self.person is None else tuple(self.person.settings.roles)

    def as_json(self) -> dict[str, Any]:
        """For machines and for evidence."""
        person, account = self.person, self.account
        return {
            "name": self.name,
            "in_landscape": person is not None,
            "roles": list(self.roles),
            "permissions": sorted(person.permissions) if person else [],
            "legal_entities": list(person.settings.legal_entities) if person else [],
            "regions": list(person.settings.regions) if person else [],
            "can_log_in": self.can_log_in,
            "password_set_at": encode_value(account.changed_at) if account else None,
            "locked_at": encode_value(account.locked_at) if account else None,
            "logged_in_at": encode_value(account.logged_in_at) if account else None,
            "sessions": self.sessions,
            "tokens": [token_as_json(each) for each in self.tokens],
            "remarks": list(self.remarks),
        }


def token_as_json(token: ApiToken) -> dict[str, Any]:
    """A token without what makes it one."""
    return {
        "token": token.number,
        "name": token.name,
        "label": token.label,
        "permissions": sorted(token.permissions),
        "made_at": encode_value(token.made_at),
        "expires_at": encode_value(token.expires_at),
        "used_at": encode_value(token.used_at),
        "revoked_at": encode_value(token.revoked_at),
    }


def review_access(database: Database, people: People, now: datetime) -> list[Access]:
    """Everybody who is named, or who could log in before, by name.

    Raises:
        Transient, Permanent: the store failed.
    """
    with database.read() as connection:
        accounts = {each.name: each for each in list_accounts(connection)}
        tokens = [each for each in list_api_tokens(connection) if each.holds(now)]
        sessions = [each.name for each in list_sessions(connection) if each.holds(now)]
    names = {*accounts, *(each.name for each in tokens)} | {p.name for p in people.everybody()}
    found = []
    for name in sorted(names):
        person, account = people.named(name), accounts.get(name)
        own = tuple(each for each in tokens if each.name == name)
        remarks = tuple(_remarks(person, account, own, now))
        found.append(Access(name, person, account, sessions.count(name), own, remarks))
    return found


def _remarks(
    person: Person | None, account: Account | None, tokens: tuple[ApiToken, ...], now: datetime
) -> list[str]:
    said = []
    if person is None:
        said.append("the landscape does not name them: nothing lets them in")
    if account is not None and account.locked_at is not None:
        said.append("locked")
    elif account is not None and now - (account.logged_in_at or account.changed_at) > STALE:
        said.append(f"has not logged in for {STALE.days} days")
    for each in tokens:
        if person is not None and (beyond := each.permissions - person.permissions):
            said.append(f"token {each.number} has more than they may: {', '.join(sorted(beyond))}")
        if now - (each.used_at or each.made_at) > STALE:
            said.append(f"token {each.number} was not used for {STALE.days} days")
    return said
