"""Editors are told by the schema what the loader will say."""

import json
from pathlib import Path
from typing import Any

import pytest

from monitor.app import load_plugins
from monitor.config.document import read_document
from monitor.config.schema import landscape_schema
from tests.config.schema_reader import accepts, unknown_words
from tests.config.test_load import BAD, FIRM
from tests.config.toys import TOYS

ROOT = Path(__file__).parents[2]
SCHEMA = landscape_schema(TOYS)
SHAPELESS = {
    # What JSON Schema cannot say: its words end before ours.
    "holiday",
    "sexagesimal",
}


def refused_for_its_shape(bad: Path) -> bool:
    """Neither YAML as such, nor references, nor what fits what, which no schema knows."""
    words = bad.with_suffix(".txt").read_text(encoding="utf-8")
    marks = (": expected ", "unknown key", "is missing", "is not a name")
    return any(mark in words for mark in marks)


def tree_of(path: Path) -> Any:
    return read_document(path).tree


def test_a_good_landscape_passes() -> None:
    assert accepts(SCHEMA, tree_of(FIRM))


@pytest.mark.parametrize(
    "bad", [bad for bad in BAD if refused_for_its_shape(bad)], ids=lambda bad: bad.stem
)
def test_what_the_loader_refuses_for_its_shape_is_marked_in_the_editor(bad: Path) -> None:
    assert accepts(SCHEMA, tree_of(bad)) is (bad.stem in SHAPELESS)


def test_a_secret_in_the_file_is_marked_in_the_editor() -> None:
    assert not accepts(SCHEMA, tree_of(FIRM.parents[1] / "bad" / "secret-in-the-file.yaml"))


def test_only_words_that_editors_know_are_used() -> None:
    assert unknown_words(landscape_schema(load_plugins())) == set()


@pytest.mark.parametrize(
    "landscape",
    sorted([*ROOT.glob("examples/*/landscape.yaml"), *ROOT.glob("monitor/cli/*.template.yaml")]),
    ids=lambda path: path.parent.name,
)
def test_what_we_ship_passes(landscape: Path) -> None:
    assert accepts(landscape_schema(load_plugins()), tree_of(landscape))


def test_the_schema_is_json() -> None:
    assert json.loads(json.dumps(SCHEMA)) == SCHEMA
