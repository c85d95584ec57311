#!/usr/bin/env python3
"""Checks an audit log that tieout exported, without tieout.

One file on its own: copy it wherever you like, read it, run it with Python 3.9 or later. The
package `cryptography` checks the signatures; nothing else is needed.

    python3 verify.py log.jsonl --heads heads.jsonl --key FINGERPRINT

The fingerprint of the key, and the heads, must have come to you another way than with what they
are to prove: whoever can make a log anew can sign it with a key of their own.

Exit status: 0 everything holds, 1 something does not (the first such item is named), 2 the
arguments cannot be used.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import hashlib
import json
import sys
from pathlib import Path
from typing import Any, Iterable, Iterator, NamedTuple  # noqa: UP035 - Python 3.9

HEAD_FORMAT = "tieout audit head 1"
KEY_FORMAT = "tieout signing key 1"

ROOT = "0" * 64
"""What the first entry of an audit log is bound to."""


class Invalid(Exception):  # noqa: N818 - read as a sentence: what is invalid, and why
    """Something does not hold.

    Attributes:
        item: the first thing that does not: a file, an entry, a row.
        why: one sentence.
    """

    def __init__(self, item: str, why: str) -> None:
        super().__init__(f"{item}: {why}")
        self.item = item
        self.why = why


# --- The one encoding that is hashed and signed -------------------------------------------------


def canonical(value: Any) -> bytes:
    """JSON as it is hashed: names sorted, no blanks, UTF-8, no fractions, no escapes but needed."""
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode("utf-8")


def read_canonical(text: bytes, item: str) -> dict[str, Any]:
    """The object that canonical JSON says.

    Raises:
        Invalid: it is no object, or not in the canonical form.
    """
    try:
        value = json.loads(text.decode("utf-8"))
        again = canonical(value)
    except (ValueError, RecursionError):
        raise Invalid(item, "this is not JSON") from None
    if again != text or not isinstance(value, dict):
        raise Invalid(item, "this is not in the canonical form")
    return value


def read_lines(text: bytes, item: str) -> list[dict[str, Any]]:
    """One canonical object a line; the last line ends as all others do."""
    lines = text.split(b"\n")
    if lines.pop() != b"":
        raise Invalid(item, "its last line is cut off")
    return [read_canonical(line, f"{item} line {n}") for n, line in enumerate(lines, 1)]


# --- Keys and signatures ------------------------------------------------------------------------


def fingerprint(public: bytes) -> str:
    """What a public key is called: SHA-256 over its 32 bytes, 64 hex digits."""
    return hashlib.sha256(public).hexdigest()


def is_signed(public: bytes, signature: bytes, message: bytes) -> bool:
    """Whether an Ed25519 signature (RFC 8032) is of this message, by this key."""
    # Late, so that hashes and the chain can be checked where the package is missing.
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415
        Ed25519PublicKey,
    )

    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def signed_part(statement: dict[str, Any]) -> bytes:
    """What the signature of a statement is over: the statement without it."""
    return canonical({name: each for name, each in statement.items() if name != "signature"})


def check_signature(statement: dict[str, Any], public: bytes, item: str) -> None:
    """Check a statement that carries its signature.

    Raises:
        Invalid: the signature is not of it.
    """
    if not is_signed(public, _bytes(statement, "signature", item), signed_part(statement)):
        raise Invalid(item, "its signature does not hold")


class KeyRing(NamedTuple):
    """Keys that were in use, each introduced by the one before it.

    Attributes:
        public: by fingerprint, in the order of introduction.
    """

    public: dict[str, bytes]

    def key(self, name: object, item: str) -> bytes:
        """A key by its fingerprint.

        Raises:
            Invalid: nobody introduced it.
        """
        if not isinstance(name, str) or name not in self.public:
            raise Invalid(item, "it is signed by a key that nobody introduced")
        return self.public[name]


def check_keys(statements: list[dict[str, Any]], item: str, trusted: str = "") -> KeyRing:
    """Follow the introductions of keys, the first of which vouches for itself.

    Args:
        statements: one for each key, the oldest first.
        item: where they stand.
        trusted: fingerprint that is known from elsewhere; empty: none is.

    Raises:
        Invalid: a key is not introduced by the one before it, or the trusted one is not there.
    """
    ring: dict[str, bytes] = {}
    last = ""
    for number, each in enumerate(statements, 1):
        line = f"{item} line {number}"
        _require(each, line, KEY_FORMAT, {"at", "key", "previous", "public"})
        public = _bytes(each, "public", line)
        if each["key"] != fingerprint(public) or each["previous"] != last or each["key"] in ring:
            raise Invalid(line, "it does not follow the key before it")
        check_signature(each, ring.get(last, public), line)
        last = each["key"]
        ring[last] = public
    if trusted and trusted not in ring:
        raise Invalid(item, f"the key {trusted} that you trust is not among its keys")
    return KeyRing(ring)


# --- The audit log ------------------------------------------------------------------------------


class Place(NamedTuple):
    """A place in the audit log: how many entries lead up to it, and the hash of the last one."""

    sequence: int
    hash: str


START = Place(0, ROOT)

_ENTRY = {"action", "at", "detail", "hash", "previous_hash", "sequence", "subject", "who"}


def entry_hash(entry: dict[str, Any]) -> str:
    """What an entry's hash is over: all of it but the hash, the hash before it included."""
    body = {name: each for name, each in entry.items() if name != "hash"}
    return hashlib.sha256(canonical(body)).hexdigest()


