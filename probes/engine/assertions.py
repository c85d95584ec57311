"""Statements signed with a private key, by which a server knows a client (RFC 7515, 7519, 7523)."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from monitor.core.errors import Permanent, Reason

_HOLDS: Final = timedelta(minutes=5)
"""Servers take no statement that holds for longer than an hour, some less: Salesforce five minutes
and DocuSign an hour."""


def sign(
    claims: Mapping[str, Any], key: str, algorithm: str, key_id: str | None, now: datetime
) -> str:
    """The claims as a signed token that holds for some minutes.

    Args:
        claims: who states it, of whom, and for whom.
        key: private key as PEM.
        algorithm: `RS256`, `PS256` or `ES256`.
        key_id: header `kid`; None leaves it out.
        now: the present.

    Raises:
        Permanent: the key cannot be read, or does not fit the algorithm.
    """
    header = {"alg": algorithm, "typ": "JWT"} | ({"kid": key_id} if key_id else {})
    times = {"iat": int(now.timestamp()), "exp": int((now + _HOLDS).timestamp())}
    kind = ECKey if algorithm.startswith("ES") else RSAKey
    try:
        read = kind.import_key(key)
        return jwt.encode(header, {**claims, **times}, read, [algorithm])
    except (JoseError, ValueError, TypeError):
        # The library's own words may repeat the key.
        raise Permanent(
            f"the private key cannot be read, or is none for {algorithm}",
            reason=Reason.CREDENTIALS,
        ) from None
