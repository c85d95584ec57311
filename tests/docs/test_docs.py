"""Pages do not rot: links lead somewhere, and every dependency has its reason."""

import re
import tomllib
from pathlib import Path

import pytest

from monitor.cli.main import assemble
from monitor.core.errors import Reason
from tests.docs.pages import DOCS

PAGES = sorted(DOCS.rglob("*.md"))
ROOT = DOCS.parent
DECISIONS = sorted((DOCS / "adr").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(DOCS)))
def test_every_link_leads_to_a_file(page: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text(encoding="utf-8"))
    ours = [link for link in links if not link.startswith(("http://", "https://"))]
    assert [link for link in ours if not (page.parent / link).exists()] == []


def test_every_module_that_a_page_names_exists() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    named = set(re.findall(r"`((?:monitor|probes|reconcilers|alerts)/[\w/]+(?:\.py)?)`", text))
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(page.name[:4]) for page in DECISIONS]
    titles = [page.read_text(encoding="utf-8").splitlines()[0] for page in DECISIONS]
    assert numbers == list(range(1, len(DECISIONS) + 1))
    assert [title.split(".")[0] for title in titles] == [f"# {number}" for number in numbers]


def test_every_dependency_has_its_line_of_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    declared = [
        *project["project"]["dependencies"],
        *(each for extra in project["project"]["optional-dependencies"].values() for each in extra),
        *project["dependency-groups"]["dev"],
    ]
    names = {re.split(r"[\[<>=~! ]", each)[0] for each in declared}
    reasons = set(re.findall(r"`([\w-]+)`", DECISIONS[0].read_text(encoding="utf-8")))
    assert names - reasons == set()


def test_reasons_that_pages_name_exist() -> None:
    text = (DOCS / "explanation" / "unknown-is-not-missing.md").read_text(encoding="utf-8")
    assert Reason.EMPTY_SOURCE.value in text


def test_every_command_that_a_page_shows_exists() -> None:
    text = "\n".join(page.read_text(encoding="utf-8") for page in [*PAGES, ROOT / "README.md"])
    shown = set(re.findall(r"^\$ tieout (\w+)", text, re.MULTILINE))
    application = assemble()
    known = {each.name for each in application.registered_commands}
    known |= {each.name for each in application.registered_groups}
    assert shown
    assert shown - known == set()


def test_the_changelog_has_a_place_for_what_comes() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## [Unreleased]" in text
