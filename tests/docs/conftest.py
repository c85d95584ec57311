"""The package that the page on rules of a firm's own writes, installed."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import blocks

PAGE = "how-to/write-a-rule.md"
(CODE,) = blocks(PAGE, "python")
(ENTRY_POINT,) = blocks(PAGE, "toml")


@pytest.fixture
def our_checks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What an installer leaves behind: the module, and what the package says of itself."""
    site = tmp_path / "site"
    about = site / "our_checks-1.dist-info"
    about.mkdir(parents=True)
    (site / "our_checks.py").write_text(CODE, encoding="utf-8")
    (about / "METADATA").write_text("Name: our-checks\nVersion: 1\n", encoding="utf-8")
    points = ENTRY_POINT.replace('[project.entry-points."tieout.checks"]', "[tieout.checks]")
    (about / "entry_points.txt").write_text(points.replace('"', ""), encoding="utf-8")
    monkeypatch.syspath_prepend(site)
    yield
    sys.modules.pop("our_checks", None)
