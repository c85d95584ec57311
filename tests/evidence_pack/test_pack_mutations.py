"""Whatever is changed in a pack is named: any byte, row, order or tail, any field of the manifest.

First by somebody without the key, who leaves the signature as it was or puts his own; then by
somebody with the key, who signs figures that do not add up.
"""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from monitor.evidence_pack.keys import Signer
from monitor.evidence_pack.packing import write_pack
from monitor.evidence_pack.verify import (
    Invalid,
    canonical,
    central_header,
    end_record,
    local_header,
    verify_pack,
)
from monitor.store.database import open_database
from tests.databases import SQLite
from tests.evidence_pack.packs import Scene, play


class Kept:
    """A pack that holds, and how to pack its files anew."""

    def __init__(self, scene: Scene) -> None:
        scene.make("kept.zip")
        self.content = (scene.folder / "kept.zip").read_bytes()
        self.signer = scene.signer()
        with zipfile.ZipFile(io.BytesIO(self.content)) as archive:
            self.files = {name: archive.read(name) for name in archive.namelist()}
            self.directory = archive.start_dir
            self.starts = {each.filename: each.header_offset for each in archive.infolist()}
        self.manifest = json.loads(self.files["manifest.json"])

    @property
    def names(self) -> list[str]:
        return [name for name in self.files if name not in {"manifest.sig", "key.pem"}]

    def pack(
        self,
        folder: Path,
        changed: dict[str, bytes],
        facts: dict[str, Any] | None = None,
        signer: Signer | None = None,
    ) -> bytes:
        """All of it once more, with a signature that holds."""
        for name, content in {**self.files, **changed}.items():
            if name not in {"manifest.json", "manifest.sig", "key.pem"}:
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(content)
        said = {**self.manifest, **(facts or {})}
        write_pack(folder, said, signer or self.signer, folder.parent / "anew.zip")
        return (folder.parent / "anew.zip").read_bytes()


@pytest.fixture(scope="module")
def kept(sqlite: SQLite, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    folder = tmp_path_factory.mktemp("mutations")
    opened = open_database(sqlite.migrated(folder))
    yield Kept(play(opened, folder))
    opened.close()


def named(content: bytes, trusted: str = "") -> Invalid:
    with pytest.raises(Invalid) as found:
        verify_pack(io.BytesIO(content), trusted)
    return found.value


@given(st.data())
def test_any_changed_byte_is_found_and_its_file_named(kept: Kept, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(kept.content) - 1))
    bit = data.draw(st.integers(0, 7))
    changed = bytearray(kept.content)
    changed[place] ^= 1 << bit
    problem = named(bytes(changed))
    owner = [name for name, start in kept.starts.items() if start <= place][-1]
    if place >= kept.directory:
        assert problem.item == "the pack's directory"
    elif owner == "manifest.json":
        assert problem.item in {"manifest.json", "manifest.sig"}
    else:
        # A key or signature that is not that of the manifest may be the one's fault or the other's.
        assert problem.item == owner or owner in {"manifest.sig", "key.pem"}


@given(st.data())
def test_whatever_is_cut_off_put_in_or_added_is_found(kept: Kept, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(kept.content) - 1))
    length = data.draw(st.integers(1, 2000))
    extra = data.draw(st.binary(min_size=1, max_size=50))
    assert named(kept.content[:start]).item
    cut = kept.content[:start] + kept.content[start + length :]
    assert named(cut).item
    longer = kept.content[:start] + extra + kept.content[start:]
    assert longer == kept.content or named(longer).item
    assert named(kept.content + extra).item == "the pack's directory"


def alterations(content: bytes) -> dict[str, bytes]:
    """What somebody does to a table or a log, a line at a time."""
    lines = content.splitlines(keepends=True)
    made = {"cut short": content[:-1], "longer": content + b"x", "empty": b""}
    if len(lines) > 2:
        made |= {
            "a line less": b"".join(lines[:-1]),
            "a line twice": b"".join([*lines, lines[-1]]),
            "another order": b"".join([lines[0], *reversed(lines[1:])]),
        }
    return {name: each for name, each in made.items() if each != content}


def test_every_file_is_bound_to_the_manifest_whatever_is_done_to_it(kept: Kept) -> None:
    """The archive is put together as it should be, the manifest alone is left as it was."""
    for name in kept.names:
        if name == "manifest.json":
            continue
        for how, content in alterations(kept.files[name]).items():
            archive = rebuild({**kept.files, name: content})
            assert named(archive).item == name, (name, how)


def test_a_file_that_is_missing_renamed_or_new_is_named(kept: Kept) -> None:
    for name in kept.names:
        fewer = {each: content for each, content in kept.files.items() if each != name}
        assert named(rebuild(fewer)).item
        other = {("x" + each if each == name else each): c for each, c in kept.files.items()}
        assert named(rebuild(other)).item
    assert named(rebuild({**kept.files, "zz.txt": b"new"})).item == "the pack's directory"


