"""Whatever is changed in an audit log, the first bad item is named."""

import hashlib
import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.core.errors import Permanent
from monitor.evidence_pack.auditing import check_log
from monitor.evidence_pack.verify import Invalid, canonical, main, verify_log
from monitor.store.attestations import load_heads
from monitor.store.audit import append_audit
from tests.evidence_pack.logs import KeptLog, minute

ENTRIES = 10

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(st.text(st.characters(codec="utf-8")), json_values))
def test_the_store_and_the_verifier_hash_the_same_bytes(value: dict[str, object]) -> None:
    assert canonical(value) == msgspec.json.encode(value, order="sorted")


def test_a_log_that_nobody_touched_holds(kept_anywhere: KeptLog) -> None:
    standing = check_log(kept_anywhere.database, [kept_anywhere.held])
    assert standing.problem is None
    assert (standing.end.sequence, standing.heads, standing.kept) == (ENTRIES, 2, 2)
    log, heads, keys = kept_anywhere.statements()
    assert f"{ENTRIES} entries hold" in verify_log(log, keys, heads)[0]


@pytest.mark.parametrize(
    "change",
    ["at = at + 1", "who = 'e'", "action = 'x'", "subject = 'x'", "detail = '{}'", "hash = '0'",
     "previous_hash = '0'"],
)  # fmt: skip
def test_an_altered_column_is_named_by_its_entry(kept: KeptLog, change: str) -> None:
    kept.tamper(f"UPDATE audit SET {change} WHERE sequence = 6")
    problem = check_log(kept.database, [kept.held]).problem
    assert problem is not None
    assert problem.item == "audit log entry 6"


def test_a_log_written_anew_to_its_end_is_named_by_the_head_kept_elsewhere(
    kept_anywhere: KeptLog,
) -> None:
    log = kept_anywhere
    log.tamper("DELETE FROM audit WHERE sequence > 6", "DELETE FROM signed_head WHERE sequence > 6")
    log.add(4)  # a chain that holds in itself
    assert check_log(log.database, []).problem is None
    problem = check_log(log.database, [log.held]).problem
    assert problem is not None
    assert problem.item == "audit log entry 9"
    assert "written anew" in problem.why


def test_a_log_cut_at_its_end_is_named_by_the_head_kept_elsewhere(kept_anywhere: KeptLog) -> None:
    log = kept_anywhere
    log.tamper("DELETE FROM audit WHERE sequence > 7", "DELETE FROM signed_head WHERE sequence > 7")
    assert check_log(log.database, []).problem is None
    problem = check_log(log.database, [log.held]).problem
    assert problem is not None
    assert problem.item == "audit log entry 8"
    assert "cut off" in problem.why


@pytest.mark.parametrize(
    "change",
    ["DELETE FROM audit WHERE sequence > 8", "UPDATE audit SET who = 'e' WHERE sequence = 10"],
)
def test_a_log_that_was_altered_is_not_signed(kept: KeptLog, change: str) -> None:
    kept.tamper(change)
    with pytest.raises(Permanent, match="audit log"):
        kept.sign(120)
    with kept.database.read() as connection:
        assert len(load_heads(connection)) == 2


def test_nothing_is_signed_twice_and_a_file_that_lost_a_head_gets_it_again(kept: KeptLog) -> None:
    kept.sign(120)
    kept.sign(130)
    whole = kept.held.path.read_bytes()
    assert whole.count(b"\n") == 3
    kept.held.path.write_bytes(whole[: len(whole) // 2])  # cut in the middle of a line
    kept.sign(140)
    assert sorted(kept.held.path.read_bytes().split()) == sorted(whole.split())


def test_an_exported_row_that_is_dropped_doubled_or_moved_is_named(kept: KeptLog) -> None:
    log, heads, keys = kept.statements()
    rows = log.splitlines(keepends=True)
    assert len(rows) == ENTRIES
    for number, row in enumerate(rows[:-1], 1):
        others = [*rows[: number - 1], *rows[number:]]
        for changed, bad in (
            (others, number),
            ([*rows[:number], row, *rows[number:]], number + 1),
            ([*rows[: number - 1], rows[number], row, *rows[number + 1 :]], number),
        ):
            with pytest.raises(Invalid) as caught:
                verify_log(b"".join(changed), keys, heads)
            assert caught.value.item == f"audit log entry {bad}"


def test_every_cut_of_an_exported_log_before_its_last_head_is_named(kept: KeptLog) -> None:
    log, heads, keys = kept.statements()
    rows = log.splitlines(keepends=True)
    for left in range(9):
        with pytest.raises(Invalid) as caught:
            verify_log(b"".join(rows[:left]), keys, heads)
        assert caught.value.item == f"audit log entry {left + 1}"


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 0.999), mask=st.integers(1, 255), which=st.integers(0, 2))
def test_any_changed_byte_of_an_export_is_found(
    kept: KeptLog, place: float, mask: int, which: int
) -> None:
    paths = [kept.folder / f"{name}.jsonl" for name in ("log", "signed", "introduced")]
    for number, content in enumerate(kept.export()):
        changed = bytearray(content)
        if number == which:
            changed[int(place * len(changed))] ^= mask
        paths[number].write_bytes(changed)
    log, heads, keys = map(str, paths)
    assert main([log, "--heads", heads, "--keys", keys]) == 1


def test_a_head_by_a_key_that_nobody_introduced_does_not_count(kept: KeptLog) -> None:
    log, heads, keys = kept.statements()
    with pytest.raises(Invalid, match="nobody introduced"):
        verify_log(log, keys[:1], heads)
    with pytest.raises(Invalid, match="does not follow"):
        verify_log(log, keys[1:], heads)
    with pytest.raises(Invalid, match="that you trust"):
        verify_log(log, keys, heads, trusted="0" * 64)
    assert verify_log(log, keys, heads, trusted=str(keys[0]["key"]))


def test_entries_are_exported_as_they_were_hashed(kept: KeptLog) -> None:
    log, _, _ = kept.export()
    for line in log.splitlines():
        entry = json.loads(line)
        said = entry.pop("hash")
        assert hashlib.sha256(canonical(entry)).hexdigest() == said


def test_whoever_adds_to_a_log_changes_its_head(kept: KeptLog) -> None:
    before = check_log(kept.database, []).end
    with kept.database.write() as connection:
        append_audit(connection, at=minute(1), who="a", action="b", subject="c", detail={})
    assert check_log(kept.database, []).end.sequence == before.sequence + 1


def test_what_was_signed_is_append_only(kept: KeptLog) -> None:
    for table in ("signing_key", "signed_head"):
        for change in (f"DELETE FROM {table}", f"UPDATE {table} SET key = 'x'"):
            with (
                pytest.raises(Permanent, match=r"append-only|CONSTRAINT|constraint"),
                kept.database.write() as connection,
            ):
                connection.exec_driver_sql(change)


def test_private_keys_stay_with_their_owner(kept: KeptLog, tmp_path: Path) -> None:
    files = sorted(kept.keys.iterdir())
    assert [file.stat().st_mode & 0o777 for file in files] == [0o600, 0o600]
    secrets = [file.read_text().splitlines()[1] for file in files]
    stored = (tmp_path / "tieout.db").read_bytes() + b"".join(kept.export())
    assert not any(secret.encode() in stored for secret in secrets)
