"""Keys that sign evidence: made, exchanged for new ones, and used.

The private key is a file of its own, in a folder that the landscape names; the store has public
keys alone. Each new key is introduced by a statement that the one before it signs.
"""

import base64
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from monitor.core.errors import Permanent, Reason
from monitor.core.model import encode_value
from monitor.evidence_pack.verify import KEY_FORMAT, canonical, fingerprint
from monitor.store.attestations import add_key, load_keys
from monitor.store.audit import append_audit
from monitor.store.database import Database


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key, ready to sign."""

    private: Ed25519PrivateKey

    @property
    def public(self) -> bytes:
        """The public key: 32 bytes."""
        return self.private.public_key().public_bytes_raw()

    @property
    def key(self) -> str:
        """What it is called."""
        return fingerprint(self.public)

    def sign(self, message: bytes) -> bytes:
        """The signature of a message: 64 bytes, the same every time (RFC 8032)."""
        return self.private.sign(message)

    def state(self, statement: dict[str, Any]) -> dict[str, Any]:
        """The statement with its signature."""
        signature = base64.b64encode(self.sign(canonical(statement))).decode()
        return {**statement, "signature": signature}


def make_key(folder: Path, database: Database, now: datetime, who: str) -> str:
    """Make a key and let it sign from now on; where there is one already, that introduces it.

    Returns:
        Its fingerprint, for people to keep.

    Raises:
        Permanent: the folder cannot be written to, or the key in use is not there.
        Transient: the store failed.
    """
    with database.read() as connection:
        known = load_keys(connection)
    before = load_key(folder, known[-1]["key"]) if known else None
    signer = Signer(Ed25519PrivateKey.generate())
    _save(folder, signer)
    said = {
        "format": KEY_FORMAT,
        "at": encode_value(now),
        "key": signer.key,
        "previous": before.key if before else "",
        "public": base64.b64encode(signer.public).decode(),
    }
    statement = (before or signer).state(said)
    with database.write() as connection:
        if load_keys(connection) != known:
            raise Permanent("somebody else made a key meanwhile", reason=Reason.CONFLICT)
        add_key(connection, statement, canonical(statement))
        append_audit(
            connection,
            at=now,
            who=who,
            action="introduce signing key",
            subject=signer.key,
            detail={"previous": said["previous"]},
        )
    return signer.key


def open_signer(folder: Path, database: Database) -> Signer:
    """The key in use.

    Raises:
        Permanent: there is none, or its file cannot be read.
        Transient: the store failed.
    """
    with database.read() as connection:
        known = load_keys(connection)
    if not known:
        raise Permanent(
            "there is no signing key yet: make one with 'tieout keys create'",
            reason=Reason.CONFIGURATION,
        )
    return load_key(folder, known[-1]["key"])


def _path(folder: Path, key: str) -> Path:
    return folder / f"{key[:16]}.pem"


def _save(folder: Path, signer: Signer) -> None:
    text = signer.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(_path(folder, signer.key), flags, 0o600), "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Permanent(
            f"the signing key cannot be kept: {error.strerror}", reason=Reason.CONFIGURATION
        ) from None


def load_key(folder: Path, key: str) -> Signer:
    """A key by its fingerprint, in use or not.

    Raises:
        Permanent: its file cannot be read, or has another key.
    """
    try:
        private = load_pem_private_key(_path(folder, key).read_bytes(), None)
    except (OSError, ValueError, TypeError):
        raise Permanent(
            f"the signing key {key[:16]} cannot be read in its folder",
            reason=Reason.CONFIGURATION,
        ) from None
    if not isinstance(private, Ed25519PrivateKey) or Signer(private).key != key:
        raise Permanent(
            f"the file of the signing key {key[:16]} has another key", reason=Reason.CONFIGURATION
        )
    return Signer(private)