def check_chain(
    entries: Iterable[dict[str, Any]], item: str, start: Place = START
) -> Iterator[Place]:
    """Follow a log entry by entry.

    Yields:
        The place after each entry.

    Raises:
        Invalid: the first entry that was altered, or stands where one was taken out or put in.
    """
    last = start
    for entry in entries:
        name = f"{item} entry {last.sequence + 1}"
        if entry.keys() != _ENTRY or not isinstance(entry["sequence"], int):
            raise Invalid(name, "this is not an entry of an audit log")
        if entry["sequence"] != last.sequence + 1:
            raise Invalid(name, f"entry {entry['sequence']} stands in its place")
        if entry["previous_hash"] != last.hash:
            raise Invalid(name, "it is not bound to the entry before it")
        if entry["hash"] != entry_hash(entry):
            raise Invalid(name, "it was altered: its hash is another one")
        last = Place(entry["sequence"], entry["hash"])
        yield last


def check_heads(
    heads: list[dict[str, Any]], places: dict[int, str], end: Place, ring: KeyRing, item: str
) -> int:
    """Compare signed heads with the log.

    Args:
        heads: as they were kept.
        places: by sequence, the hash of each entry of the log that is at hand.
        end: where the log ends.
        ring: keys that may have signed.
        item: where the heads stand.

    Returns:
        How many heads fell into the log, and hold.

    Raises:
        Invalid: a head is not signed; or the log ends before it, or says otherwise.
    """
    held = 0
    for number, head in enumerate(heads, 1):
        line = f"{item} line {number}"
        _require(head, line, HEAD_FORMAT, {"at", "hash", "key", "sequence"})
        check_signature(head, ring.key(head["key"], line), line)
        sequence = head["sequence"]
        if sequence > end.sequence:
            raise Invalid(
                f"audit log entry {end.sequence + 1}",
                f"it was cut off: a head signed at {head['at']} counts {sequence} entries",
            )
        if sequence not in places:
            continue
        if places[sequence] != head["hash"]:
            raise Invalid(
                f"audit log entry {sequence}",
                f"it, or one before it, was written anew after the head signed at {head['at']}",
            )
        held += 1
    return held


# --- An exported audit log ----------------------------------------------------------------------


def verify_log(
    text: bytes, keys: list[dict[str, Any]], heads: list[dict[str, Any]], trusted: str = ""
) -> list[str]:
    """Check an audit log from its first entry, and heads against it.

    Returns:
        What holds, in lines.

    Raises:
        Invalid: the first item that does not hold.
    """
    places, end = {START.sequence: START.hash}, START
    for place in check_chain(read_lines(text, "audit log"), "audit log"):
        end = place
        places[end.sequence] = end.hash
    ring = check_keys(keys, "keys", trusted)
    held = check_heads(heads, places, end, ring, "heads")
    lines = [f"{end.sequence} entries hold, the last one is {end.hash}"]
    lines.append(f"signed heads that agree: {held}")
    if not held:
        lines.append("  without a head kept elsewhere, entries cut off the end cannot be noticed")
    return lines


# --- Small pieces -------------------------------------------------------------------------------


def _require(statement: dict[str, Any], item: str, form: str, names: set[str]) -> None:
    if statement.keys() != names | {"format", "signature"} or statement["format"] != form:
        raise Invalid(item, f"this is not a '{form}'")
    numbers = {"sequence"}
    for name in names:
        kind = int if name in numbers else str
        if not isinstance(statement[name], kind) or isinstance(statement[name], bool):
            raise Invalid(item, f"its {name} cannot be read")


def _bytes(statement: dict[str, Any], name: str, item: str) -> bytes:
    text = statement.get(name)
    try:
        decoded = base64.b64decode(str(text), validate=True)
    except (binascii.Error, ValueError):
        raise Invalid(item, f"its {name} cannot be read") from None
    if base64.b64encode(decoded).decode() != text:
        raise Invalid(item, f"its {name} is not written as it should be")
    return decoded


def main(words: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("log", type=Path, help="an exported audit log (log.jsonl)")
    parser.add_argument("--key", default="", help="fingerprint of the key that you trust")
    parser.add_argument("--heads", type=Path, help="signed heads that were kept elsewhere")
    parser.add_argument("--keys", type=Path, help="introductions of keys")
    asked = parser.parse_args(words)
    try:
        heads = read_lines(asked.heads.read_bytes(), "heads") if asked.heads else []
        keys = read_lines(asked.keys.read_bytes(), "keys") if asked.keys else []
        lines = verify_log(asked.log.read_bytes(), keys, heads, asked.key.lower())
    except OSError as error:
        print(f"cannot be read: {error}", file=sys.stderr)
        return 2
    except ImportError:
        print("signatures cannot be checked: install the package cryptography", file=sys.stderr)
        return 2
    except Invalid as error:
        print(f"DOES NOT HOLD. {error}")
        return 1
    for line in lines:
        print(line)
    print("HOLDS.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
