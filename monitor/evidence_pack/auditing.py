"""The audit log checked against all that was ever signed of it, and exported."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from monitor.evidence_pack.heads import HeadFile
from monitor.evidence_pack.verify import (
    START,
    Invalid,
    Place,
    canonical,
    check_chain,
    check_heads,
    check_keys,
)
from monitor.store.attestations import load_heads, load_keys, read_entries
from monitor.store.database import Database


@dataclass(frozen=True, slots=True)
class Standing:
    """How the audit log stands.

    Attributes:
        end: its newest entry.
        heads: signed heads that agree with it.
        kept: those among them that were held elsewhere.
        problem: the first item that does not hold; None where all do.
    """

    end: Place
    heads: int
    kept: int
    problem: Invalid | None


def check_log(database: Database, kept: Sequence[HeadFile], trusted: str = "") -> Standing:
    """Follow the whole log, and compare it with heads of the store and with those held elsewhere.

    Args:
        database: the store; nothing is written.
        kept: files of heads that were held elsewhere.
        trusted: fingerprint of a key that is known from elsewhere; empty: none is.

    Raises:
        Transient, Permanent: the store failed.
    """
    places, end = {START.sequence: START.hash}, START
    heads, held = 0, 0
    with database.read() as connection:
        statements, signed = load_keys(connection), load_heads(connection)
        try:
            for place in check_chain(read_entries(connection), "audit log"):
                end = place
                places[end.sequence] = end.hash
            ring = check_keys(statements, "keys", trusted)
            heads = check_heads(signed, places, end, ring, "signed heads")
            for file in kept:
                held += check_heads(file.read(), places, end, ring, str(file.path))
        except Invalid as problem:
            return Standing(end, heads, held, problem)
    return Standing(end, heads, held, None)


def export_log(database: Database, log: BinaryIO, heads: BinaryIO, keys: BinaryIO) -> int:
    """Write the log, its signed heads and the keys, one canonical JSON object a line.

    Returns:
        How many entries were written.

    Raises:
        OSError: a file cannot be written.
        Transient, Permanent: the store failed.
    """
    count = 0
    with database.read() as connection:
        for count, entry in enumerate(read_entries(connection), 1):  # noqa: B007 - the last counts
            log.write(canonical(entry) + b"\n")
        for file, statements in ((heads, load_heads(connection)), (keys, load_keys(connection))):
            file.writelines(canonical(each) + b"\n" for each in statements)
    return count
