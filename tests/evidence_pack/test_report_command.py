"""The command that makes packs, over the simulated firm; figures are recounted from its own books.

The firm is a stand-in of our own: what is proved is tieout's arithmetic, not a vendor's interface.
"""

import csv
import io
import json
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from monitor.simulation import SimulatedFirm
from tests.cli.conftest import Run
from tests.daemon.firms import Scene


@pytest.fixture(scope="session")
def landscape(firm: Scene) -> Path:
    """The firm's landscape with a folder for keys; its store is looked at below."""
    path = firm.folder / "evidence.yaml"
    settings = firm.landscape.read_text("utf-8")
    path.write_text(f"{settings}\nevidence:\n  keys: {firm.folder / 'keys'}\n", "utf-8")
    return path


@pytest.fixture
def signed(firm: Scene, landscape: Path, looked_at: Path, tieout: Run) -> Path:
    """A store that was looked at, and a key."""
    assert looked_at.exists()
    if not (firm.folder / "keys").exists():
        assert (
            tieout("keys", "create", "--landscape", landscape, variables=firm.environment()).status
            == 0
        )
    return landscape


def rows(pack: Path, name: str) -> list[dict[str, str]]:
    with zipfile.ZipFile(pack) as archive:
        content = archive.read(f"tables/{name}.csv").decode()
    return list(csv.DictReader(io.StringIO(content, newline="")))


def table(firm: SimulatedFirm, name: str) -> list[object]:
    """Rows of one of the firm's own tables, those that are there."""
    tables = {str(stream): each for stream, each in firm.world.tables.items()}
    return [seen.row for seen in tables[name].ordered() if not seen.deleted]


def make(tieout: Run, firm: Scene, landscape: Path, out: Path, *words: str) -> dict[str, object]:
    asked = ("report", "--landscape", landscape, "--out", out, "--who", "ann", "--json", *words)
    ran = tieout(*asked, variables=firm.environment())
    assert ran.status in {0, 1, 4, 5}, ran.err
    return dict(json.loads(ran.out))


def test_figures_equal_a_recount_from_the_firms_own_books(
    tieout: Run, firm: Scene, signed: Path, tmp_path: Path
) -> None:
    out = tmp_path / "pack.zip"
    make(tieout, firm, signed, out, "--from", "2026-01-01")
    with zipfile.ZipFile(out) as archive:
        stated = json.loads(archive.read("manifest.json"))["population"]
    exceptions = {
        tuple(row[name] for name in ("deal", "kind", "system", "stream", "field"))
        for row in rows(out, "exceptions")
    }
    assert exceptions == firm.planted()
    population = rows(out, "population")
    deals = {row["deal"] for row in population}
    opportunities = table(firm.firm, "crm.opportunities")
    assert {each.deal for each in opportunities} <= deals  # type: ignore[attr-defined]
    strangers = deals - {each.deal for each in opportunities}  # type: ignore[attr-defined]
    broken = {deal for deal, *_ in firm.planted()}
    assert strangers <= broken
    terms = Counter(row["term"] for row in population if row["part"] == "1")
    assert terms["exception"] == len(broken)
    assert stated["deals"] == len(deals) == sum(terms.values())
    money: Counter[str] = Counter()
    for row in population:
        if row["amount"]:
            money[row["currency"]] += Decimal(row["amount"])  # type: ignore[assignment]
    own: Counter[str] = Counter()
    for each in opportunities:
        own[each.currency] += each.amount  # type: ignore[attr-defined]
    assert money == own


def test_a_report_made_again_has_the_same_bytes(
    tieout: Run, firm: Scene, signed: Path, tmp_path: Path
) -> None:
    first = make(tieout, firm, signed, tmp_path / "a.zip", "--from", "2026-01-01")
    # The firm is looked at again in between, and the audit log goes on.
    tieout("once", signed, variables=firm.environment())
    make(tieout, firm, signed, tmp_path / "other.zip", "--from", "2026-02-01")
    number = str(first["report"])
    again = make(tieout, firm, signed, tmp_path / "b.zip", "--replay", number)
    assert again["same_bytes"] is True
    assert again["changed_since"] == []
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_a_report_made_again_under_another_configuration_says_so(
    tieout: Run, firm: Scene, signed: Path, tmp_path: Path
) -> None:
    first = make(tieout, firm, signed, tmp_path / "a.zip", "--from", "2026-01-01")
    other = tmp_path / "other.yaml"
    settings = signed.read_text("utf-8")
    other.write_text(settings.replace("\nversion: 1\n", "\nversion: 1\nsettle: PT1M\n"), "utf-8")
    asked = (
        "report",
        "--landscape",
        other,
        "--replay",
        first["report"],
        "--out",
        tmp_path / "b.zip",
    )
    ran = tieout(*asked, variables=firm.environment())
    assert ran.status & 1
    assert "NOT the same bytes as then" in ran.out
    assert "not as it was then: configuration" in ran.out


