"""Refresh tokens that change with each use, kept in a file that is never half written."""

import os
from pathlib import Path
from typing import Final

from monitor.core.errors import Permanent, Reason

_OWNER_ONLY: Final = 0o600


def read_refresh_token(file: Path) -> str:
    """The token that the file holds.

    Raises:
        Permanent: the file cannot be read, or is empty.
    """
    try:
        token = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        token = ""
    if not token:
        raise Permanent(
            f"the file {file.name} holds no refresh token: log in once more and put it there",
            reason=Reason.CREDENTIALS,
        )
    return token


def keep_refresh_token(file: Path, token: str) -> None:
    """Put another token in the old one's place, so that a crash leaves one or the other.

    Raises:
        Permanent: it cannot be written.
    """
    draft = file.with_name(f"{file.name}.new")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(token)
            opened.flush()
            os.fsync(opened.fileno())
        draft.replace(file)
    except (OSError, UnicodeEncodeError):
        raise Permanent(
            f"the new refresh token cannot be kept in {file.name}: its folder must be writable",
            reason=Reason.CREDENTIALS,
        ) from None
