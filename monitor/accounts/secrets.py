"""Tokens: 256 random bits of which only a hash is kept."""

import hashlib
import hmac
import secrets

_BYTES = 32


def new_secret() -> str:
    """A token that nobody can guess."""
    return secrets.token_urlsafe(_BYTES)


def digest_of(secret: str) -> str:
    """What is kept of a token, SHA-256 in hexadecimal digits: a store that is read lets nobody in.

    Nothing slower is needed: nobody tries 2^256 tokens one after another.
    """
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()


def form_token_of(secret: str) -> str:
    """What the forms of a session carry: it follows from the session's token, and not back."""
    return hmac.new(secret.encode(errors="replace"), b"forms", hashlib.sha256).hexdigest()
