"""The probe on the page is installed as a package of its own, and finds a break."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.app import build_estate, load_plugins, read_landscape
from monitor.calls import CallLedger
from monitor.config import ConfigurationError
from monitor.core.breaks import BreakKind
from monitor.core.clock import system_clock
from monitor.core.errors import Permanent
from monitor.core.metrics import Metrics
from monitor.jobs import Runtime
from monitor.single_pass import pass_once
from monitor.store import breaks
from monitor.store.database import Database
from tests.docs.pages import blocks

PAGE = "how-to/write-a-probe.md"
(CODE,) = blocks(PAGE, "python")
(ENTRY_POINT,) = blocks(PAGE, "toml")
(LANDSCAPE,) = blocks(PAGE, "yaml")


def install(folder: Path, entry_points: str) -> None:
    """What an installer leaves behind: the module, and what the package says of itself."""
    about = folder / "contract_archive-1.dist-info"
    about.mkdir(parents=True)
    (folder / "contract_archive.py").write_text(CODE, encoding="utf-8")
    (about / "METADATA").write_text("Name: contract-archive\nVersion: 1\n", encoding="utf-8")
    (about / "entry_points.txt").write_text(entry_points, encoding="utf-8")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    text = ENTRY_POINT.replace('[project.entry-points."tieout.probes"]', "[tieout.probes]")
    install(tmp_path / "site", text.replace('"', ""))
    monkeypatch.syspath_prepend(tmp_path / "site")
    yield
    sys.modules.pop("contract_archive", None)


def export(archive: Path, name: str, number: str, deal: str) -> None:
    folder = archive / "contracts"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.xml").write_text(
        f"<contract><number>{number}</number><total>100.00</total><currency>EUR</currency>"
        f"<opportunity>{deal}</opportunity></contract>",
        encoding="utf-8",
    )


@pytest.mark.usefixtures("installed")
def test_the_probe_on_the_page_finds_a_break(tmp_path: Path, sqlite_database: Database) -> None:
    archive = tmp_path / "archive"
    export(archive, "c1", "C-1", "OPP-1")
    export(archive, "c2", "C-2", "OPP-2")
    export(archive, "c3", "C-2", "OPP-2")
    path = tmp_path / "landscape.yaml"
    path.write_text(LANDSCAPE, encoding="utf-8")
    landscape = read_landscape(path, {"ARCHIVE": str(archive)})
    estate = build_estate(landscape, system_clock, calls_today={})
    runtime = Runtime(sqlite_database, Metrics("0"), system_clock, CallLedger())
    done = pass_once(estate, runtime)
    estate.close()
    assert not done.blind
    with sqlite_database.read() as connection:
        (standing,) = breaks.standing_breaks(connection)
    assert standing.finding.kind is BreakKind.DUPLICATE
    assert standing.finding.transaction == "OPP-2"


@pytest.mark.usefixtures("installed")
def test_a_missing_folder_is_a_blind_source(tmp_path: Path, sqlite_database: Database) -> None:
    path = tmp_path / "landscape.yaml"
    path.write_text(LANDSCAPE, encoding="utf-8")
    landscape = read_landscape(path, {"ARCHIVE": str(tmp_path / "nowhere")})
    estate = build_estate(landscape, system_clock, calls_today={})
    runtime = Runtime(sqlite_database, Metrics("0"), system_clock, CallLedger())
    done = pass_once(estate, runtime)
    estate.close()
    assert [str(stream) for stream in done.blind] == ["archive.contract"]


@pytest.mark.usefixtures("installed")
def test_misspelt_keys_of_the_new_probe_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "landscape.yaml"
    path.write_text(LANDSCAPE.replace("folder:", "folders:"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="unknown key 'folders'; did you mean 'folder'"):
        read_landscape(path, {"ARCHIVE": "/a"})


def test_a_package_cannot_take_the_place_of_our_probe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, "[tieout.probes]\nrest = contract_archive:ARCHIVE\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(Permanent, match="exists already"):
        load_plugins()
