"""Files, a manifest over them and its signature, put into one archive of a fixed form."""

import hashlib
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from monitor.core.errors import Permanent, Reason
from monitor.evidence_pack.keys import Signer
from monitor.evidence_pack.verify import (
    BLOCK,
    LARGEST_PACK,
    MANIFEST,
    PACK_FORMAT,
    PUBLIC_KEY,
    SIGNATURE,
    canonical,
    central_header,
    end_record,
    local_header,
    pem,
)


@dataclass(frozen=True, slots=True)
class Packed:
    """What was handed over.

    Attributes:
        manifest_hash: SHA-256 of the manifest.
        pack_hash: SHA-256 of the whole pack.
        signature: of the manifest.
        key: fingerprint of the key that signed.
    """

    manifest_hash: str
    pack_hash: str
    signature: bytes
    key: str


def write_pack(folder: Path, facts: Mapping[str, Any], signer: Signer, out: Path) -> Packed:
    """Put every file below a folder into a pack, which appears whole or not at all.

    Args:
        folder: with nothing in it but what belongs into the pack.
        facts: what the manifest says besides its files.
        signer: signs the manifest.
        out: where the pack goes.

    Raises:
        OSError: a file cannot be read or written.
        Permanent: the pack would be larger than the format allows.
    """
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*.*")}
    listed = [_describe(name, paths[name]) for name in sorted(paths)]
    if sum(entry["bytes"] for entry in listed) > LARGEST_PACK:
        raise Permanent("the report is larger than a pack can be", reason=Reason.TOO_LARGE)
    manifest = canonical({**facts, "format": PACK_FORMAT, "key": signer.key, "files": listed})
    signature = signer.sign(manifest)
    whole = hashlib.sha256()
    half = out.with_name(out.name + ".part")
    try:
        with half.open("wb") as file:
            archive = _Writer(file, whole)
            archive.add_bytes(MANIFEST, manifest)
            archive.add_bytes(SIGNATURE, signature)
            archive.add_bytes(PUBLIC_KEY, pem(signer.public))
            for name in sorted(paths):
                archive.add_file(name, paths[name])
            archive.close()
            file.flush()
            os.fsync(file.fileno())
        half.replace(out)
    finally:
        half.unlink(missing_ok=True)
    digest = hashlib.sha256(manifest).hexdigest()
    return Packed(digest, whole.hexdigest(), signature, signer.key)


def _describe(name: str, path: Path) -> dict[str, Any]:
    whole, blocks, size = hashlib.sha256(), [], 0
    with path.open("rb") as file:
        while piece := file.read(BLOCK):
            whole.update(piece)
            blocks.append(hashlib.sha256(piece).hexdigest())
            size += len(piece)
    return {"name": name, "bytes": size, "sha256": whole.hexdigest(), "blocks": blocks}


class _Writer:
    """Writes the archive that `monitor.evidence_pack.verify.Archive` reads."""

    def __init__(self, file: BinaryIO, whole: Any) -> None:
        self._file, self._whole = file, whole
        self._directory: list[bytes] = []
        self._offset = 0

    def add_bytes(self, name: str, content: bytes) -> None:
        self._begin(name, len(content), zlib.crc32(content))
        self._write(content)

    def add_file(self, name: str, path: Path) -> None:
        crc, size = 0, 0
        with path.open("rb") as file:
            while piece := file.read(BLOCK):
                crc, size = zlib.crc32(piece, crc), size + len(piece)
            self._begin(name, size, crc)
            file.seek(0)
            while piece := file.read(BLOCK):
                self._write(piece)

    def close(self) -> None:
        directory, offset = b"".join(self._directory), self._offset
        self._write(directory + end_record(len(self._directory), len(directory), offset))

    def _begin(self, name: str, size: int, crc: int) -> None:
        self._directory.append(central_header(name, size, crc, self._offset))
        self._write(local_header(name, size, crc))

    def _write(self, content: bytes) -> None:
        self._file.write(content)
        self._whole.update(content)
        self._offset += len(content)
