"""Tokens by which programs ask in people's names."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from monitor.core.accounts import ApiToken
from monitor.core.people import Permission
from monitor.store.account_tables import api_token


def add_api_token(
    connection: Connection,
    digest: str,
    name: str,
    label: str,
    permissions: Iterable[Permission],
    now: datetime,
    expires_at: datetime,
) -> ApiToken:
    """Keep a token, of which only a hash is known here."""
    may = frozenset(permissions)
    made = connection.execute(
        api_token.insert().values(
            digest=digest,
            name=name,
            label=label,
            permissions=" ".join(sorted(may)),
            made_at=now,
            expires_at=expires_at,
        )
    )
    (number,) = made.inserted_primary_key  # type: ignore[misc]  # a row of one column
    return ApiToken(number, name, label, may, now, expires_at)


def load_api_token(connection: Connection, digest: str) -> ApiToken | None:
    """The token of this hash, whether it still holds or not; None where there is none."""
    query = select(api_token).where(api_token.c.digest == digest)
    row = connection.execute(query).one_or_none()
    return None if row is None else _read(row)


def list_api_tokens(connection: Connection) -> list[ApiToken]:
    """All that there ever were, the oldest first."""
    return [_read(row) for row in connection.execute(select(api_token).order_by(api_token.c.id))]


def use_api_token(connection: Connection, number: int, now: datetime) -> None:
    """Some program has asked with it."""
    connection.execute(update(api_token).where(api_token.c.id == number).values(used_at=now))


def revoke_api_token(connection: Connection, number: int, now: datetime) -> bool:
    """It is worth nothing any more; False where there is none, or somebody did so before."""
    known = (api_token.c.id == number, api_token.c.revoked_at.is_(None))
    return connection.execute(update(api_token).where(*known).values(revoked_at=now)).rowcount == 1


def _read(row: Row[Any]) -> ApiToken:
    known = {each.value for each in Permission}
    # What an older tieout knew and this one does not is nothing that anybody may.
    may = frozenset(Permission(each) for each in row.permissions.split() if each in known)
    return ApiToken(
        row.id,
        row.name,
        row.label,
        may,
        row.made_at,
        row.expires_at,
        row.used_at,
        row.revoked_at,
    )
