"""Signed heads of the audit log, held elsewhere too, so that a log that was cut shows."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from monitor.core.errors import Permanent, Reason, Transient
from monitor.core.model import encode_value
from monitor.core.signing import HeadKeeper, Statement
from monitor.evidence_pack.keys import Signer
from monitor.evidence_pack.verify import (
    HEAD_FORMAT,
    START,
    Invalid,
    Place,
    canonical,
    check_chain,
    read_lines,
)
from monitor.store.attestations import add_head, entry_at, load_heads, read_entries
from monitor.store.database import Connection, Database


def sign_head(
    database: Database, signer: Signer, now: datetime, keepers: Sequence[HeadKeeper] = ()
) -> dict[str, Any] | None:
    """Sign the newest entry, and see to it that every keeper holds what was signed.

    What came since the last head is followed first: a log that was altered is not signed.

    Returns:
        The head; None where nothing came since the last one, or there is no entry.

    Raises:
        Permanent: the log does not go on from its last head, or a keeper refuses.
        Transient: the store failed, or a keeper cannot be reached now.
    """
    with database.write() as connection:
        signed = load_heads(connection)
        place = _follow(connection, signed[-1] if signed else None)
        is_news = place != START and not any(
            head["sequence"] == place.sequence and head["key"] == signer.key for head in signed
        )
        if is_news:
            said = {
                "format": HEAD_FORMAT,
                "at": encode_value(now),
                "sequence": place.sequence,
                "hash": place.hash,
                "key": signer.key,
            }
            signed.append(signer.state(said))
            add_head(connection, signed[-1], now, canonical(signed[-1]))
    for keeper in keepers:
        keeper.keep(signed)
    return signed[-1] if is_news else None


def _follow(connection: Connection, last: Statement | None) -> Place:
    """The end of the log, which has to go on from the head that was signed last."""
    place = START if last is None else Place(last["sequence"], last["hash"])
    if entry_at(connection, place.sequence).hash != place.hash:
        raise Permanent(
            f"the audit log is not what was signed of it at entry {place.sequence}:"
            " see 'tieout audit verify'",
            reason=Reason.CONFLICT,
        )
    try:
        for reached in check_chain(
            read_entries(connection, after=place.sequence), "audit log", place
        ):
            place = reached
    except Invalid as error:
        raise Permanent(f"the audit log is not signed: {error}", reason=Reason.CONFLICT) from None
    return place


@dataclass(frozen=True, slots=True)
class HeadFile:
    """Heads in a file, one a line; it only ever grows."""

    path: Path

    def keep(self, heads: Sequence[Statement]) -> None:
        """Add those that are not there yet; a line that a crash cut off is written anew."""
        try:
            with self.path.open("ab+") as file:
                file.seek(0)
                text = file.read()
                whole = text[: text.rfind(b"\n") + 1]
                known = set(whole.split(b"\n"))
                lines = [canonical(dict(head)) for head in heads]
                missing = [line for line in lines if line not in known]
                if not missing and whole == text:
                    return
                file.truncate(len(whole))
                file.write(b"".join(line + b"\n" for line in missing))
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise Transient(
                f"signed heads cannot be kept in their file: {error.strerror}",
                reason=Reason.UNREACHABLE,
            ) from None

    def read(self) -> list[dict[str, Any]]:
        """The heads in it; none where there is no file.

        Raises:
            Invalid: a line of it is no statement.
        """
        return read_lines(self.path.read_bytes(), self.path.name) if self.path.exists() else []
