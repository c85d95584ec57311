"""Passwords: which are taken, and how they are kept."""

import functools
import os
import threading
import unicodedata
from typing import Final

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

LEAST: Final = 15
"""Characters. NIST SP 800-63B-4, section 3.1.1.2, where nothing but the password is asked for; it
forbids rules about which kinds of characters there must be."""
MOST: Final = 256
"""Characters; the same section asks for 64 at least."""
LEAST_DIFFERENT: Final = 6
"""Different characters: fewer are a pattern that guessers try first."""

_MEMORY, _PASSES, _LANES = 19_456, 2, 1
"""KiB, and so on: OWASP Password Storage Cheat Sheet, the first choice of its list for Argon2id."""
_SALT_BYTES, _HASH_BYTES = 16, 32

_AT_A_TIME = threading.BoundedSemaphore(2)
"""Each takes 19 MiB: whoever sends many at once waits, and the machine does not run out."""


def why_not(password: str, name: str) -> str | None:
    """Why somebody may not have this password; None where they may."""
    plain = _normalised(password)
    if len(plain) < LEAST:
        return f"a password has at least {LEAST} characters; several words are easy to remember"
    if len(plain) > MOST:
        return f"a password has at most {MOST} characters"
    if len(set(plain)) < LEAST_DIFFERENT:
        return "a password does not repeat the same few characters"
    rest = plain.casefold()
    for word in (name.casefold(), "tieout", "password"):
        rest = rest.replace(word, "")
    if len(rest) < LEAST // 2:
        return "a password is more than names and words that anybody would try first"
    return None


def hash_password(password: str, salt: bytes | None = None) -> str:
    """What is kept of a password: Argon2id's hash, as text with its salt and its costs.

    Args:
        password: as somebody typed it; how its letters are composed makes no difference.
        salt: 16 bytes; None: from the operating system.
    """
    kept = Argon2id(
        salt=salt or os.urandom(_SALT_BYTES),
        length=_HASH_BYTES,
        iterations=_PASSES,
        lanes=_LANES,
        memory_cost=_MEMORY,
    )
    with _AT_A_TIME:
        return kept.derive_phc_encoded(_normalised(password).encode())


def is_password(password: str, hashed: str | None) -> bool:
    """Whether it is the password that was kept; takes the same time where none was kept.

    Args:
        password: as somebody typed it.
        hashed: as `hash_password` made it; None where nobody of that name can log in.
    """
    given = _normalised(password[: MOST + 1]).encode()
    with _AT_A_TIME:
        try:
            Argon2id.verify_phc_encoded(given, hashed or _nobodys())
        except InvalidKey:
            return False
    return hashed is not None


@functools.cache
def _nobodys() -> str:
    """A hash with the same costs that no password has."""
    return Argon2id(
        salt=os.urandom(_SALT_BYTES),
        length=_HASH_BYTES,
        iterations=_PASSES,
        lanes=_LANES,
        memory_cost=_MEMORY,
    ).derive_phc_encoded(os.urandom(_HASH_BYTES))


def _normalised(password: str) -> str:
    """Keyboards compose the same letter in different ways: Unicode's NFKC makes them one."""
    return unicodedata.normalize("NFKC", password.encode(errors="replace").decode())
