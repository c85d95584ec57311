"""What a landscape says of signing, done."""

from datetime import datetime
from pathlib import Path
from typing import Any

from monitor.core.signing import EvidenceSettings, HeadKeeper
from monitor.evidence_pack.heads import HeadFile, sign_head
from monitor.evidence_pack.keys import open_signer
from monitor.store.database import Database


def keepers_of(settings: EvidenceSettings) -> list[HeadKeeper]:
    """Where signed heads are held beside the store."""
    return [HeadFile(Path(settings.heads))] if settings.heads else []


def sign_new_head(
    settings: EvidenceSettings, database: Database, now: datetime
) -> dict[str, Any] | None:
    """Sign what came to the audit log with the key in use; None where nothing came.

    Raises:
        Transient, Permanent: as `sign_head` and `open_signer`.
    """
    signer = open_signer(Path(settings.keys), database)
    return sign_head(database, signer, now, keepers_of(settings))