def test_a_pack_verifies_here_and_without_us(
    tieout: Run, firm: Scene, signed: Path, tmp_path: Path
) -> None:
    """In a process of its own that cannot import tieout, with the script that tieout prints."""
    out = tmp_path / "pack.zip"
    key = str(make(tieout, firm, signed, out, "--from", "2026-01-01")["key"])
    assert tieout("verify", out, "--key", key).out.endswith("HOLDS.\n")
    script = tmp_path / "alone" / "verify.py"
    script.parent.mkdir()
    script.write_text(tieout("verify", "--print-script").out, "utf-8")
    command = [sys.executable, "-I", "-W", "error", str(script), str(out), "--key"]
    ran = partial(subprocess.run, check=False, capture_output=True, text=True, cwd=script.parent)
    alone = ran([*command, key])
    assert (alone.returncode, alone.stderr) == (0, "")
    assert alone.stdout.endswith("HOLDS.\n")
    stranger = ran([*command, "0" * 64])
    assert stranger.returncode == 1
    assert "you trust" in stranger.stdout
    broken = tmp_path / "broken.zip"
    broken.write_bytes(out.read_bytes()[:-1])
    assert tieout("verify", broken, "--key", key).status == 1


def test_a_pack_verifies_by_hand(tieout: Run, firm: Scene, signed: Path, tmp_path: Path) -> None:
    """As docs/how-to/verify-a-pack.md says, with unzip, sha256sum and openssl alone."""
    if any(shutil.which(tool) is None for tool in ("sha256sum", "openssl")):
        pytest.fail("the tools of the manual are not there")
    out = tmp_path / "pack.zip"
    make(tieout, firm, signed, out, "--from", "2026-01-01")
    with zipfile.ZipFile(out) as archive:
        archive.extractall(tmp_path / "files")
        listed = json.loads(archive.read("manifest.json"))["files"]
    sums = "".join(f"{each['sha256']}  {each['name']}\n" for each in listed)
    subprocess.run(
        ["sha256sum", "--check", "--strict", "--quiet"],
        input=sums, text=True, cwd=tmp_path / "files", check=True,
    )  # fmt: skip
    signature = ["-in", "manifest.json", "-sigfile", "manifest.sig"]
    subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", *signature],
        cwd=tmp_path / "files", check=True, capture_output=True,
    )  # fmt: skip


def test_a_deal_can_be_reported_alone(
    tieout: Run, firm: Scene, signed: Path, tmp_path: Path
) -> None:
    deal = min(firm.planted())[0]
    make(tieout, firm, signed, tmp_path / "d.zip", "--deal", deal, "--from", "2026-01-01")
    assert {row["deal"] for row in rows(tmp_path / "d.zip", "population")} == {deal}
    assert tieout("verify", tmp_path / "d.zip").status == 0


def test_who_asked_for_which_report_is_in_the_audit_log(
    tieout: Run, firm: Scene, signed: Path, tmp_path: Path
) -> None:
    made = make(tieout, firm, signed, tmp_path / "a.zip", "--from", "2026-01-01")
    tieout(
        "audit", "export", "--landscape", signed, "--out", tmp_path, variables=firm.environment()
    )
    entries = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    own = [each for each in entries if each["subject"] == f"report {made['report']}"]
    assert [(each["who"], each["action"]) for each in own] == [("ann", "make report")]
    assert str(made["sha256"]) in str(own[0]["detail"])


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--from", "2026-01-01", "--to", "2025-01-01"), "a period begins before it ends"),
        ((), "--from says when the period begins"),
        (("nothing", "--from", "2026-01-01"), "name one of the flows"),
        (("--replay", "99999"), "there is no report 99999"),
    ],
)
def test_what_cannot_be_reported_is_refused(
    tieout: Run, firm: Scene, signed: Path, tmp_path: Path, words: tuple[str, ...], why: str
) -> None:
    out = tmp_path / "x.zip"
    ran = tieout(
        "report", "--landscape", signed, *words, "--out", out, variables=firm.environment()
    )
    assert ran.status not in {0, 1}
    assert why in ran.err.replace("│\n│ ", "")
    assert not out.exists()
