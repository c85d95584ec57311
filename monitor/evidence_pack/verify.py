#!/usr/bin/env python3
"""Checks what tieout hands over as evidence, without tieout: a pack, or an exported audit log.

One file on its own: copy it wherever you like, read it, run it with Python 3.9 or later. The
package `cryptography` checks the signatures; nothing else is needed.

    python3 verify.py PACK.zip --key FINGERPRINT
    python3 verify.py log.jsonl --heads heads.jsonl --key FINGERPRINT

The fingerprint of the key, and the heads, must have come to you another way than with what they
are to prove: whoever can make a pack anew can put a key of their own into it.

Exit status: 0 everything holds, 1 something does not (the first such item is named), 2 the
arguments cannot be used.
"""

from __future__ import annotations

import argparse
import base64
import binascii
import csv
import hashlib
import io
import json
import re
import struct
import sys
import zlib
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Iterable, Iterator, NamedTuple  # noqa: UP035 - Python 3.9

PACK_FORMAT = "tieout evidence pack 1"
HEAD_FORMAT = "tieout audit head 1"
KEY_FORMAT = "tieout signing key 1"

ROOT = "0" * 64
"""What the first entry of an audit log is bound to."""

MANIFEST, SIGNATURE, PUBLIC_KEY = "manifest.json", "manifest.sig", "key.pem"
LOG, HEADS, KEYS = "audit/log.jsonl", "audit/heads.jsonl", "audit/keys.jsonl"
POPULATION, EXCEPTIONS = "tables/population.csv", "tables/exceptions.csv"

BLOCK = 65_536
"""Bytes of a file that have a hash of their own, so that damage can be named more closely."""

NAME = re.compile(r"[a-z0-9_]+(/[a-z0-9_]+)*\.[a-z0-9]+")
"""What a file in a pack may be called: nothing that leads out of a folder."""

LONGEST_NAME = 100
LARGEST_MANIFEST = 64 * 2**20


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


def pem(public: bytes) -> bytes:
    """A public key as OpenSSL reads it. Source: RFC 8410, section 4."""
    encoded = base64.b64encode(bytes.fromhex("302a300506032b6570032100") + public)
    return b"-----BEGIN PUBLIC KEY-----\n" + encoded + b"\n-----END PUBLIC KEY-----\n"


def unpem(text: bytes) -> bytes:
    """The 32 bytes of a public key, written exactly as `pem` writes it.

    Raises:
        Invalid: it is none.
    """
    lines = text.split(b"\n")
    try:
        public = base64.b64decode(lines[1], validate=True)[-32:]
    except (IndexError, binascii.Error):
        public = b""
    if text != pem(public) or len(public) != 32:  # noqa: PLR2004 - an Ed25519 key's length
        raise Invalid(PUBLIC_KEY, "this is no public key")
    return public


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


# --- The pack's container: a ZIP archive in one fixed form --------------------------------------
# Nothing is compressed, no field is free, so every byte of it follows from the manifest.

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s4B4HL2L5H2L")
_END = struct.Struct("<4s4H2LH")
_EPOCH_DATE = 0x0021  # 1980-01-01, the first day that the format knows
_UTF8 = 0x0800
LARGEST_PACK = 2**32 - 2**20


def local_header(name: str, size: int, crc: int) -> bytes:
    """What stands before a file. Source: PKWARE APPNOTE, section 4.3.7."""
    encoded = name.encode()
    fields = (b"PK\3\4", 10, _UTF8, 0, 0, _EPOCH_DATE, crc, size, size, len(encoded), 0)
    return _LOCAL.pack(*fields) + encoded


def central_header(name: str, size: int, crc: int, offset: int) -> bytes:
    """The same file in the directory at the end. Source: as above, section 4.3.12."""
    encoded = name.encode()
    fields = (
        b"PK\1\2", 20, 3, 10, 0, _UTF8, 0, 0, _EPOCH_DATE, crc, size, size,
        len(encoded), 0, 0, 0, 0, 0o100644 << 16, offset,
    )  # fmt: skip
    return _CENTRAL.pack(*fields) + encoded