def rebuild(files: dict[str, bytes]) -> bytes:
    """An archive in the pack's own form, by the pack's own headers."""
    whole, directory = b"", b""
    for name, content in files.items():
        head = len(content), crc32(content)
        directory += central_header(name, *head, len(whole))
        whole += local_header(name, *head) + content
    return whole + directory + end_record(len(files), len(directory), len(whole))


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where every value of a manifest stands."""
    if isinstance(value, dict) and value:
        for name, each in value.items():
            yield from leaves(each, (*path, name))
    elif isinstance(value, list) and value:
        for number, each in enumerate(value):
            yield from leaves(each, (*path, number))
    else:
        yield path


def altered(manifest: Any, path: tuple[Any, ...]) -> Any:
    said = json.loads(json.dumps(manifest))
    inner = said
    for step in path[:-1]:
        inner = inner[step]
    value = inner[path[-1]]
    match value:
        case bool():
            inner[path[-1]] = not value
        case int():
            inner[path[-1]] = value + 1
        case str():
            inner[path[-1]] = value[:-1] + ("0" if value[-1:] != "0" else "1")
        case _:
            inner[path[-1]] = ["x"]
    return said


def test_every_field_of_the_manifest_is_signed(kept: Kept) -> None:
    places = list(leaves(kept.manifest))
    assert len(places) > 150
    for path in places:
        changed = canonical(altered(kept.manifest, path))
        assert changed != kept.files["manifest.json"]
        problem = named(rebuild({**kept.files, "manifest.json": changed}))
        assert problem.item in {"manifest.json", "key.pem"}, path


def test_a_pack_signed_anew_with_another_key_is_not_taken_for_ours(
    kept: Kept, tmp_path: Path
) -> None:
    (tmp_path / "files").mkdir()
    stranger = Signer(Ed25519PrivateKey.generate())
    forged = kept.pack(tmp_path / "files", {}, {"key": stranger.key}, stranger)
    assert "nobody introduced" in named(forged, kept.signer.key).why


def without_a_deal(files: dict[str, bytes]) -> dict[str, bytes]:
    lines = files["tables/population.csv"].splitlines(keepends=True)
    return {"tables/population.csv": b"".join(lines[:-1])}


def without_an_exception(files: dict[str, bytes]) -> dict[str, bytes]:
    lines = files["tables/exceptions.csv"].splitlines(keepends=True)
    return {"tables/exceptions.csv": b"".join(lines[:-1])}


def with_another_amount(files: dict[str, bytes]) -> dict[str, bytes]:
    table = files["tables/population.csv"].replace(b'"1000.00"', b'"1000.01"', 1)
    return {"tables/population.csv": table}


def with_another_term(files: dict[str, bytes]) -> dict[str, bytes]:
    table = files["tables/population.csv"].replace(b'"exception"', b'"matched"', 1)
    return {"tables/population.csv": table}


def with_a_cut_log(files: dict[str, bytes]) -> dict[str, bytes]:
    lines = files["audit/log.jsonl"].splitlines(keepends=True)
    return {"audit/log.jsonl": b"".join(lines[:-1])}


def with_an_altered_log(files: dict[str, bytes]) -> dict[str, bytes]:
    return {"audit/log.jsonl": files["audit/log.jsonl"].replace(b'"ann"', b'"bob"', 1)}


def without_heads(files: dict[str, bytes]) -> dict[str, bytes]:
    return {"audit/heads.jsonl": files["audit/heads.jsonl"].replace(b'"at":"2', b'"at":"1', 1)}


@pytest.mark.parametrize(
    ("change", "item"),
    [
        (without_a_deal, "tables/population.csv"),
        (without_an_exception, "tables/exceptions.csv"),
        (with_another_amount, "tables/population.csv"),
        (with_another_term, "tables/population.csv"),
        (with_a_cut_log, "audit/log.jsonl"),
        (with_an_altered_log, "audit/log.jsonl entry 1"),
        (without_heads, "audit/heads.jsonl line 1"),
    ],
)
def test_whoever_has_the_key_cannot_sign_what_does_not_add_up(
    kept: Kept,
    tmp_path: Path,
    change: Callable[[dict[str, bytes]], dict[str, bytes]],
    item: str,
) -> None:
    (tmp_path / "files").mkdir()
    changed = change(kept.files)
    assert all(kept.files[name] != content for name, content in changed.items())
    assert named(kept.pack(tmp_path / "files", changed)).item == item


def test_a_log_cut_before_a_head_that_was_kept_elsewhere_is_named(
    kept: Kept, tmp_path: Path
) -> None:
    """All is signed anew by whoever has the key: only what was held elsewhere tells."""
    (tmp_path / "files").mkdir()
    heads = [json.loads(line) for line in kept.files["audit/heads.jsonl"].splitlines()]
    lines = kept.files["audit/log.jsonl"].splitlines(keepends=True)[:-3]
    last = json.loads(lines[-1])
    audit = {**kept.manifest["audit"], "last": {k: last[k] for k in ("sequence", "hash")}}
    shorter = kept.pack(
        tmp_path / "files",
        {"audit/log.jsonl": b"".join(lines), "audit/heads.jsonl": b""},
        {"audit": audit},
    )
    assert verify_pack(io.BytesIO(shorter))
    with pytest.raises(Invalid, match="cut off"):
        verify_pack(io.BytesIO(shorter), "", heads)