def end_record(count: int, size: int, offset: int) -> bytes:
    """The end of the directory. Source: as above, section 4.3.16."""
    return _END.pack(b"PK\5\6", 0, 0, count, count, size, offset, 0)


class Member(NamedTuple):
    """A file in a pack: where its bytes are."""

    name: str
    offset: int
    size: int


class Archive:
    """An open pack. Its files are read one after another; none is held in memory whole."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._directory: list[bytes] = []
        self._offset = 0

    def take(self, expected: str, largest: int) -> Member:
        """The next file, which has to be this one.

        Raises:
            Invalid: another one stands here, or none.
        """
        self._file.seek(self._offset)
        header = self._file.read(_LOCAL.size + len(expected.encode()))
        if len(header) < _LOCAL.size + len(expected.encode()):
            raise Invalid(expected, "the pack ends before it")
        fields = _LOCAL.unpack(header[: _LOCAL.size])
        crc, size = fields[6], fields[7]
        if header != local_header(expected, size, crc):
            raise Invalid(expected, "it does not stand where it should, or its header was altered")
        if size > largest:
            raise Invalid(expected, "it is too large")
        member = Member(expected, self._offset + len(header), size)
        self._directory.append(central_header(expected, size, crc, self._offset))
        self._offset = member.offset + size
        if self._crc(member) != crc:
            raise Invalid(expected, "its content is not what its check sum says")
        return member

    def pieces(self, member: Member) -> Iterator[bytes]:
        """A file's bytes, a block at a time."""
        done = 0
        while done < member.size:
            self._file.seek(member.offset + done)
            piece = self._file.read(min(BLOCK, member.size - done))
            if not piece:
                raise Invalid(member.name, "the pack ends within it")
            done += len(piece)
            yield piece

    def content(self, member: Member) -> bytes:
        """A file's bytes."""
        return b"".join(self.pieces(member))

    def close(self) -> None:
        """Check that nothing but the directory follows.

        Raises:
            Invalid: something does, or the directory says otherwise.
        """
        directory = b"".join(self._directory)
        end = end_record(len(self._directory), len(directory), self._offset)
        self._file.seek(self._offset)
        if self._file.read(len(directory) + len(end) + 1) != directory + end:
            raise Invalid("the pack's directory", "it is not that of its files")

    def _crc(self, member: Member) -> int:
        crc = 0
        for piece in self.pieces(member):
            crc = zlib.crc32(piece, crc)
        return crc


# --- The pack -----------------------------------------------------------------------------------


def verify_pack(
    file: BinaryIO, trusted: str = "", kept: list[dict[str, Any]] | None = None
) -> list[str]:
    """Check a pack: its bytes, its signature, its audit log, and that its figures add up.

    Args:
        file: the pack, opened in binary mode.
        trusted: fingerprint of a key that is known from elsewhere.
        kept: signed heads that were kept elsewhere.

    Returns:
        What holds, in lines.

    Raises:
        Invalid: the first item that does not hold.
    """
    archive = Archive(file)
    text = archive.content(archive.take(MANIFEST, LARGEST_MANIFEST))
    signature = archive.content(archive.take(SIGNATURE, 64))
    public = unpem(archive.content(archive.take(PUBLIC_KEY, 1000)))
    manifest = read_canonical(text, MANIFEST)
    if manifest.get("format") != PACK_FORMAT:
        raise Invalid(MANIFEST, f"its format is not '{PACK_FORMAT}'")
    if manifest.get("key") != fingerprint(public):
        raise Invalid(PUBLIC_KEY, "it is not the key that the manifest names")
    if not is_signed(public, signature, text):
        raise Invalid(MANIFEST, "its signature does not hold")
    try:
        return _verify_content(archive, manifest, trusted, kept or [])
    except (KeyError, TypeError, ValueError, ArithmeticError):
        raise Invalid(MANIFEST, "it does not say what a manifest says") from None


def _verify_content(
    archive: Archive, manifest: dict[str, Any], trusted: str, kept: list[dict[str, Any]]
) -> list[str]:
    """Check everything that a signed manifest speaks of."""
    members = {}
    for entry in _listed(manifest):
        members[entry["name"]] = member = archive.take(entry["name"], LARGEST_PACK)
        _check_file(archive, member, entry)
    archive.close()
    ring = check_keys(read_lines(archive.content(members[KEYS]), KEYS), KEYS, trusted)
    ring.key(manifest["key"], MANIFEST)
    end, held = _check_log(archive, members, manifest, ring, kept)
    _check_population(archive, members, manifest["population"])
    _check_exceptions(archive, members, manifest["population"])
    return list(_told(manifest, len(members), end, held, bool(trusted)))


def _listed(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    files = manifest.get("files")
    if not isinstance(files, list):
        raise Invalid(MANIFEST, "it lists no files")
    names = []
    for entry in files:
        if not isinstance(entry, dict) or entry.keys() != {"blocks", "bytes", "name", "sha256"}:
            raise Invalid(MANIFEST, "it lists a file that it does not describe")
        name, hashes = entry["name"], [entry["sha256"], *entry["blocks"]]
        if not isinstance(entry["bytes"], int) or not all(isinstance(h, str) for h in hashes):
            raise Invalid(MANIFEST, "it lists a file that it does not describe")
        if not isinstance(name, str) or len(name) > LONGEST_NAME or not NAME.fullmatch(name):
            raise Invalid(MANIFEST, "it lists a file with a name that no pack has")
        names.append(name)
    if names != sorted(set(names)) or {MANIFEST, SIGNATURE, PUBLIC_KEY} & set(names):
        raise Invalid(MANIFEST, "it lists its files in disorder")
    if missing := {LOG, HEADS, KEYS, POPULATION, EXCEPTIONS} - set(names):
        raise Invalid(min(missing), "the manifest does not list it")
    return files


def _check_file(archive: Archive, member: Member, entry: dict[str, Any]) -> None:
    whole, line = hashlib.sha256(), 1
    for number, piece in enumerate(archive.pieces(member)):
        blocks = entry["blocks"]
        if number >= len(blocks) or hashlib.sha256(piece).hexdigest() != blocks[number]:
            last = line + piece.count(b"\n")
            place = (
                f"bytes {number * BLOCK} to {number * BLOCK + len(piece)}, lines {line} to {last}"
            )
            raise Invalid(member.name, f"it was altered: {place}")
        line += piece.count(b"\n")
        whole.update(piece)
    if member.size != entry["bytes"] or whole.hexdigest() != entry["sha256"]:
        raise Invalid(member.name, f"it has {member.size} bytes, the manifest {entry['bytes']}")


def _check_log(
    archive: Archive,
    members: dict[str, Member],
    manifest: dict[str, Any],
    ring: KeyRing,
    kept: list[dict[str, Any]],
) -> tuple[Place, int]:
    said = manifest.get("audit")
    if not isinstance(said, dict):
        raise Invalid(MANIFEST, "it does not say where its audit log begins and ends")
    start = Place(said["first"]["sequence"], said["first"]["hash"])
    places = {start.sequence: start.hash}
    end = start
    entries = read_lines(archive.content(members[LOG]), LOG)
    for place in check_chain(entries, LOG, start):
        end = place
        places[end.sequence] = end.hash
    if end != Place(said["last"]["sequence"], said["last"]["hash"]):
        raise Invalid(LOG, "it does not end where the manifest says")
    heads = read_lines(archive.content(members[HEADS]), HEADS)
    check_heads(heads, places, end, ring, HEADS)
    # What was signed after the pack was asked for lies beyond it, and is no fault of the pack.
    known = manifest["request"]["known"]
    within = [head for head in kept if head["sequence"] <= end.sequence or head["at"] <= known]
    return end, check_heads(within, places, end, ring, "heads kept elsewhere")


def _check_population(archive: Archive, members: dict[str, Member], said: dict[str, Any]) -> None:
    """Count the population anew, and compare with what the manifest states of it."""
    deals: Counter[str] = Counter()
    money: dict[str, dict[str, Decimal]] = {}
    for row in _rows(archive, members[POPULATION]):
        deals[row["term"]] += row["part"] == "1"
        sums = money.setdefault(row["term"], {})
        if row["amount"]:
            code = row["currency"]
            sums[code] = sums.get(code, Decimal(0)) + Decimal(row["amount"])
    for term in said["terms"]:
        name = term["term"]
        stated = {code: Decimal(total) for code, total in term["money"].items()}
        if deals.pop(name, 0) != term["deals"] or money.get(name, {}) != stated:
            raise Invalid(POPULATION, f"its rows do not add up to what is stated as '{name}'")
    if deals:
        raise Invalid(POPULATION, "it has rows of a term that the manifest does not state")
    if sum(term["deals"] for term in said["terms"]) != said["deals"]:
        raise Invalid(MANIFEST, "the terms of the population do not add up to it")


def _check_exceptions(archive: Archive, members: dict[str, Member], said: dict[str, Any]) -> None:
    """Every exception is of a deal that the population calls one, and every such deal has one."""
    listed = set()
    found = 0
    for row in _rows(archive, members[EXCEPTIONS]):
        found += 1
        listed.add((row["flow"], row["deal"]))
    if found != said["exceptions"]:
        raise Invalid(EXCEPTIONS, f"it has {found} rows, the manifest states {said['exceptions']}")
    for row in _rows(archive, members[POPULATION]):
        if row["term"] == "exception" and row["part"] == "1":
            if (row["flow"], row["deal"]) not in listed:
                raise Invalid(EXCEPTIONS, f"it has no row for {row['deal']}")
            listed.discard((row["flow"], row["deal"]))
    if listed:
        raise Invalid(EXCEPTIONS, f"{min(listed)[1]} is not an exception of the population")


def _rows(archive: Archive, member: Member) -> Iterator[dict[str, str]]:
    """Rows of a table; an apostrophe that keeps a spreadsheet from calculating is taken off."""
    csv.field_size_limit(LARGEST_MANIFEST)
    raw = io.BufferedReader(_Reader(archive.pieces(member)))
    stream = io.TextIOWrapper(raw, encoding="utf-8", newline="")
    for row in csv.DictReader(stream):
        yield {name: text[1:] if text.startswith("'") else text for name, text in row.items()}


class _Reader(io.RawIOBase):
    """Pieces as a file that can be read."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        super().__init__()
        self._pieces, self._left = pieces, b""

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        self._left = self._left or next(self._pieces, b"")
        count = min(len(into), len(self._left))
        into[:count], self._left = self._left[:count], self._left[count:]
        return count


def _told(
    manifest: dict[str, Any], files: int, end: Place, held: int, is_trusted: bool
) -> Iterator[str]:
    said = manifest["population"]
    yield f"{files} files are as the manifest says, and it is signed by {manifest['key']}"
    if not is_trusted:
        yield "  compare that key with one that reached you another way (--key)"
    yield f"the audit log holds up to entry {end.sequence}; heads kept elsewhere that agree: {held}"
    terms = " + ".join(f"{term['deals']} {term['term']}" for term in said["terms"])
    yield f"population {said['deals']} = {terms}"
    if said["complete"]:
        yield "the report calls itself complete"
    else:
        yield f"the report does not call itself complete: {'; '.join(said['reasons'])}"


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
    parser.add_argument("evidence", type=Path, help="a pack (.zip) or an audit log (.jsonl)")
    parser.add_argument("--key", default="", help="fingerprint of the key that you trust")
    parser.add_argument("--heads", type=Path, help="signed heads that were kept elsewhere")
    parser.add_argument("--keys", type=Path, help="introductions of keys, for an audit log")
    asked = parser.parse_args(words)
    try:
        heads = read_lines(asked.heads.read_bytes(), "heads") if asked.heads else []
        keys = read_lines(asked.keys.read_bytes(), "keys") if asked.keys else []
        if asked.evidence.suffix == ".jsonl":
            lines = verify_log(asked.evidence.read_bytes(), keys, heads, asked.key.lower())
        else:
            with asked.evidence.open("rb") as file:
                lines = verify_pack(file, asked.key.lower(), heads)
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
